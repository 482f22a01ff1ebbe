"""What rules did lately, out of the rollups: one question for each kind of figure, however many rules."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from eventhub.dashboard.lately import MINUTES, journal_here, last_day, last_hour, last_minute
from eventhub.journal.looking_back import Tally


@dataclass(slots=True)
class Figures:
    """One rule's: matches and attempts. ``minutes`` are its matches in each of the last 60, oldest first."""

    last_minute: int = 0
    hour: int = 0
    day: int = 0
    attempts: int = 0  # of the hour
    failed: int = 0  # of these
    minutes: list[int] = field(default_factory=lambda: [0] * MINUTES)

    @property
    def rate(self) -> float:
        """Return the matches per second over the last minute."""
        return self.last_minute / 60

    @property
    def failing(self) -> float | None:
        """Return the share of the hour's attempts that failed; None without attempts."""
        return self.failed / self.attempts if self.attempts else None


def figures(bus_ids: Collection[int] | None, *, now: float | None = None) -> Mapping[int, Figures]:
    """Return the figures of all rules on some buses (None: all) that have any, by rule id.

    Hours and minutes begin on the clock: the last one is the present one, so far. Minute by minute only what
    ``add_minutes`` is asked for.
    """
    journal = journal_here()
    if journal is None:
        return {}
    at = int(time.time() if now is None else now)
    found: dict[int, Figures] = {}
    for one in journal.counts("match", last_minute(at), by=("a",), bus_ids=bus_ids):
        _of(found, one).last_minute = one.count
    for one in journal.counts("match", last_hour(at), by=("a",), bus_ids=bus_ids):
        _of(found, one).hour = one.count
    for one in journal.counts("match", last_day(at), by=("a",), bus_ids=bus_ids):
        _of(found, one).day = one.count
    for one in journal.counts("attempt", last_hour(at), by=("a",), bus_ids=bus_ids):
        figure = _of(found, one)
        figure.attempts, figure.failed = one.count, one.failed
    return found


def add_minutes(found: dict[int, Figures], rule_ids: Collection[int], *, now: int) -> None:
    """Add the matches of some rules, minute by minute."""
    journal = journal_here()
    if journal is None or not rule_ids:
        return
    past = last_hour(now, step=60)
    for one in journal.counts("match", past, by=("a",), a=list(rule_ids)):
        _of(found, one).minutes[(one.at - past.since) // 60] = one.count


def _of(found: dict[int, Figures], one: Tally) -> Figures:
    return found.setdefault(int(one.counted.a), Figures())
