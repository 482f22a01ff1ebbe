"""Who is changing something now, and through which door: set where a request comes in, read by the trail."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path

from eventhub.models.audit import Door


@dataclass(frozen=True, slots=True)
class Doing:
    """On whose behalf things change. ``who`` is asked only when something is recorded."""

    who: Callable[[], str]
    door: Door
    reason: str = ""
    rolls_back: int | None = None  # the number of the entry that is taken back
    unrecorded: bool = False


_doing: ContextVar[Doing | None] = ContextVar("doing", default=None)


def now_doing() -> Doing:
    """Return on whose behalf things change; where nobody said so it is the program that runs."""
    return _doing.get() or _of_process


@contextmanager
def doing(who: str | Callable[[], str], door: Door) -> Iterator[None]:
    """Record what the block changes as this caller's, through this door."""
    asked = who if callable(who) else lambda: who
    with _set(Doing(asked, door)):
        yield


@contextmanager
def because(reason: str = "", *, rolls_back: int | None = None) -> Iterator[None]:
    """Record what the block changes with a reason, or as taking back an entry."""
    with _set(replace(now_doing(), reason=reason, rolls_back=rolls_back)):
        yield


@contextmanager
def unrecorded() -> Iterator[None]:
    """Record nothing of the block: it changes no thing's meaning, such as sealing secrets anew."""
    with _set(replace(now_doing(), unrecorded=True)):
        yield


def act_as_itself() -> None:
    """Record what this process changes by itself as Eventhub's own doing, not as a command's."""
    global _of_process  # noqa: PLW0603 - what a process is, it is once
    _of_process = Doing(lambda: "eventhub", Door.ITSELF)


@contextmanager
def _set(what: Doing) -> Iterator[None]:
    token = _doing.set(what)
    try:
        yield
    finally:
        _doing.reset(token)


def _command() -> str:
    program, first = Path(sys.argv[0]).name, sys.argv[1:2]
    return f"command:{first[0] if program == 'manage.py' and first else program}"


_of_process = Doing(_command, Door.COMMAND)
