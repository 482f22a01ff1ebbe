"""Pruning, and the figures for health."""

import time
from datetime import UTC, date, datetime

import psycopg

from eventhub.domain.identity import earliest_id
from eventhub.journal.port import Health, Pruned
from eventhub.journal.postgres import days
from eventhub.journal.postgres.redriving import LOCK as REDRIVING
from eventhub.journal.postgres.schema import PARTITIONED

CHUNK = 1000
COUNTED = 10_000
SIZE_SECONDS = 10.0  # the size is looked up no oftener: it asks the file system about every file

# Whether anything of these ids is still to be done.
BUSY = """
    SELECT EXISTS (SELECT 1 FROM delivery WHERE event_id >= %(first)s AND event_id < %(end)s)
    OR EXISTS (
        SELECT 1 FROM (SELECT DISTINCT bus_id FROM event WHERE id >= %(first)s AND id < %(end)s) b
        LEFT JOIN cursor c USING (bus_id)
        WHERE EXISTS (
            SELECT 1 FROM event e WHERE e.bus_id = b.bus_id AND e.id >= %(first)s AND e.id < %(end)s
            AND (e.xid, e.seq) > (coalesce(c.xid, 0), coalesce(c.seq, 0))
        )
    )
"""
# Of what has no day of its own.
STRAYS = """
    SELECT e.id FROM event_default e LEFT JOIN cursor c USING (bus_id)
    WHERE e.id < %s AND (e.xid, e.seq) <= (coalesce(c.xid, 0), coalesce(c.seq, 0))
        AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.event_id = e.id AND o.state = 'pending')
    ORDER BY e.id LIMIT %s
"""
SPENT_KEYS = """
    DELETE FROM dedup WHERE ctid = ANY (ARRAY(SELECT ctid FROM dedup WHERE until < %s LIMIT %s))
"""
OLD_REPEATS = """
    DELETE FROM repeated WHERE event_id = ANY (
        ARRAY(SELECT event_id FROM repeated WHERE event_id < %s LIMIT %s)
    )
"""
ENDED_REDRIVES = "DELETE FROM redrive WHERE state IN ('done', 'cancelled') AND changed_at < %s"
FORGOTTEN_TYPES = "DELETE FROM event_type WHERE last_at < %s"
ENDED_REPLAYS = "DELETE FROM replay WHERE ended_at < %s"
SIZE = """
    SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c
    WHERE c.relkind = 'r' AND (
        c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = ANY (%s::regclass[]))
        OR c.oid = ANY (ARRAY['delivery', 'dedup', 'cursor', 'ruleset']::regclass[])
    )
"""
UNROUTED = """
    WITH RECURSIVE bus(id) AS (
        SELECT min(bus_id) FROM event
        UNION ALL SELECT (SELECT min(bus_id) FROM event WHERE bus_id > bus.id) FROM bus
        WHERE bus.id IS NOT NULL
    )
    SELECT coalesce(sum(f.count), 0)::bigint, min(f.oldest) FROM bus LEFT JOIN cursor c ON c.bus_id = bus.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS count, min(accepted_at) AS oldest FROM (
            SELECT accepted_at FROM event WHERE bus_id = bus.id
            AND (xid, seq) > (coalesce(c.xid, 0), coalesce(c.seq, 0)) ORDER BY xid, seq LIMIT %s
        ) e
    ) f WHERE bus.id IS NOT NULL
"""
PENDING = """
    SELECT (SELECT count(*) FROM (SELECT 1 FROM delivery LIMIT %s) d), o.accepted_at
    FROM (SELECT seq, event_id FROM delivery ORDER BY seq LIMIT 1) d
    JOIN outcome o ON o.event_id = d.event_id AND o.seq = d.seq
"""
# A write transaction that began long ago, anywhere in the cluster, holds the horizon of every reader.
OLDEST_WRITER = """
    SELECT extract(epoch FROM clock_timestamp() - since)::float8, holder FROM (
        SELECT xact_start AS since, concat(
            'process ', pid, ' of database ', datname, ', user ', usename,
            nullif(', ' || application_name, ', ')
        ) AS holder
        FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
        UNION ALL
        SELECT prepared, concat('prepared transaction ', gid, ' of database ', database, ', user ', owner)
        FROM pg_prepared_xacts
    ) writer ORDER BY since LIMIT 1
"""


class Pruning:
    """Drops days, and knows the journal's size."""

    def __init__(self) -> None:
        self._size = 0
        self._size_until = 0.0

    def prune(self, db: psycopg.Connection, *, before: int, max_bytes: int) -> Pruned:
        """Drop the oldest day if all of it may go, or a chunk of what has no day; make the days ahead.

        Today's day is never dropped, so a limit by bytes can be exceeded by what one day brings.
        """
        today = datetime.now(UTC).date()
        days.make_ahead(db, today)
        db.execute(SPENT_KEYS, (time.time_ns() // 1000, CHUNK))
        db.execute(OLD_REPEATS, (earliest_id(before // 1000), CHUNK))
        db.execute(ENDED_REDRIVES, (before,))
        db.execute(ENDED_REPLAYS, (before,))
        db.execute(FORGOTTEN_TYPES, (before,))
        cutoff = days.day_of(before)
        strays = self._prune_strays(db, cutoff)
        if strays:
            return Pruned(strays, more=True)
        pressed = 0 < max_bytes < self.size(db)
        old = [day for day in days.days(db) if day < cutoff or (pressed and day < today)]
        for day in old:
            events = self._drop(db, day)
            if events is not None:
                self._size_until = 0.0
                return Pruned(events, more=len(old) > 1)
        return Pruned(0, more=False)

    def size(self, db: psycopg.Connection) -> int:
        """Return the bytes of all tables with their indexes."""
        if time.monotonic() >= self._size_until:
            self._size = int(_one(db, SIZE, list(PARTITIONED)))
            self._size_until = time.monotonic() + SIZE_SECONDS
        return self._size

    def health(self, db: psycopg.Connection) -> Health:
        """Return the figures of this moment."""
        recovering = bool(_one(db, "SELECT pg_is_in_recovery() AND %s", True))
        unrouted, oldest_unrouted_at = db.execute(UNROUTED, (COUNTED,)).fetchone() or (0, None)
        pending, oldest_pending_at = db.execute(PENDING, (COUNTED,)).fetchone() or (0, None)
        horizon_age, horizon_holder = db.execute(OLDEST_WRITER).fetchone() or (0.0, "")
        return Health(
            writable=not recovering,
            reason="the journal's database is a standby, which only reads" if recovering else "",
            size_bytes=self.size(db),
            free_bytes=None,
            unrouted=min(unrouted, COUNTED),
            oldest_unrouted_at=oldest_unrouted_at,
            pending=pending,
            oldest_pending_at=oldest_pending_at,
            horizon_age_seconds=horizon_age,
            horizon_holder=horizon_holder,
        )

    def _drop(self, db: psycopg.Connection, day: date) -> int | None:
        """Drop a day and return how many events it had; None if something in it is still to be done."""
        # Alone: a redrive of the day's dead letters makes them pending again, before or not at all.
        db.execute("SELECT pg_advisory_lock(%s)", (REDRIVING,))
        try:
            return self._drop_alone(db, day)
        finally:
            db.execute("SELECT pg_advisory_unlock(%s)", (REDRIVING,))

    def _drop_alone(self, db: psycopg.Connection, day: date) -> int | None:
        following = date.fromordinal(day.toordinal() + 1)
        bounds = {"first": days.first_id(day), "end": days.first_id(following)}
        row = db.execute(BUSY, bounds).fetchone()
        if row and row[0]:
            return None
        count = _one(db, "SELECT count(*) FROM event WHERE id >= %s AND id < %s", *bounds.values())
        days.drop(db, day)
        return int(count)

    def _prune_strays(self, db: psycopg.Connection, cutoff: date) -> int:
        with db.transaction():
            db.execute("SELECT pg_advisory_xact_lock(%s)", (REDRIVING,))
            ids = [row[0] for row in db.execute(STRAYS, (days.first_id(cutoff), CHUNK))]
            if ids:
                for table in PARTITIONED:
                    column = "id" if table == "event" else "event_id"
                    gone = f"DELETE FROM {table} WHERE {column} = ANY (%s) AND {column} BETWEEN %s AND %s"  # noqa: S608 - our names
                    db.execute(gone.encode(), (ids, ids[0], ids[-1]))
        return len(ids)


def _one(db: psycopg.Connection, statement: str, *values: object) -> int | float:
    row = db.execute(statement.encode(), values or None).fetchone()
    assert row is not None
    number: int | float = row[0]
    return number
