"""Partitions by day: made ahead, dropped whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg import errors, sql

from eventhub.domain.identity import event_id
from eventhub.journal.postgres.schema import LOCK, PARTITIONED

# A day is there if event has it, so that one whose making or dropping was cut short is gone through again.
LAST_EVENT = PARTITIONED[::-1]
AHEAD = 3  # days: a retainer that is away over a weekend is not missed


def first_id(day: date) -> UUID:
    """Return the smallest id of an event of this day (UTC)."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    smallest = event_id(int(moment.timestamp() * 1000), 0)
    return UUID(int=smallest.int >> 80 << 80)


def day_of(moment: int) -> date:
    """Return the day (UTC) of a moment in microseconds."""
    return datetime.fromtimestamp(moment // 1_000_000, UTC).date()


def make_ahead(db: psycopg.Connection, today: date) -> None:
    """Make the partitions of today and the next days that are not there yet."""
    there = set(days(db))
    for day in (today + timedelta(days=number) for number in range(AHEAD + 1)):
        if day in there:
            continue
        try:
            for table in LAST_EVENT:
                with _briefly_locked(db):
                    db.execute(
                        sql.SQL(
                            "CREATE TABLE IF NOT EXISTS {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})"
                        ).format(
                            _name(table, day),
                            sql.Identifier(table),
                            sql.Literal(str(first_id(day))),
                            sql.Literal(str(first_id(day + timedelta(days=1)))),
                        )
                    )
        except errors.CheckViolation:
            # The default partition holds rows of this day already: it keeps the day, and pruning looks there.
            continue


def days(db: psycopg.Connection) -> list[date]:
    """Return the days that have partitions, oldest first."""
    rows = db.execute(
        "SELECT right(c.relname, 8) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'event'::regclass AND c.relname ~ '^event_[0-9]{8}$' ORDER BY 1"
    )
    return [datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date() for (text,) in rows]


def drop(db: psycopg.Connection, day: date) -> None:
    """Drop a day with all its rows."""
    for table in LAST_EVENT:
        with _briefly_locked(db):
            db.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_name(table, day)))


@contextmanager
def _briefly_locked(db: psycopg.Connection) -> Iterator[None]:
    """Hold one table's lock only, and do not wait long for it: everybody else waits behind."""
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))  # however long another process migrates
        db.execute("SET LOCAL lock_timeout = '2s'")
        yield


def _name(table: str, day: date) -> sql.Identifier:
    return sql.Identifier(f"{table}_{day:%Y%m%d}")
