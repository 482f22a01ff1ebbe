"""Claiming: due deliveries under leases, fair between targets and over all workers."""

from collections.abc import Collection, Mapping
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from eventhub.journal.port import UNSAID, Claimed, Limits
from eventhub.journal.postgres.routing import EVENT_COLUMNS, stored

# One look-up per target that has anything pending, however many deliveries that is.
_TARGETS = """
    WITH RECURSIVE target(id) AS (
        SELECT min(target_id) FROM delivery
        UNION ALL
        SELECT (SELECT min(target_id) FROM delivery WHERE target_id > target.id) FROM target
        WHERE target.id IS NOT NULL
    )
"""
# Each target's first ones, locked against other workers; then one of each target in turn, up to the limit.
# A lane's share is twice its part of the limit, since locking a row costs a write whether it is taken or not.
CLAIM = f"""{_TARGETS},
    found AS (
        SELECT d.* FROM target CROSS JOIN LATERAL (
            SELECT seq, event_id, target_id, due_at FROM delivery
            WHERE target_id = target.id AND due_at <= %(now)s ORDER BY due_at, seq
            LIMIT least(
                %(limit)s,
                coalesce((%(rooms)s::jsonb ->> target.id::text)::int, %(usual)s),
                greatest(10, 2 * %(limit)s / (SELECT count(id) FROM target))
            )
            FOR UPDATE SKIP LOCKED
        ) d
        WHERE target.id IS NOT NULL AND target.id <> ALL (%(without)s::bigint[])
    ),
    chosen AS (
        SELECT seq, event_id, due_at FROM (
            SELECT *, row_number() OVER (PARTITION BY target_id ORDER BY due_at, seq) AS turn FROM found
        ) ranked ORDER BY turn, random() LIMIT %(limit)s
    )
    UPDATE delivery d SET due_at = %(until)s, lease_id = nextval('lease_id')
    FROM chosen WHERE d.seq = chosen.seq
    RETURNING d.seq, d.lease_id, chosen.due_at, d.event_id
"""  # noqa: S608 - our own text
# The bounds let the planner leave out the other days.
DETAIL = f"""
    SELECT o.seq, o.rule_id, o.rule, o.rule_version, o.target_id, o.target, o.attempts, o.first_at,
    o.routed_at,
        {EVENT_COLUMNS}
    FROM outcome o JOIN event e ON e.id = o.event_id
    WHERE o.event_id = ANY (%(ids)s) AND o.seq = ANY (%(seqs)s)
        AND o.event_id BETWEEN %(first)s AND %(last)s AND e.id BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 - our columns
NEXT_DUE = f"""{_TARGETS}
    SELECT min((SELECT min(due_at) FROM delivery WHERE target_id = target.id)) FROM target
    WHERE id IS NOT NULL AND id <> ALL (%s::bigint[])
"""  # noqa: S608 - our own text
RELEASE = """
    UPDATE delivery d SET due_at = r.due_at, lease_id = NULL
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS r(seq, lease_id, due_at)
    WHERE d.seq = r.seq AND d.lease_id = r.lease_id
"""


def claim(
    db: psycopg.Connection,
    *,
    now: int,
    lease_seconds: float,
    limit: int,
    limits: Mapping[int, Limits],
    in_flight: Mapping[int, int],
    waiting: Collection[int],
) -> list[Claimed]:
    """Lease what is due; see ``port.Journal.claim``."""
    rooms = {
        target_id: limits.get(target_id, UNSAID).max_in_flight - in_flight.get(target_id, 0)
        for target_id in {*limits, *in_flight}
    }
    full = [target_id for target_id, room in rooms.items() if room <= 0]
    rows = db.execute(
        CLAIM,
        {
            "now": now,
            "until": now + int(lease_seconds * 1_000_000),
            "limit": limit,
            "rooms": Jsonb({str(target_id): room for target_id, room in rooms.items()}),
            "usual": UNSAID.max_in_flight,
            "without": [*full, *waiting],
        },
    ).fetchall()
    if not rows:
        return []
    leases = {seq: (lease_id, due_at) for seq, lease_id, due_at, _event_id in rows}
    ids = sorted({row[3] for row in rows})
    found = db.execute(DETAIL, {"ids": ids, "seqs": list(leases), "first": ids[0], "last": ids[-1]})
    claimed = [_claimed(row, *leases[row[0]]) for row in found]
    return sorted(claimed, key=lambda one: (one.due_at, one.delivery_id))


def _claimed(row: Any, lease_id: int, due_at: int) -> Claimed:
    delivery_id, rule_id, rule, version, target_id, target, attempts, first_at, routed_at, *event = row
    return Claimed(
        delivery_id,
        lease_id,
        stored(event),
        rule_id,
        rule,
        version,
        target_id,
        target,
        attempts,
        first_at,
        routed_at,
        due_at,
    )


def next_due_at(db: psycopg.Connection, waiting: Collection[int]) -> int | None:
    """Return when the next delivery falls due, or the next lease ends."""
    row = db.execute(NEXT_DUE, (list(waiting),)).fetchone()
    return row[0] if row else None


def release(db: psycopg.Connection, claimed: Collection[Claimed]) -> int:
    """End leases untried; return how many were still held."""
    return db.execute(
        RELEASE,
        (
            [one.delivery_id for one in claimed],
            [one.lease_id for one in claimed],
            [one.due_at for one in claimed],
        ),
    ).rowcount
