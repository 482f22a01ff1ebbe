"""Backtesting: what a pattern would have made of a bus's stored events, beside the pattern that is in force.

Reads newest first, in chunks, from a head that is told: who asks again with it sees the same events. All of
it is bounded in events and in time, and says how far it came.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connections

from eventhub.domain.identity import earliest_id
from eventhub.domain.pattern import Backtest, Pattern, backtest
from eventhub.flow.payload import envelope_of
from eventhub.journal.port import NewEvent, Position

MOST_EVENTS = 10_000
MOST_SECONDS = 0.5
COUNTED = 100_000  # and no further: of how many events the scanned ones are
CHUNK = 500

_COLUMNS = 'seq, xid, id, source, detail_type, "time", accepted_at, resources, detail, attributes, who'


@dataclass(frozen=True, slots=True)
class Window:
    """Which events of a bus: at most ``most``, the newest of those in ``since <= accepted < until``.

    Moments in microseconds since 1970. ``head`` leaves out what came after an earlier backtest.
    """

    bus_id: int
    bus: str
    most: int = MOST_EVENTS
    since: int | None = None
    until: int | None = None
    head: Position | None = None


class Seen(NamedTuple):
    """What an event is told by."""

    id: UUID
    seq: int
    xid: int
    accepted_at: int

    @property
    def position(self) -> Position:
        """Return its place."""
        return Position(self.xid, self.seq)


@dataclass(frozen=True, slots=True)
class Report:
    """What came out, of how many events, counted to ``COUNTED``."""

    found: Backtest[Seen]
    head: Position | None  # of the newest event that was looked at; None without events
    oldest: Seen | None  # the last one that was looked at
    events: int  # in the window
    took_seconds: float

    @property
    def took_ms(self) -> float:
        """Return how long it took, in milliseconds."""
        return self.took_seconds * 1000

    @property
    def more(self) -> bool:
        """Whether there are more events than were counted."""
        return self.events == COUNTED


def run(draft: Pattern, in_force: Pattern | None, window: Window, *, seconds: float = MOST_SECONDS) -> Report:
    """Hold a draft, and the pattern in force if there is one, against the events of a window."""
    began = time.monotonic()
    events = _count(window)
    reading = _Reading(window)
    found = backtest(draft, in_force, reading, time_is_up=lambda: time.monotonic() - began > seconds)
    return Report(found, reading.head, reading.last, events, time.monotonic() - began)


class _Reading:
    """Iterates over a window's events, as patterns see them; remembers where it began and where it is."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.head = window.head
        self.last: Seen | None = None

    def __iter__(self) -> Iterator[tuple[Seen, dict[str, Any]]]:
        left, before = self._window.most, None
        while left > 0:
            rows = _read(self._window, before, min(CHUNK, left))
            for row in rows:
                event = _event(row, self._window)
                seen = Seen(event.id, row[0], row[1], event.accepted_at)
                self.head = self.head or seen.position
                self.last = seen
                yield seen, envelope_of(event).decoded()
            before = self.last.position if self.last else None
            left -= len(rows)
            if len(rows) < CHUNK:
                return


def _event(row: Sequence[Any], window: Window) -> NewEvent:
    _seq, _xid, event_id, source, detail_type, at, accepted_at, resources, detail, attributes, who = row
    return NewEvent(
        id=event_id if isinstance(event_id, UUID) else UUID(event_id),
        bus_id=window.bus_id,
        bus=window.bus,
        source=source,
        detail_type=detail_type,
        time=at,
        accepted_at=accepted_at,
        resources=resources.encode(),
        detail=detail.encode(),
        attributes=attributes.encode(),
        who=who,
    )


def _read(window: Window, before: Position | None, limit: int) -> list[Sequence[Any]]:
    conditions, values = _where(window)
    vendor = connections["journal"].vendor
    place = "seq" if vendor == "sqlite" else "(xid, seq)"
    for operator, position in (("<=", window.head), ("<", before)):
        if position is not None:
            conditions.append(f"{place} {operator} {'%s' if vendor == 'sqlite' else '(%s, %s)'}")
            values += [position.seq] if vendor == "sqlite" else [position.xid, position.seq]
    order = "seq DESC" if vendor == "sqlite" else "xid DESC, seq DESC"
    return _rows(
        f"SELECT {_COLUMNS} FROM event WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT {limit}",  # noqa: S608 - our texts
        values,
    )


def _count(window: Window) -> int:
    conditions, values = _where(window)
    inner = f"SELECT 1 FROM event WHERE {' AND '.join(conditions)} LIMIT {COUNTED}"  # noqa: S608 - our texts
    return int(_rows(f"SELECT count(*) FROM ({inner}) w", values)[0][0])  # noqa: S608 - as above


def _where(window: Window) -> tuple[list[str], list[Any]]:
    """Return the conditions on a window's events; ids are in the order of acceptance, and indexed."""
    conditions = ["bus_id = %s"]
    values: list[Any] = [window.bus_id]
    embedded = connections["journal"].vendor == "sqlite"
    for operator, moment in ((">=", window.since), ("<", window.until)):
        if moment is not None:
            # Milliseconds, as ids have them: an event of the last one is in, whichever microsecond it came.
            bound = earliest_id(max(0, -(-moment // 1000) if operator == "<" else moment // 1000))
            conditions.append(f"id {operator} %s")
            values.append(bound.hex if embedded else bound)
    if not embedded:
        conditions.append("xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return conditions, values


def _rows(sql: str, values: Sequence[Any]) -> list[Sequence[Any]]:
    with connections["journal"].cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
