"""Rollups: summed on a reading connection, added with the tail by the writing one."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from eventhub.journal.port import Position, Tail
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
from eventhub.journal.sqlite.statements import Many
from eventhub.journal.summing import Ask, Span, Spans, Sums, sum_up, sum_up_errors

ADD = Many(
    f"INSERT INTO rollup ({ROLLUP}) VALUES",
    "(?,?,?,?,?,?,?,?,?)",
    "ON CONFLICT DO UPDATE SET count = count + excluded.count, failed = failed + excluded.failed",
)
NOTE = Many(
    f"INSERT INTO rollup ({ROLLUP}) VALUES",
    "(?,?,?,?,?,?,?,?,?)",
    "ON CONFLICT DO UPDATE SET count = max(count, excluded.count), failed = max(failed, excluded.failed)",
)
ADD_TIMES = Many(
    f"INSERT INTO rollup_latency ({ROLLUP_LATENCY}) VALUES",
    "(?,?,?,?,?,?)",
    "ON CONFLICT DO UPDATE SET times = times + excluded.times",
)
MOVE = "UPDATE meta SET value = ? WHERE name = 'rolled' AND value = ?"
OUTDATED = "DELETE FROM {table} WHERE grain = ? AND kind = ? AND at < ?"


def rolled(db: sqlite3.Connection) -> Tail:
    """Return how far the rollups have come."""
    return tail_of(db.execute("SELECT value FROM meta WHERE name = 'rolled'").fetchone()[0])


def sum_next(db: sqlite3.Connection, before: Tail, limit: int) -> tuple[Rolled, Sums]:
    """Sum the next rows after a tail; return how far that leads."""
    db.execute("BEGIN")  # one moment for all of it
    try:
        spans = [
            _span(db, table, after.seq, limit)
            for table, after in (
                ("event", before.events),
                ("routing", before.routings),
                ("attempt", before.attempts),
                ("dead_letter", before.dead_letters),
            )
        ]
        (events, routings, attempts, letters), reached = [span for span, *_ in spans], spans
        first, last = routings.values
        outcomes = Span(
            "r.seq > %s AND r.seq <= %s AND r.matched > 0",
            (first, last),
            "routing r CROSS JOIN outcome o ON o.event_id = r.event_id",
        )

        ask = asking(db)
        sums = sum_up(ask, Spans(events, routings, outcomes, attempts, letters))
        sum_up_errors(ask, attempts, sums)
    finally:
        db.execute("COMMIT")
    tail = Tail(*(Position(0, last) for _span, last, _more in reached))
    return Rolled(tail, any(more for _span, _last, more in reached)), sums


def asking(db: sqlite3.Connection) -> Ask:
    """Return what runs the statements that both engines understand."""

    def ask(statement: str, values: Sequence[object]) -> Iterable[tuple[Any, ...]]:
        return db.execute(statement.replace("%s", "?"), values)

    return ask


def apply_roll(db: sqlite3.Connection, before: Tail, rolled: Rolled, sums: Sums) -> bool:
    """Add sums and move on; False, and nothing changed, if another was here meanwhile."""
    if not db.execute(MOVE, (tail_text(rolled.tail), tail_text(before))).rowcount:
        return False
    ADD.run(db, count_rows(sums))
    ADD_TIMES.run(db, time_rows(sums))
    return True


def apply_note(db: sqlite3.Connection, rows: Sequence[Count]) -> None:
    """Note gauges."""
    NOTE.run(db, rows)


def apply_prune(db: sqlite3.Connection, now: int) -> None:
    """Remove what is older than its grain is kept."""
    for table, key in outdated(now):
        db.execute(OUTDATED.format(table=table), key)


def _span(db: sqlite3.Connection, table: str, after: int, limit: int) -> tuple[Span, int, bool]:
    newest = db.execute(f"SELECT max(seq) FROM {table}").fetchone()[0] or after  # noqa: S608 - our names
    last = max(after, min(newest, after + limit))
    return Span("seq > %s AND seq <= %s", (after, last)), last, last < newest
