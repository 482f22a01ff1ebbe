"""The last 60 seconds summed by the database, and the newest rows: what a hub holds that tailed all along.

The cost is bounded: where the last 60 seconds begin in a table is found by bisection, and only
sums by second come out. SQL that both engines understand; every value is a parameter.
"""

# ruff: noqa: S608 - the statements are made of our own texts; every value is a parameter

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.db.models import Q

from eventhub.journal.port import OutcomeState, Position, RoutingState, Tail
from eventhub.journal.rows import AttemptRow, EventRow, OutcomeRow, RoutingRow, microseconds
from eventhub.live.gauges import Backlog
from eventhub.live.intake import whole_way
from eventhub.live.rows import Leg, Row
from eventhub.live.window import BOUNDS_MS, WINDOW_SECONDS, Counted, Timed, Window

LATEST = 1000  # newest events whose sources are shown though the window has none of theirs
_SECOND = 1_000_000
_SLACK = 10 * _SECOND  # a table's rows are in the order of their moments but for this much
_GOOD = OutcomeState.DELIVERED.value
_FAR = Position(2**62, 2**62)
EVERYTHING = Tail(_FAR, _FAR, _FAR, _FAR)


@dataclass(frozen=True, slots=True)
class Known:
    """What was so at ``tail``: the window, and the (source, bus id) pairs known, least recent first."""

    tail: Tail
    window: Window
    sources: dict[tuple[str, int], None]


def read_known(tail: Tail, now: float) -> Known:
    """Return the sums of everything up to ``tail``, exactly; ``now`` in seconds."""
    window = Window()
    since = (int(now) - WINDOW_SECONDS) * _SECOND
    _read_events(window, since, tail.events)
    _read_routings(window, since, tail.routings)
    _read_attempts(window, since, tail.attempts)
    _read_dead_letters(window, since, tail.dead_letters)
    newest = "SELECT source, bus_id FROM event WHERE (xid, seq) <= (%s, %s) ORDER BY seq DESC LIMIT %s"
    rows = _rows(newest, tail.events.xid, tail.events.seq, LATEST)
    return Known(tail, window, dict.fromkeys(reversed(rows)))


def _read_events(window: Window, since: int, upto: Position) -> None:
    condition, values = _span("event", "accepted_at", since, upto)
    for second, bus_id, source, count in _rows(
        f"SELECT accepted_at / {_SECOND}, bus_id, source, count(*) FROM event WHERE {condition}"
        " GROUP BY 1, 2, 3",
        *values,
    ):
        window.count(second, Counted("source", bus_id, source, 0), count, 0)


def _read_routings(window: Window, since: int, upto: Position) -> None:
    condition, values = _span("routing", "routed_at", since, upto)
    for second, bus_id, state, count in _rows(
        f"SELECT routed_at / {_SECOND}, bus_id, state, count(*) FROM routing"
        f" WHERE {condition} AND state <> 'matched' GROUP BY 1, 2, 3",
        *values,
    ):
        failed = count if state == RoutingState.UNROUTABLE else 0
        window.count(second, Counted("unmatched", bus_id, 0, 0), count, failed)
    # Outcomes are written with their routings in one transaction: all of the last one's belong to it.
    condition, values = _span("outcome", "routed_at", since, Position(upto.xid, _FAR.seq))
    for second, bus_id, rule_id, count, made in _rows(
        "SELECT second, bus_id, rule_id, count(*), sum(made) FROM ("
        f"SELECT routed_at / {_SECOND} AS second, bus_id, rule_id, event_id,"
        " max(CASE WHEN state IN ('pending', 'delivered', 'dead') THEN 1 ELSE 0 END) AS made"
        f" FROM outcome WHERE {condition} GROUP BY 1, 2, 3, 4) AS matches GROUP BY 1, 2, 3",
        *values,
    ):
        window.count(second, Counted("match", bus_id, rule_id, 0), count, count - int(made))


def _read_attempts(window: Window, since: int, upto: Position) -> None:
    condition, values = _span("attempt", "ended_at", since, upto)
    where = f"FROM attempt WHERE {condition}"
    for second, bus_id, rule_id, target_id, state, count in _rows(
        f"SELECT ended_at / {_SECOND}, bus_id, rule_id, target_id, state, count(*) {where}"
        " GROUP BY 1, 2, 3, 4, 5",
        *values,
    ):
        good = state == _GOOD
        window.count(second, Counted("attempt", bus_id, rule_id, target_id), count, 0 if good else count)
        if good:
            window.count(second, Counted("forward", bus_id, target_id, 0), count, 0)
    for second, target_id, bucket, count in _rows(
        f"SELECT ended_at / {_SECOND}, target_id, {_bucket('ended_at - started_at')}, count(*) {where}"
        " GROUP BY 1, 2, 3",
        *values,
    ):
        window.time(second, Timed("target", target_id), bucket, count)
    for second, bus_id, rule_id, bucket, count in _rows(
        f"SELECT ended_at / {_SECOND}, bus_id, rule_id, {_bucket('ended_at - accepted_at')}, count(*) {where}"
        " AND state = %s GROUP BY 1, 2, 3, 4",
        *values,
        _GOOD,
    ):
        for timed in whole_way(bus_id, rule_id):
            window.time(second, timed, bucket, count)


def _read_dead_letters(window: Window, since: int, upto: Position) -> None:
    condition, values = _span("dead_letter", "dead_at", since, upto)
    for second, bus_id, rule_id, target_id, count in _rows(
        f"SELECT dead_at / {_SECOND}, bus_id, rule_id, target_id, count(*) FROM dead_letter"
        f" WHERE {condition} GROUP BY 1, 2, 3, 4",
        *values,
    ):
        window.count(second, Counted("dead", bus_id, rule_id, target_id or 0), count, count)


def read_backlogs() -> dict[int, Backlog]:
    """Return the pending deliveries by target id."""
    rows = _rows("SELECT target_id, count(*), min(seq) FROM delivery GROUP BY target_id")
    oldest = OutcomeRow.objects.filter(seq__in=[seq for *_, seq in rows]).values_list("seq", "routed_at")
    routed_at = {seq: microseconds(cast(datetime, at)) for seq, at in oldest}
    return {target: Backlog(pending, routed_at[seq]) for target, pending, seq in rows if seq in routed_at}


def recent_rows(limit: int, *, bus_id: int | None = None, tail: Tail = EVERYTHING) -> list[Row]:
    """Return the newest events of everything or of one bus, newest first, with what became of them so far."""
    upto = tail.events
    events = EventRow.objects.filter(Q(xid__lt=upto.xid) | Q(xid=upto.xid, seq__lte=upto.seq))
    if bus_id is not None:
        events = events.filter(bus_id=bus_id)
    return rows_with_fate(
        events.order_by("-xid", "-seq")[:limit] if upto.xid else events.order_by("-seq")[:limit]
    )


def one_row(event_id: UUID) -> Row | None:
    """Return one event with what became of it so far, or None if there is none."""
    rows = rows_with_fate(EventRow.objects.filter(id=event_id))
    return rows[0] if rows else None


def rows_with_fate(events: Any) -> list[Row]:
    """Return the events of a query, in its order, with what became of them so far."""
    rows = {
        event.id: Row(
            id=event.id,
            accepted_at=microseconds(event.accepted_at),
            bus_id=event.bus_id,
            bus=event.bus,
            source=event.source,
            detail_type=event.detail_type,
            position=Position(event.xid, event.seq),
        )
        for event in events.only("id", "accepted_at", "bus_id", "bus", "source", "detail_type", "xid", "seq")
    }
    for routing in RoutingRow.objects.filter(event_id__in=rows):
        row = rows[routing.event_id]
        row.routing, row.matched, row.settled_at = (
            RoutingState(routing.state),
            0,
            microseconds(routing.routed_at),
        )
    for outcome in OutcomeRow.objects.filter(event_id__in=rows).order_by("seq"):
        row, state = rows[outcome.event_id], OutcomeState(outcome.state)
        row.legs[outcome.seq] = Leg(outcome.seq, outcome.rule_id, outcome.target_id, state, outcome.attempts)
        if outcome.latency_us is not None:
            row.settled_at = max(row.settled_at or 0, row.accepted_at + outcome.latency_us)
    latest = AttemptRow.objects.filter(event_id__in=rows).order_by("number")
    for attempt in latest.values_list("event_id", "delivery_id", "status", "error"):
        leg = rows[attempt[0]].legs.get(attempt[1])
        if leg is not None:
            leg.status, leg.error = attempt[2:]
    for row in rows.values():
        row.matched = None if row.routing is None else len({leg.rule_id for leg in row.legs.values()})
        if any(leg.state is OutcomeState.PENDING for leg in row.legs.values()):
            row.settled_at = None
    return list(rows.values())


def _span(table: str, moment: str, since: int, upto: Position) -> tuple[str, tuple[int, ...]]:
    """Return a condition for a table's rows since a moment and up to a position; and its values."""
    # What rises with the moments and has an index. Outcomes have no positions of their own.
    order = "seq" if settings.EMBEDDED or table == "outcome" else "xid"
    low, high = _rows(f"SELECT min({order}), max({order}) FROM {table}")[0]
    low, high = low or 0, (high or 0) + 1
    while low < high:  # the first row that is not surely too old
        middle = (low + high) // 2
        found = _rows(f"SELECT {moment} FROM {table} WHERE {order} >= %s ORDER BY {order} LIMIT 1", middle)
        if found and found[0][0] < since - _SLACK:
            low = middle + 1
        else:
            high = middle
    condition = f"{order} >= %s AND {moment} >= %s AND (xid, seq) <= (%s, %s)"
    return condition, (low, since, upto.xid, upto.seq)


def _bucket(microseconds: str) -> str:
    """Return SQL that gives the bucket of a latency, as ``window.bucket_of`` does, by bisection."""

    def between(low: int, high: int) -> str:
        if low == high:
            return str(low)
        middle = (low + high) // 2
        bound = round(BOUNDS_MS[middle] * 1000, 1)
        lower, upper = between(low, middle), between(middle + 1, high)
        return f"CASE WHEN {microseconds} <= {bound} THEN {lower} ELSE {upper} END"

    return between(0, len(BOUNDS_MS) - 1)


def _rows(statement: str, *values: int | str) -> Sequence[tuple[Any, ...]]:
    with connections["journal"].cursor() as cursor:
        cursor.execute(statement, values)
        return cast(Sequence[tuple[Any, ...]], cursor.fetchall())
