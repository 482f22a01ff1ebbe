"""The header's figures, rendered into every page: true as of the moment that stands beside them."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest

from eventhub.access.caller import caller_of_user
from eventhub.flow.process import NotRunningError, Parts, parts
from eventhub.journal.port import JournalUnavailable
from eventhub.live.gauges import Head
from eventhub.live.heading import read_head
from eventhub.live.past import LATEST_SECONDS
from eventhub.live.view import View, view_of

KEPT = 100  # views


@dataclass(frozen=True, slots=True)
class Heading:
    """Figures and the moment (seconds since 1970) that they are of."""

    at: float
    head: Head

    @property
    def trouble(self) -> str:
        """Return what is wrong with targets, as ``static/js/head.js`` says it; empty if nothing is.

        >>> [Heading(0, Head(failing=f, open=o)).trouble for f, o in ((0, 0), (1, 1), (2, 0), (3, 1))]
        ['', '1 target open', '2 targets failing', '1 target open, 2 failing']
        """
        opened, failing = self.head.open, self.head.failing - self.head.open
        if not opened:
            return f"{failing} target{'' if failing == 1 else 's'} failing" if failing else ""
        said = f"{opened} target{'' if opened == 1 else 's'} open"
        return f"{said}, {failing} failing" if failing else said


_read: dict[tuple[str, int, View], Heading] = {}  # of this second, by epoch, version of the rulebook, view
_lock = threading.Lock()


def heading(request: HttpRequest) -> Mapping[str, Callable[[], Heading | None]]:
    """Give every template ``heading``, which is read only where it is rendered."""
    return {"heading": lambda: _heading(request)}


def _heading(request: HttpRequest) -> Heading | None:
    user = getattr(request, "user", None)
    caller = None if user is None else caller_of_user(user)
    if caller is None or caller.has_no_role:
        return None
    try:
        return _of_now(parts(), view_of(caller))
    except (NotRunningError, JournalUnavailable):  # the rest of the page may still be of use
        return None


def _of_now(running: Parts, view: View) -> Heading:
    now, rulebook = int(time.time()), running.keeper.current
    key = (running.journal.epoch(), rulebook.version, view)
    found = _read.get(key)
    if found is None or found.at != now - LATEST_SECONDS:
        found = Heading(now - LATEST_SECONDS, read_head(running.journal, rulebook, view, now))
        with _lock:
            if len(_read) >= KEPT:
                _read.clear()
            _read[key] = found
    return found
