"""The tail of the append-only tables for the live view."""

from typing import Any
from uuid import UUID

import psycopg

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
from eventhub.journal.postgres.routing import HORIZON


def _tail_of(table: str, names: str) -> str:
    return (
        f"SELECT xid, seq, {names} FROM {table} WHERE (xid, seq) > (%s, %s) AND xid < {HORIZON}"  # noqa: S608 - our own text
        " ORDER BY xid, seq LIMIT %s"
    )


EVENTS = _tail_of("event", "id, bus_id, bus, source, detail_type, accepted_at, key")
ROUTINGS = _tail_of("routing", "event_id, bus_id, state, routed_at")
ATTEMPTS = _tail_of(
    "attempt",
    "event_id, delivery_id, bus_id, rule_id, target_id, number, state, status, error, started_at,"
    " accepted_at, ended_at",
)
DEAD_LETTERS = _tail_of(
    "dead_letter", "event_id, delivery_id, bus_id, rule_id, target_id, reason_class, reason, dead_at"
)
OUTCOMES = """
    SELECT event_id, seq, rule_id, target_id, state FROM outcome
    WHERE event_id = ANY (%s) AND event_id BETWEEN %s AND %s ORDER BY seq
"""
# What is below the horizon is there for good, so the largest below it is the end of the tail.
HEAD = "SELECT xid, seq FROM {table} WHERE xid < " + HORIZON + " ORDER BY xid DESC, seq DESC LIMIT 1"  # noqa: S608 - our names


def read_head(db: psycopg.Connection) -> Tail:
    """Return the tail that everything there is now leads to."""
    positions = []
    with db.transaction():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for table in ("event", "routing", "attempt", "dead_letter"):
            row = db.execute(HEAD.format(table=table).encode()).fetchone()
            positions.append(Position(*row) if row else Position(0, 0))
    return Tail(*positions)


def read_feed(db: psycopg.Connection, after: Tail, limit: int) -> Feed:
    """Return what came since, all tables at one moment."""

    def rows(statement: str, since: Position) -> list[tuple[Position, tuple[Any, ...]]]:
        found = db.execute(statement.encode(), (since.xid, since.seq, limit))
        return [(Position(xid, seq), tuple(rest)) for xid, seq, *rest in found]

    with db.transaction():
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        events = rows(EVENTS, after.events)
        routings = rows(ROUTINGS, after.routings)
        attempts = rows(ATTEMPTS, after.attempts)
        dead = rows(DEAD_LETTERS, after.dead_letters)
        made = _outcomes(db, [row[0] for _position, row in routings])
    return Feed(
        Tail(
            events[-1][0] if events else after.events,
            routings[-1][0] if routings else after.routings,
            attempts[-1][0] if attempts else after.attempts,
            dead[-1][0] if dead else after.dead_letters,
        ),
        [TailedEvent(position, *row) for position, row in events],
        [_routing(position, row, made) for position, row in routings],
        [_attempt(position, row) for position, row in attempts],
        [_dead_letter(position, row) for position, row in dead],
        more=limit in {len(events), len(routings), len(attempts), len(dead)},
    )


Made = dict[UUID, list[tuple[int, int, int | None, OutcomeState]]]


def _outcomes(db: psycopg.Connection, ids: list[UUID]) -> Made:
    made: Made = {}
    if ids:
        for event_id, seq, rule_id, target_id, state in db.execute(OUTCOMES, (ids, min(ids), max(ids))):
            made.setdefault(event_id, []).append((seq, rule_id, target_id, as_routed(OutcomeState(state))))
    return made


def _routing(position: Position, row: tuple[Any, ...], made: Made) -> TailedRouting:
    event_id, bus_id, state, at = row
    return TailedRouting(position, event_id, bus_id, RoutingState(state), at, made.get(event_id, ()))


def _attempt(position: Position, row: tuple[Any, ...]) -> TailedAttempt:
    event_id, delivery, bus, rule, target, number, state, status, error, started_at, accepted_at, ended_at = (
        row
    )
    return TailedAttempt(
        position,
        event_id,
        delivery,
        bus,
        rule,
        target,
        number,
        OutcomeState(state),
        status,
        error,
        (ended_at - started_at) / 1000,
        accepted_at,
        ended_at,
    )


def _dead_letter(position: Position, row: tuple[Any, ...]) -> TailedDeadLetter:
    event_id, delivery, bus, rule, target, whose, reason, at = row
    return TailedDeadLetter(position, event_id, delivery, bus, rule, target, ReasonClass(whose), reason, at)
