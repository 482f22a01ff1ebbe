"""How each target fares: counted in the file, leases and circuits from memory."""

import sqlite3
from collections.abc import Mapping
from uuid import UUID

from eventhub.journal.circuits import CLEAN
from eventhub.journal.port import BlockedKey, TargetState
from eventhub.journal.sqlite.claiming import TARGETS, Leases

COUNTED, SHOWN = 10_000, 20
PENDING = f"""{TARGETS}
    SELECT id, (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE target_id = id LIMIT {COUNTED})),
        (SELECT accepted_at FROM outcome WHERE seq = (SELECT min(seq) FROM (
            SELECT seq FROM delivery WHERE target_id = id ORDER BY due_at LIMIT {COUNTED}))),
        (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE target_id = id AND fifo_key IS NOT NULL AND failed
            LIMIT {COUNTED}))
    FROM target WHERE id IS NOT NULL
"""  # noqa: S608 - our own text
BLOCKED = f"""
    SELECT d.fifo_key, d.seq, o.event_id, o.attempts, d.due_at FROM delivery d JOIN outcome o ON o.seq = d.seq
    WHERE d.target_id = ? AND d.fifo_key IS NOT NULL AND d.failed ORDER BY d.seq LIMIT {SHOWN}
"""  # noqa: S608 - our own text


def read_states(db: sqlite3.Connection, leases: Leases, now: int) -> Mapping[int, TargetState]:
    """Return the states of targets that have pending deliveries or had failures."""
    circuits, ends = leases.circuits(), leases.lease_ends(now)
    rows = {target_id: row for target_id, *row in db.execute(PENDING)}
    found = {}
    for target_id in {*rows, *circuits}:
        pending, oldest, blocked = rows.get(target_id, (0, None, 0))
        facts, until = circuits.get(target_id, CLEAN), ends.get(target_id, {})
        found[target_id] = TargetState(
            facts.state,
            facts.opened_at,
            facts.probe_at,
            facts.failures,
            len(until),
            pending,
            oldest,
            blocked,
            [
                BlockedKey(key, seq, UUID(event_id), attempts, until.get(seq, due_at))
                for key, seq, event_id, attempts, due_at in db.execute(BLOCKED, (target_id,))
            ]
            if blocked
            else (),
        )
    return found
