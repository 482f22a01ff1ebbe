"""The last 60 seconds summed by the database, and the newest rows: what a hub holds that tailed all along.

The cost is bounded: where the last 60 seconds begin in a table is found by bisection, and only
sums by second come out. SQL that both engines understand; every value is a parameter.
"""

# ruff: noqa: S608 - the statements are made of our own texts; every value is a parameter

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.db.models import Q

from eventhub.flow.unrouted import unrouted
from eventhub.journal.limits import CircuitState
from eventhub.journal.port import OutcomeState, Position, RoutingState, Tail
from eventhub.journal.rows import AttemptRow, EventRow, OutcomeRow, RoutingRow, microseconds
from eventhub.journal.summing import SECOND, Span, Spans, sum_up
from eventhub.live.gauges import Backlog
from eventhub.live.rows import Leg, Row
from eventhub.live.window import WINDOW_SECONDS, Window

LATEST = 1000  # newest events whose sources are shown though the window has none of theirs
_SLACK = 10 * SECOND  # a table's rows are in the order of their moments but for this much
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
    since = (int(now) - WINDOW_SECONDS) * SECOND
    sums = sum_up(
        lambda statement, values: _rows(statement, *values),
        Spans(
            events=_span("event", "accepted_at", since, tail.events),
            routings=_span("routing", "routed_at", since, tail.routings),
            # Outcomes are written with their routings in one transaction: all of the last one's belong to it.
            outcomes=_span("outcome", "routed_at", since, Position(tail.routings.xid, _FAR.seq)),
            attempts=_span("attempt", "ended_at", since, tail.attempts),
            dead_letters=_span("dead_letter", "dead_at", since, tail.dead_letters),
        ),
    )
    window = Window()
    for (second, counted), (count, failed) in sums.counts.items():
        window.count(second, counted, count, failed)
    for (second, timed, bucket), times in sums.times.items():
        window.time(second, timed, bucket, times)
    newest = "SELECT source, bus_id FROM event WHERE (xid, seq) <= (%s, %s) ORDER BY seq DESC LIMIT %s"
    rows = _rows(newest, tail.events.xid, tail.events.seq, LATEST)
    return Known(tail, window, dict.fromkeys(reversed(rows)))


def read_backlogs(paused: Collection[int], now: float) -> dict[tuple[str, int], Backlog]:
    """Return the pending deliveries and open circuits of targets, and what waits on the ``paused`` buses.

    A circuit counts as half-open from the moment on (``now`` in seconds) from which a probe may go.
    """
    rows = _rows("SELECT target_id, count(*), min(seq) FROM delivery GROUP BY target_id")
    oldest = OutcomeRow.objects.filter(seq__in=[seq for *_, seq in rows]).values_list("seq", "routed_at")
    routed_at = {seq: microseconds(cast(datetime, at)) for seq, at in oldest}
    backlogs = {
        ("target", target): Backlog(pending, routed_at[seq])
        for target, pending, seq in rows
        if seq in routed_at
    }
    for bus_id, waiting in unrouted(paused).items():
        if waiting.oldest_at is not None:
            backlogs["bus", bus_id] = Backlog(waiting.events, waiting.oldest_at)
    circuits = "SELECT target_id, next_probe_at FROM target_state WHERE opened_at IS NOT NULL"
    for target, next_probe_at in _rows(circuits):
        circuit = CircuitState.HALF_OPEN if (next_probe_at or 0) <= now * SECOND else CircuitState.OPEN
        there = backlogs.get(("target", target), Backlog(0, None))
        backlogs["target", target] = replace(there, circuit=circuit)
    return backlogs


def recent_rows(limit: int, *, bus_ids: Collection[int] | None = None, tail: Tail = EVERYTHING) -> list[Row]:
    """Return the newest events, or those of some buses, newest first, with what became of them so far."""
    upto = tail.events
    events = EventRow.objects.filter(Q(xid__lt=upto.xid) | Q(xid=upto.xid, seq__lte=upto.seq))
    if bus_ids is not None:
        events = events.filter(bus_id__in=bus_ids)
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
            key=event.key,
        )
        for event in events.only(
            "id", "accepted_at", "bus_id", "bus", "source", "detail_type", "xid", "seq", "key"
        )
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
        made = Leg(outcome.seq, outcome.rule_id, outcome.target_id, state, outcome.attempts)
        row.legs[outcome.seq] = made
        if outcome.latency_us is not None:
            made.settled_at = row.accepted_at + outcome.latency_us
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


def _span(table: str, moment: str, since: int, upto: Position) -> Span:
    """Return a table's rows since a moment and up to a position."""
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
    return Span(condition, (low, since, upto.xid, upto.seq), f"{table} o")


def _rows(statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
    with connections["journal"].cursor() as cursor:
        cursor.execute(statement, cast(Any, values))
        return cast(Sequence[tuple[Any, ...]], cursor.fetchall())
