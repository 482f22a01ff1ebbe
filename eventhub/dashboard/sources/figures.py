"""What sources did lately: out of the types that each bus has seen, and the rollups."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from eventhub.dashboard.lately import MINUTES, journal_here, last_hour, last_minute
from eventhub.journal.rows import EventTypeRow

READ = 10_000  # pairs of source and type, at most: a producer may make a type of every id
# A source is silent when nothing came for so many of its usual waits, and for so long at least.
SILENT_AFTER_WAITS = 20
SILENT_AFTER = timedelta(minutes=10)


@dataclass(slots=True)
class SourceSeen:
    """A source over some buses. ``minutes`` are its events of each of the last 60, oldest first."""

    name: str
    first_at: datetime
    last_at: datetime
    newest: EventTypeRow  # the type of its newest event
    events: int = 0
    types: int = 0
    bus_ids: set[int] = field(default_factory=set)
    last_minute: int = 0
    minutes: list[int] = field(default_factory=lambda: [0] * MINUTES)

    @property
    def rate(self) -> float:
        """Return the events per second over the last minute."""
        return self.last_minute / 60

    @property
    def hour(self) -> int:
        """Return the events of the last hour."""
        return sum(self.minutes)

    @property
    def usual_wait(self) -> timedelta | None:
        """Return the usual wait between two of its events; None for one that came once."""
        if self.events < 2:
            return None
        return (self.last_at - self.first_at) / (self.events - 1)

    @property
    def usual_wait_ms(self) -> float | None:
        """Return the same in milliseconds."""
        wait = self.usual_wait
        return None if wait is None else wait.total_seconds() * 1000

    def silent_ms(self, now: datetime) -> float | None:
        """Return for how long it has been silent; None while it comes as usual."""
        return silent_ms(self.last_at, self.usual_wait, now)


def silent_ms(last_at: datetime, usual_wait: timedelta | None, now: datetime) -> float | None:
    """Return for how long something that came every ``usual_wait`` is silent; None if it is not.

    >>> noon = datetime(2026, 1, 1, 12)
    >>> silent_ms(noon, timedelta(seconds=1), noon + timedelta(minutes=5)) is None
    True
    >>> silent_ms(noon, timedelta(seconds=1), noon + timedelta(minutes=11))
    660000.0
    >>> silent_ms(noon, timedelta(hours=1), noon + timedelta(hours=11)) is None
    True
    """
    since = now - last_at
    if usual_wait is None or since < max(SILENT_AFTER, usual_wait * SILENT_AFTER_WAITS):
        return None
    return since.total_seconds() * 1000


def sources_of(bus_ids: Collection[int] | None, *, now: float | None = None) -> Sequence[SourceSeen]:
    """Return the sources seen on some buses (None: all), the busiest of the last hour first."""
    found = _by_name(bus_ids)
    _add_lately(found, bus_ids, int(time.time() if now is None else now))
    return sorted(found.values(), key=lambda one: (-one.hour, -one.last_at.timestamp(), one.name))


def _by_name(bus_ids: Collection[int] | None) -> dict[str, SourceSeen]:
    rows = EventTypeRow.objects.all() if bus_ids is None else EventTypeRow.objects.filter(bus_id__in=bus_ids)
    found: dict[str, SourceSeen] = {}
    for row in rows[:READ]:
        one = found.setdefault(row.source, SourceSeen(row.source, row.first_at, row.last_at, row))
        one.first_at = min(one.first_at, row.first_at)
        if row.last_at >= one.last_at:
            one.last_at, one.newest = row.last_at, row
        one.events += row.events
        one.types += 1
        one.bus_ids.add(row.bus_id)
    return found


def _add_lately(found: Mapping[str, SourceSeen], bus_ids: Collection[int] | None, now: int) -> None:
    journal, by_minute = journal_here(), last_hour(now, step=60)
    if journal is None:
        return
    # Events are counted when they are accepted, types when they are routed: a source may be known here only.
    for one in journal.counts("source", last_minute(now), by=("a",), bus_ids=bus_ids):
        if (source := found.get(str(one.counted.a))) is not None:
            source.last_minute = one.count
    for one in journal.counts("source", by_minute, by=("a",), bus_ids=bus_ids):
        if (source := found.get(str(one.counted.a))) is not None:
            source.minutes[(one.at - by_minute.since) // 60] = one.count
