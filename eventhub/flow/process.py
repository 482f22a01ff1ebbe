"""The parts that this process runs, held in one place for doors, consumers and pages to find."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.port import Journal

if TYPE_CHECKING:
    from eventhub.flow.accept import Acceptor


class NotRunningError(RuntimeError):
    """Something asked for the process's parts before a role was started, or after it ended."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What ``roles`` composed: a journal, a rulebook and, for a web side, acceptor and live hub."""

    journal: Journal
    keeper: RulebookKeeper
    acceptor: "Acceptor | None" = None
    hub: object | None = None  # live.hub.Hub: above this package, so its users cast it
    streams: object | None = None  # api.stream.Streams: likewise


_parts: Parts | None = None


def install(composed: Parts) -> None:
    """Make ``composed`` the process's parts."""
    global _parts  # noqa: PLW0603 - a process runs one role; doors are plain functions and have nowhere to keep it
    _parts = composed


def parts() -> Parts:
    """Return the process's parts; raises NotRunningError if no role runs here."""
    if _parts is None:
        raise NotRunningError("no role runs in this process: start it with manage.py hub, web or worker")
    return _parts


def uninstall() -> None:
    """Forget the parts, after a role has ended."""
    global _parts  # noqa: PLW0603 - as in install
    _parts = None
