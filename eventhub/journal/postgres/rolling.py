"""Rollups: summed and added in one transaction, by one process at a time."""

# ruff: noqa: S608 - the statements are made of our own texts; every value is a parameter

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from eventhub.journal.port import Position, Tail
from eventhub.journal.postgres.routing import HORIZON
from eventhub.journal.rolling import (
    ROLLUP,
    ROLLUP_LATENCY,
    Count,
    Rolled,
    count_rows,
    outdated,
    tail_of,
    tail_text,
    time_rows,
)
from eventhub.journal.summing import Ask, Span, Spans, sum_up, sum_up_errors

# What holds the advisory lock of the one process that rolls up; any constant of our own.
LOCK = 0x726F_6C6C_7570
_COUNTS = (
    f"INSERT INTO rollup ({ROLLUP}) SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[],"
    " %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])"
    " ON CONFLICT (grain, kind, at, bus_id, text, a, b) DO UPDATE SET "
)
ADD = f"{_COUNTS} count = rollup.count + excluded.count, failed = rollup.failed + excluded.failed"
NOTE = (
    f"{_COUNTS} count = greatest(rollup.count, excluded.count),"
    " failed = greatest(rollup.failed, excluded.failed)"
)
ADD_TIMES = (
    f"INSERT INTO rollup_latency ({ROLLUP_LATENCY}) SELECT * FROM unnest(%s::bigint[], %s::bigint[],"
    " %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])"
    " ON CONFLICT (grain, kind, at, id, bucket) DO UPDATE SET times = rollup_latency.times + excluded.times"
)
# What is below the horizon is there for good.
REACHED = f"""
    SELECT xid, seq, n FROM (
        SELECT xid, seq, count(*) OVER () AS n FROM (
            SELECT xid, seq FROM {{table}} WHERE (xid, seq) > (%s, %s) AND xid < {HORIZON}
            ORDER BY xid, seq LIMIT %s
        ) few
    ) reached ORDER BY xid DESC, seq DESC LIMIT 1
"""


def roll_up(db: psycopg.Connection, limit: int) -> Rolled | None:
    """Add what came since the last time; None while another process is at it."""
    with db.transaction():
        # Of one moment. Nothing is written before the sums are there: a writing transaction holds every
        # reader's horizon.
        db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if not _one(db, "SELECT pg_try_advisory_xact_lock(%s)", LOCK)[0]:
            return None
        before = tail_of(_one(db, "SELECT value FROM meta WHERE name = 'rolled'")[0])
        (events, e), (routings, r), (attempts, a), (letters, d) = (
            _reach(db, table, after, limit)
            for table, after in (
                ("event", before.events),
                ("routing", before.routings),
                ("attempt", before.attempts),
                ("dead_letter", before.dead_letters),
            )
        )
        rolled = Rolled(Tail(events, routings, attempts, letters), any((e, r, a, d)))
        if rolled.tail == before:
            return rolled
        outcomes = _span("r", before.routings, routings)

        ask = asking(db)
        tried = _span("attempt", before.attempts, attempts)
        sums = sum_up(
            ask,
            Spans(
                _span("event", before.events, events),
                _span("routing", before.routings, routings),
                Span(
                    f"{outcomes.condition} AND r.matched > 0",
                    outcomes.values,
                    "routing r JOIN outcome o ON o.event_id = r.event_id",
                ),
                tried,
                _span("dead_letter", before.dead_letters, letters),
            ),
        )
        sum_up_errors(ask, tried, sums)
        counts, times = count_rows(sums), time_rows(sums)
        if counts:
            db.execute(ADD, [list(column) for column in zip(*counts, strict=True)])
        if times:
            db.execute(ADD_TIMES, [list(column) for column in zip(*times, strict=True)])
        db.execute("UPDATE meta SET value = %s WHERE name = 'rolled'", (tail_text(rolled.tail),))
    return rolled


def asking(db: psycopg.Connection) -> Ask:
    """Return what runs the statements that both engines understand."""

    def ask(statement: str, values: Sequence[object]) -> Iterable[tuple[Any, ...]]:
        return db.execute(statement.encode(), values)

    return ask


def note(db: psycopg.Connection, rows: Sequence[Count]) -> None:
    """Note gauges."""
    with db.transaction():
        if rows and _one(db, "SELECT pg_try_advisory_xact_lock(%s)", LOCK)[0]:
            db.execute(NOTE, [list(column) for column in zip(*rows, strict=True)])


def prune(db: psycopg.Connection, now: int) -> None:
    """Remove what is older than its grain is kept."""
    with db.transaction():
        if not _one(db, "SELECT pg_try_advisory_xact_lock(%s)", LOCK)[0]:
            return
        for table, key in outdated(now):
            db.execute(f"DELETE FROM {table} WHERE grain = %s AND kind = %s AND at < %s".encode(), key)


def _reach(db: psycopg.Connection, table: str, after: Position, limit: int) -> tuple[Position, bool]:
    found = db.execute(REACHED.format(table=table).encode(), (after.xid, after.seq, limit)).fetchone()
    return (after, False) if found is None else (Position(found[0], found[1]), found[2] == limit)


def _span(table: str, after: Position, upto: Position) -> Span:
    return Span(
        f"({table}.xid, {table}.seq) > (%s, %s) AND ({table}.xid, {table}.seq) <= (%s, %s)",
        (after.xid, after.seq, upto.xid, upto.seq),
    )


def _one(db: psycopg.Connection, statement: str, *values: object) -> tuple[Any, ...]:
    row = db.execute(statement.encode(), values or None).fetchone()
    assert row is not None
    return row
