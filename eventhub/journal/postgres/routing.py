"""Routing: deliveries, outcomes, routing rows and the moved cursor in one transaction; and reading for it."""

import threading
import time
from collections.abc import Sequence
from typing import Any

import psycopg

from eventhub.journal import columns
from eventhub.journal.port import NewDelivery, NewEvent, OutcomeState, Position, RoutedBatch, StoredEvent
from eventhub.journal.postgres import archiving, states
from eventhub.journal.postgres.copying import copy

EVENT_COLUMNS = (
    'e.xid, e.seq, e.id, e.bus_id, e.bus, e.source, e.detail_type, e."time", e.accepted_at, e.resources,'
    " e.detail, e.attributes, e.key, e.who, e.cause_id, e.hops"
)
# What is older than this is committed or gone: nothing can appear before it any more.
HORIZON = "(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint"
READ = f"""
    SELECT {EVENT_COLUMNS} FROM event e
    WHERE e.bus_id = %s AND (e.xid, e.seq) > (%s, %s) AND e.xid < {HORIZON}
    ORDER BY e.xid, e.seq LIMIT %s
"""  # noqa: S608 - our columns
# Buses are few: one look-up per bus, however many events.
BUSES = """
    WITH RECURSIVE bus(id) AS (
        SELECT min(bus_id) FROM event
        UNION ALL SELECT (SELECT min(bus_id) FROM event WHERE bus_id > bus.id) FROM bus
        WHERE bus.id IS NOT NULL
    )
    SELECT id FROM bus WHERE id IS NOT NULL UNION SELECT bus_id FROM cursor
"""
HOLD = """
    INSERT INTO cursor VALUES (%(bus)s, 0, 0, %(holder)s,
        clock_timestamp() + make_interval(secs => %(lease)s))
    ON CONFLICT (bus_id) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
    WHERE cursor.holder = excluded.holder OR cursor.held_until < clock_timestamp()
    RETURNING xid, seq
"""
LOOK = "SELECT xid, seq FROM cursor WHERE bus_id = %s AND holder = %s AND held_until > clock_timestamp()"
MOVE = """
    UPDATE cursor SET xid = %s, seq = %s WHERE bus_id = %s AND xid = %s AND seq = %s
"""


BUSY_TURNS = """
    SELECT k.target_id, k.key FROM unnest(%s::bigint[], %s::text[]) AS k(target_id, key)
    WHERE EXISTS (SELECT 1 FROM delivery d WHERE d.target_id = k.target_id AND d.fifo_key = k.key)
"""
SEEN = f"""
    INSERT INTO event_type ({", ".join(columns.EVENT_TYPE)}) SELECT * FROM unnest(
        %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::uuid[]
    ) {columns.SEEN_AGAIN}
"""  # noqa: S608 - our names


class Cursors:
    """Holding cursors: the lease is prolonged only in its second half, so that most calls write nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prolong_at: dict[tuple[int, str], float] = {}

    def hold(self, db: psycopg.Connection, bus_id: int, holder: str, lease_seconds: float) -> Position | None:
        """Take or prolong the lease and return the cursor; None while another has it."""
        now = time.monotonic()
        with self._lock:
            prolong = now >= self._prolong_at.get((bus_id, holder), 0.0)
        if not prolong:
            row = db.execute(LOOK, (bus_id, holder)).fetchone()
            if row is not None:
                return Position(*row)
        row = db.execute(HOLD, {"bus": bus_id, "holder": holder, "lease": lease_seconds}).fetchone()
        if row is None:
            return None
        with self._lock:
            self._prolong_at[bus_id, holder] = now + lease_seconds / 2
        return Position(*row)


def stored(values: Any) -> StoredEvent:
    """Return the event that ``EVENT_COLUMNS`` hold."""
    xid, seq, *event = values
    event[7:10] = [text.encode() for text in event[7:10]]
    return StoredEvent(Position(xid, seq), NewEvent(*event))


def read_events(db: psycopg.Connection, bus_id: int, after: Position, limit: int) -> list[StoredEvent]:
    """Return a bus's next events in order, none of which can be preceded by a later commit."""
    return [stored(row) for row in db.execute(READ, (bus_id, after.xid, after.seq, limit))]


def write_batch(db: psycopg.Connection, batch: RoutedBatch) -> bool:
    """Write a routed batch if the cursor is where it was read; tell whether it was."""
    was, now = batch.read_from, batch.reached
    make_states(db, [new for routing in batch.routings for new in routing.deliveries])
    with db.transaction():
        moved = db.execute(MOVE, (now.xid, now.seq, batch.bus_id, was.xid, was.seq))
        if moved.rowcount != 1:
            return False
        copy(
            db,
            "routing",
            columns.ROUTING,
            (
                columns.routing_columns(routing, batch.ruleset_id, routing.stored.event.id)
                for routing in batch.routings
            ),
        )
        seen = columns.event_type_columns(batch.routings, lambda event_id: event_id)
        db.execute(SEEN, [list(values) for values in zip(*seen, strict=True)])
        archiving.archive(db, batch.routings)
        made = [(routing, new) for routing in batch.routings for new in routing.deliveries]
        if not made:
            return True
        make(db, [(routing.stored.event, new, routing.routed_at) for routing, new in made])
    return True


def make(db: psycopg.Connection, made: Sequence[tuple[NewEvent, NewDelivery, int]]) -> None:
    """Write outcomes, and deliveries of those that are pending, of (event, match, moment) each."""
    numbers = db.execute("SELECT nextval('outcome_seq') FROM generate_series(1, %s)", (len(made),)).fetchall()
    turns = read_turns(db, [new for _event, new, _at in made])
    outcomes, deliveries = [], []
    for (seq,), (event, new, at) in zip(numbers, made, strict=True):
        outcomes.append(columns.outcome_columns(event, new, seq, event.id, routed_at=at))
        if new.state is OutcomeState.PENDING:
            deliveries.append((seq, event.id, new.target_id, turns.due_at(new, at), new.fifo_key))
    copy(db, "outcome", columns.OUTCOME, outcomes)
    copy(db, "delivery", ["seq", "event_id", "target_id", "due_at", "fifo_key"], deliveries)


def make_states(db: psycopg.Connection, deliveries: Sequence[NewDelivery]) -> None:
    """Give the targets whose deliveries go in order the rows that ``read_turns`` locks; in no transaction."""
    states.make(db, {target_id for target_id, _key in columns.turns_of(deliveries)})


def read_turns(db: psycopg.Connection, deliveries: Sequence[NewDelivery]) -> columns.Turns:
    """Return which of these deliveries' keys have one pending, under their targets' locks.

    Whoever ends the last one of a key holds the same lock, so none is left behind one that is gone.
    """
    asked = columns.turns_of(deliveries)
    if not asked:
        return columns.Turns(())
    states.lock(db, {target_id for target_id, _key in asked})
    targets, keys = (list(part) for part in zip(*asked, strict=True))
    return columns.Turns((target_id, key) for target_id, key in db.execute(BUSY_TURNS, (targets, keys)))


def record_ruleset(db: psycopg.Connection, bus_id: int, digest: str, rules: str) -> int:
    """Return the number of a ruleset, recording it the first time."""
    find = "SELECT id FROM ruleset WHERE bus_id = %s AND digest = %s"
    row = db.execute(find, (bus_id, digest)).fetchone()
    if row is None:
        db.execute(
            "INSERT INTO ruleset (bus_id, digest, rules) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (bus_id, digest, rules),
        )
        row = db.execute(find, (bus_id, digest)).fetchone()
    assert row is not None
    return int(row[0])
