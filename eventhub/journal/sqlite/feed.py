"""The tail of the append-only tables for the live view."""

import sqlite3
from uuid import UUID

import msgspec

from eventhub.journal.columns import as_routed
from eventhub.journal.port import (
    Feed,
    OutcomeState,
    Position,
    ReasonClass,
    RoutingState,
    Tail,
    TailedAttempt,
    TailedDeadLetter,
    TailedEvent,
    TailedRouting,
)
from eventhub.journal.sqlite.connections import one_json

# One statement, so that all four tables are of one moment.
FEED = """
    SELECT json_array(
        (SELECT json_group_array(json_array(seq, id, bus_id, bus, source, detail_type, accepted_at,
            key)) FROM (
            SELECT * FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?5)),
        (SELECT json_group_array(json_array(seq, event_id, bus_id, state, routed_at, matched)) FROM (
            SELECT * FROM routing WHERE seq > ?2 ORDER BY seq LIMIT ?5)),
        (SELECT json_group_array(json_array(o.event_id, o.seq, o.rule_id, o.target_id, o.state)) FROM (
            SELECT * FROM routing WHERE seq > ?2 ORDER BY seq LIMIT ?5) r
            CROSS JOIN outcome o ON o.event_id = r.event_id WHERE r.matched > 0),
        (SELECT json_group_array(json_array(seq, event_id, delivery_id, bus_id, rule_id, target_id, number,
            state,
            status, error, started_at, accepted_at, ended_at)) FROM (
            SELECT * FROM attempt WHERE seq > ?3 ORDER BY seq LIMIT ?5)),
        (SELECT json_group_array(json_array(seq, event_id, delivery_id, bus_id, rule_id, target_id,
            reason_class,
            reason, dead_at)) FROM (
            SELECT * FROM dead_letter WHERE seq > ?4 ORDER BY seq LIMIT ?5))
    )
"""
HEAD = """
    SELECT (SELECT max(seq) FROM event), (SELECT max(seq) FROM routing), (SELECT max(seq) FROM attempt),
           (SELECT max(seq) FROM dead_letter)
"""
AttemptColumns = tuple[int, str, int, int, int, int, int, OutcomeState, int | None, str, int, int, int]
_decode = msgspec.json.Decoder(
    tuple[
        list[tuple[int, str, int, str, str, str, int, str | None]],
        list[tuple[int, str, int, RoutingState, int, int]],
        list[tuple[str, int, int, int | None, OutcomeState]],
        list[AttemptColumns],
        list[tuple[int, str, int, int, int, int | None, ReasonClass, str, int]],
    ]
).decode


def read_head(db: sqlite3.Connection) -> Tail:
    """Return the tail that everything there is now leads to."""
    return Tail(*(Position(0, seq or 0) for seq in db.execute(HEAD).fetchone()))


def read_feed(db: sqlite3.Connection, after: Tail, limit: int) -> Feed:
    """Return what came since."""
    events, routings, outcomes, attempts, dead = _decode(
        one_json(
            db, FEED, after.events.seq, after.routings.seq, after.attempts.seq, after.dead_letters.seq, limit
        )
    )
    made: dict[str, list[tuple[int, int, int | None, OutcomeState]]] = {}
    for event_id, seq, rule_id, target_id, state in outcomes:
        made.setdefault(event_id, []).append((seq, rule_id, target_id, as_routed(state)))
    return Feed(
        Tail(
            Position(0, events[-1][0]) if events else after.events,
            Position(0, routings[-1][0]) if routings else after.routings,
            Position(0, attempts[-1][0]) if attempts else after.attempts,
            Position(0, dead[-1][0]) if dead else after.dead_letters,
        ),
        [
            TailedEvent(Position(0, seq), UUID(event_id), bus_id, bus, source, kind, accepted_at, key)
            for seq, event_id, bus_id, bus, source, kind, accepted_at, key in events
        ],
        [
            TailedRouting(Position(0, seq), UUID(event_id), bus_id, state, at, made.get(event_id, ()))
            for seq, event_id, bus_id, state, at, _matched in routings
        ],
        [_attempt(row) for row in attempts],
        [
            TailedDeadLetter(Position(0, seq), UUID(event_id), delivery, bus, rule, target, whose, reason, at)
            for seq, event_id, delivery, bus, rule, target, whose, reason, at in dead
        ],
        more=limit in {len(events), len(routings), len(attempts), len(dead)},
    )


def _attempt(row: AttemptColumns) -> TailedAttempt:
    (
        seq,
        event_id,
        delivery,
        bus,
        rule,
        target,
        number,
        state,
        status,
        error,
        started_at,
        accepted_at,
        ended_at,
    ) = row
    return TailedAttempt(
        Position(0, seq),
        UUID(event_id),
        delivery,
        bus,
        rule,
        target,
        number,
        state,
        status,
        error,
        (ended_at - started_at) / 1000,
        accepted_at,
        ended_at,
    )
