"""Routing: deliveries, outcomes, routing rows and the moved cursor in one transaction; and reading for it."""

import sqlite3
import threading
import time
from collections.abc import Iterable

import msgspec

from eventhub.journal import columns
from eventhub.journal.port import NewDelivery, OutcomeState, Position, RoutedBatch, StoredEvent
from eventhub.journal.sqlite.archiving import apply_archive
from eventhub.journal.sqlite.connections import one_json
from eventhub.journal.sqlite.events import EVENT_JSON, EventColumns, stored
from eventhub.journal.sqlite.numbers import Numbers
from eventhub.journal.sqlite.statements import Many, insert

ROUTING = insert("routing", ["seq", *columns.ROUTING])
OUTCOME = insert("outcome", columns.OUTCOME)
EVENT_TYPE = Many(
    f"INSERT INTO event_type ({','.join(columns.EVENT_TYPE)}) VALUES", "(?,?,?,?,?,?,?)", columns.SEEN_AGAIN
)
DELIVERY = insert("delivery", ["seq", "event_seq", "target_id", "due_at", "fifo_key"])

BUSY_TURNS = """
    SELECT json_group_array(json_array(j.value ->> 0, j.value ->> 1)) FROM json_each(?) j
    WHERE EXISTS (
        SELECT 1 FROM delivery d WHERE d.target_id = j.value ->> 0 AND d.fifo_key = j.value ->> 1
    )
"""
READ = f"""
    SELECT json_group_array({EVENT_JSON})
    FROM (SELECT * FROM event WHERE bus_id = ? AND seq > ? ORDER BY seq LIMIT ?) e
"""  # noqa: S608 - our columns
_decode_events = msgspec.json.Decoder(list[EventColumns]).decode

# Buses are few: one look-up per bus, however many events.
BUSES = """
    WITH RECURSIVE bus(id) AS (
        SELECT min(bus_id) FROM event
        UNION ALL SELECT (SELECT min(bus_id) FROM event WHERE bus_id > bus.id) FROM bus
        WHERE bus.id IS NOT NULL
    )
    SELECT json_group_array(id) FROM (
        SELECT id FROM bus WHERE id IS NOT NULL UNION SELECT bus_id FROM cursor
    )
"""


class Cursors:
    """Who holds which bus's cursor, and where it is. In memory: a killed holder's lease dies with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leases: dict[int, tuple[str, float]] = {}
        self._reached: dict[int, Position] = {}  # what this process, the only one that moves them, committed

    def hold(self, bus_id: int, holder: str, lease_seconds: float) -> bool:
        """Take or prolong the lease; False while another has it."""
        now = time.monotonic()
        with self._lock:
            owner, until = self._leases.get(bus_id, (holder, 0.0))
            if owner != holder and until > now:
                return False
            self._leases[bus_id] = (holder, now + lease_seconds)
            return True

    def position(self, bus_id: int) -> Position | None:
        """Return how far a bus is routed; None if only the file knows."""
        return self._reached.get(bus_id)

    def moved(self, batch: RoutedBatch, has_moved: bool) -> None:
        """Hear what became of a batch that was committed."""
        if has_moved:
            self._reached[batch.bus_id] = batch.reached
        else:
            self._reached.pop(batch.bus_id, None)


def read_cursor(db: sqlite3.Connection, bus_id: int) -> Position:
    """Return how far a bus is routed."""
    row = db.execute("SELECT seq FROM cursor WHERE bus_id = ?", (bus_id,)).fetchone()
    return Position(0, row[0] if row else 0)


def read_events(db: sqlite3.Connection, bus_id: int, after: Position, limit: int) -> list[StoredEvent]:
    """Return a bus's next events in order."""
    return [stored(columns) for columns in _decode_events(one_json(db, READ, bus_id, after.seq, limit))]


def read_buses(db: sqlite3.Connection) -> list[int]:
    """Return the ids of all buses that have events or a cursor."""
    return msgspec.json.decode(one_json(db, BUSES), type=list[int])


def apply_route(db: sqlite3.Connection, numbers: Numbers, batch: RoutedBatch) -> bool:
    """Write a routed batch if the cursor is where it was read; tell whether it was."""
    if batch.read_from.seq == 0:
        db.execute("INSERT OR IGNORE INTO cursor VALUES (?, 0)", (batch.bus_id,))
    moved = db.execute(
        "UPDATE cursor SET seq = ? WHERE bus_id = ? AND seq = ?",
        (batch.reached.seq, batch.bus_id, batch.read_from.seq),
    )
    if moved.rowcount != 1:
        return False
    routing_seq = numbers.take("routing", len(batch.routings))
    outcome_seq = numbers.take("outcome", sum(len(routing.deliveries) for routing in batch.routings))
    turns = read_turns(db, (new for routing in batch.routings for new in routing.deliveries))
    routings, outcomes, deliveries = [], [], []
    for number, routing in enumerate(batch.routings, start=routing_seq):
        event_id, at = routing.stored.event.id.hex, routing.routed_at
        routings.append((number, *columns.routing_columns(routing, batch.ruleset_id, event_id)))
        for new in routing.deliveries:
            outcomes.append(
                columns.outcome_columns(routing.stored.event, new, outcome_seq, event_id, routed_at=at)
            )
            if new.state is OutcomeState.PENDING:
                due_at = turns.due_at(new, at)
                deliveries.append(
                    (outcome_seq, routing.stored.position.seq, new.target_id, due_at, new.fifo_key)
                )
            outcome_seq += 1
    ROUTING.run(db, routings)
    OUTCOME.run(db, outcomes)
    DELIVERY.run(db, deliveries)
    EVENT_TYPE.run(db, columns.event_type_columns(batch.routings, lambda event_id: event_id.hex))
    apply_archive(db, batch.routings)
    return True


def read_turns(db: sqlite3.Connection, deliveries: Iterable[NewDelivery]) -> columns.Turns:
    """Return which of these deliveries' keys have one pending."""
    asked = columns.turns_of(deliveries)
    if not asked:
        return columns.Turns(())
    busy = one_json(db, BUSY_TURNS, msgspec.json.encode(asked).decode())
    return columns.Turns(msgspec.json.decode(busy, type=list[tuple[int, str]]))


def find_ruleset(db: sqlite3.Connection, bus_id: int, digest: str) -> int | None:
    """Return the number of a recorded ruleset."""
    row = db.execute("SELECT id FROM ruleset WHERE bus_id = ? AND digest = ?", (bus_id, digest)).fetchone()
    return row[0] if row else None


def apply_ruleset(db: sqlite3.Connection, bus_id: int, digest: str, rules: str) -> int:
    """Record a ruleset unless it is there; return its number."""
    found = find_ruleset(db, bus_id, digest)
    if found is not None:
        return found
    written = db.execute(
        "INSERT INTO ruleset (bus_id, digest, rules) VALUES (?, ?, ?)", (bus_id, digest, rules)
    )
    assert written.lastrowid is not None
    return written.lastrowid
