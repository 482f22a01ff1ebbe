"""How each target fares, over all workers."""

from collections.abc import Mapping

import psycopg

from eventhub.journal.circuits import CLEAN
from eventhub.journal.port import BlockedKey, TargetState
from eventhub.journal.postgres import states
from eventhub.journal.postgres.claiming import TARGETS

COUNTED, SHOWN = 10_000, 20
PENDING = f"""{TARGETS}
    SELECT target.id, p.pending, o.accepted_at, f.blocked, l.leased FROM target
    CROSS JOIN LATERAL (SELECT count(*) AS pending, min(seq) AS seq FROM (
        SELECT seq FROM delivery WHERE target_id = target.id ORDER BY due_at LIMIT {COUNTED}) d) p
    LEFT JOIN delivery d ON d.seq = p.seq
    LEFT JOIN outcome o ON o.event_id = d.event_id AND o.seq = d.seq
    CROSS JOIN LATERAL (SELECT count(*) AS blocked FROM (
        SELECT 1 FROM delivery WHERE target_id = target.id AND fifo_key IS NOT NULL AND failed
        LIMIT {COUNTED}) b) f
    CROSS JOIN LATERAL (SELECT count(*) AS leased FROM delivery
        WHERE target_id = target.id AND lease_id IS NOT NULL AND due_at > %s) l
    WHERE target.id IS NOT NULL
"""  # noqa: S608 - our own text
BLOCKED = f"""
    SELECT d.fifo_key, d.seq, d.event_id, o.attempts, d.due_at FROM delivery d
    JOIN outcome o ON o.event_id = d.event_id AND o.seq = d.seq
    WHERE d.target_id = %s AND d.fifo_key IS NOT NULL AND d.failed ORDER BY d.seq LIMIT {SHOWN}
"""  # noqa: S608 - our own text


def read_states(db: psycopg.Connection, now: int) -> Mapping[int, TargetState]:
    """Return the states of targets that have pending deliveries or had failures."""
    circuits = states.unclean(db)
    rows = {target_id: row for target_id, *row in db.execute(PENDING.encode(), (now,))}
    found = {}
    for target_id in {*rows, *circuits}:
        pending, oldest, blocked, leased = rows.get(target_id, (0, None, 0, 0))
        facts = circuits.get(target_id, CLEAN)
        found[target_id] = TargetState(
            facts.state,
            facts.opened_at,
            facts.probe_at,
            facts.failures,
            leased,
            pending,
            oldest,
            blocked,
            [BlockedKey(*row) for row in db.execute(BLOCKED.encode(), (target_id,))] if blocked else (),
        )
    return found
