"""Claiming: due deliveries under leases, fair between targets and within limits that hold over all workers.

What claims is under the rows of the targets' states, and of the buckets, until it commits: what one worker
takes, the next one sees. Only what is due is locked at all, so that a claim which finds nothing writes
nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import msgspec
import psycopg

from eventhub.journal.circuits import Facts
from eventhub.journal.gates import Gates
from eventhub.journal.limits import BEHIND
from eventhub.journal.port import UNSAID, Claimed, Limits
from eventhub.journal.postgres import states
from eventhub.journal.postgres.routing import EVENT_COLUMNS, stored

# One look-up per target that has anything pending, however many deliveries that is.
TARGETS = """
    WITH RECURSIVE target(id) AS (
        SELECT min(target_id) FROM delivery
        UNION ALL
        SELECT (SELECT min(target_id) FROM delivery WHERE target_id > target.id) FROM target
        WHERE target.id IS NOT NULL
    )
"""
DUE = f"""{TARGETS}
    SELECT id, EXISTS (SELECT 1 FROM target_state WHERE target_id = id) FROM target
    WHERE id IS NOT NULL AND id <> ALL (%s::bigint[])
        AND EXISTS (SELECT 1 FROM delivery WHERE target_id = id AND due_at <= %s)
"""  # noqa: S608 - our own text
# What other holders have under way.
_OTHERS = """
    FROM delivery l WHERE l.target_id = {target} AND l.lease_id IS NOT NULL
    AND l.holder IS DISTINCT FROM %(holder)s
"""
# Each target's first ones, locked against settling; then one of each target in turn. A lane's share is twice
# its part of the limit, since locking a row costs a write whether it is taken or not.
CANDIDATES = f"""
    WITH found AS (
        SELECT d.* FROM unnest(%(targets)s::bigint[], %(allowed)s::int[], %(rooms)s::int[])
            AS target(id, allowed, room)
        CROSS JOIN LATERAL (
            SELECT seq, event_id, target_id, due_at FROM delivery
            WHERE target_id = target.id AND due_at <= %(now)s ORDER BY due_at, seq
            LIMIT greatest(0, least(
                %(limit)s,
                target.allowed,
                target.room - (SELECT count(*) {_OTHERS.format(target="target.id")} AND l.due_at > %(now)s),
                greatest(10, 2 * %(limit)s / %(lanes)s)
            ))
            FOR UPDATE SKIP LOCKED
        ) d
    )
    SELECT target_id, seq, event_id, due_at FROM (
        SELECT *, row_number() OVER (PARTITION BY target_id ORDER BY due_at, seq) AS turn FROM found
    ) ranked ORDER BY turn, random()
"""  # noqa: S608 - our own text
LEASE = """
    UPDATE delivery d SET due_at = l.until, lease_id = nextval('lease_id'), holder = %s
    FROM unnest(%s::bigint[], %s::bigint[]) AS l(seq, until) WHERE d.seq = l.seq
    RETURNING d.seq, d.lease_id, d.fifo_key
"""
# The bounds let the planner leave out the other days.
DETAIL = f"""
    SELECT o.seq, o.rule_id, o.rule, o.rule_version, o.target_id, o.target, o.attempts, o.first_at,
    o.routed_at, o.attributes, o.budget_from, o.redriven_at,
        {EVENT_COLUMNS}
    FROM outcome o JOIN event e ON e.id = o.event_id
    WHERE o.event_id = ANY (%(ids)s) AND o.seq = ANY (%(seqs)s)
        AND o.event_id BETWEEN %(first)s AND %(last)s AND e.id BETWEEN %(first)s AND %(last)s
"""  # noqa: S608 - our columns
NEXT_DUE = f"""{TARGETS}
    SELECT id, due_at, others, lease_end FROM target
    CROSS JOIN LATERAL (SELECT min(due_at) AS due_at FROM delivery WHERE target_id = target.id) d
    CROSS JOIN LATERAL (
        SELECT count(*) AS others, min(l.due_at) AS lease_end {_OTHERS.format(target="target.id")}
    ) o
    WHERE id IS NOT NULL AND id <> ALL (%(without)s::bigint[]) AND due_at < {BEHIND}
"""  # noqa: S608 - our own text
RELEASE = """
    UPDATE delivery d SET due_at = r.due_at, lease_id = NULL, holder = NULL
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS r(seq, lease_id, due_at)
    WHERE d.seq = r.seq AND d.lease_id = r.lease_id RETURNING d.seq
"""
UNPROBED = "UPDATE target_state SET probe_until = NULL WHERE target_id = ANY (%s)"
BUCKETS = "SELECT key, full_at FROM bucket WHERE key = ANY (%s)"
MAKE_BUCKETS = "INSERT INTO bucket SELECT *, 0 FROM unnest(%s::text[]) ORDER BY 1 ON CONFLICT DO NOTHING"
KEEP_BUCKETS = """
    UPDATE bucket b SET full_at = n.full_at FROM unnest(%s::text[], %s::bigint[]) AS n(key, full_at)
    WHERE b.key = n.key
"""
_decode_attributes = msgspec.json.Decoder(dict[str, str]).decode


def claim(
    db: psycopg.Connection,
    holder: str,
    *,
    now: int,
    lease_seconds: float,
    limit: int,
    limits: Mapping[int, Limits],
    in_flight: Mapping[int, int],
    waiting: Collection[int],
) -> list[Claimed]:
    """Lease what is due; see ``port.Journal.claim``."""
    targets: dict[int, bool] = dict(db.execute(DUE, ([*_full(limits, in_flight), *waiting], now)).fetchall())
    if not targets:
        return []
    states.make(db, [target_id for target_id, known in targets.items() if not known])
    keys = _keys(limits, targets)
    if keys:
        db.execute(MAKE_BUCKETS, (keys,))
    with db.transaction():
        circuits = states.lock(db, targets)
        full_at = _full_at(db, keys, lock=True)
        gates = Gates(now, limits, in_flight, {}, circuits, dict(full_at))
        untils = {target_id: gates.lease_until(target_id, lease_seconds) for target_id in targets}
        chosen = _choose(db, gates, targets, holder, limit)
        if not chosen:
            return []
        ends = [untils[target_id] for _event_id, _due_at, target_id in chosen.values()]
        leases = {
            seq: (lease_id, chosen[seq], fifo_key)
            for seq, lease_id, fifo_key in db.execute(LEASE, (holder, list(chosen), ends))
        }
        probes = {
            target_id: replace(circuits[target_id], probe_until=untils[target_id])
            for target_id in gates.probes
        }
        states.keep(db, probes)
        if gates.full_at != full_at:
            db.execute(KEEP_BUCKETS, (list(gates.full_at), list(gates.full_at.values())))
    ids = sorted({event_id for event_id, _due_at, _target_id in chosen.values()})
    found = db.execute(DETAIL, {"ids": ids, "seqs": list(leases), "first": ids[0], "last": ids[-1]})
    claimed = [_claimed(row, gates, *leases[row[0]]) for row in found]
    return sorted(claimed, key=lambda one: (one.due_at, one.delivery_id))


def _choose(
    db: psycopg.Connection, gates: Gates, targets: Collection[int], holder: str, limit: int
) -> dict[int, tuple[Any, int, int]]:
    """Lock and return what may be leased: the event's id, the moment it was due, its target; by delivery."""
    open_to = {target_id: allowed for target_id in targets if (allowed := gates.allowed(target_id))}
    if not open_to:
        return {}
    rows = db.execute(
        CANDIDATES,
        {
            "targets": list(open_to),
            "allowed": list(open_to.values()),
            "rooms": [gates.room(target_id) for target_id in open_to],
            "lanes": len(open_to),
            "now": gates.now,
            "limit": limit,
            "holder": holder,
        },
    ).fetchall()
    facts = {seq: (event_id, due_at, target_id) for target_id, seq, event_id, due_at in rows}
    through = gates.let_through(((row[0], row[1]) for row in rows), limit)
    return {seq: facts[seq] for _target_id, seq in through}


def _claimed(
    row: Any, gates: Gates, lease_id: int, was: tuple[Any, int, int], fifo_key: str | None
) -> Claimed:
    (
        delivery_id,
        rule_id,
        rule,
        version,
        target_id,
        target,
        attempts,
        first_at,
        routed_at,
        attributes,
        budget_from,
        redriven_at,
        *event,
    ) = row
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
        was[1],
        fifo_key,
        _decode_attributes(attributes) if attributes else {},
        budget_from,
        redriven_at,
        gates.circuit(target_id),
        target_id in gates.probes,
    )


def next_due_at(
    db: psycopg.Connection,
    waiting: Collection[int],
    holder: str,
    limits: Mapping[int, Limits],
    in_flight: Mapping[int, int],
) -> int | None:
    """Return when the next delivery can be claimed; see ``port.Journal.next_due_at``."""
    asked = {"without": [*_full(limits, in_flight), *waiting], "holder": holder}
    rows = db.execute(NEXT_DUE, asked).fetchall()
    if not rows:
        return None
    targets = [row[0] for row in rows]
    circuits: Mapping[int, Facts] = states.unclean(db)
    keys = _keys(limits, targets)
    full_at = _full_at(db, keys)
    others: dict[int, int] = {target_id: count for target_id, _due_at, count, _end in rows}
    gates = Gates(0, limits, in_flight, others, circuits, full_at)
    at: int = min(
        max(due_at, gates.opens_at(target_id), lease_end if gates.room(target_id) <= 0 else 0)
        for target_id, due_at, _count, lease_end in rows
    )
    return at


def _full_at(db: psycopg.Connection, keys: Collection[str], *, lock: bool = False) -> dict[str, int]:
    if not keys:
        return {}
    statement = f"{BUCKETS} ORDER BY key FOR UPDATE" if lock else BUCKETS
    rows: list[tuple[str, int]] = db.execute(statement.encode(), (list(keys),)).fetchall()
    return dict(rows)


def _full(limits: Mapping[int, Limits], in_flight: Mapping[int, int]) -> list[int]:
    """Return the targets whose room this holder fills alone."""
    return [
        target_id
        for target_id, count in in_flight.items()
        if count >= limits.get(target_id, UNSAID).max_in_flight
    ]


def _keys(limits: Mapping[int, Limits], targets: Collection[int]) -> list[str]:
    """Return the targets' buckets."""
    return sorted({bucket.key for target_id in targets for bucket in limits.get(target_id, UNSAID).buckets})


def release(db: psycopg.Connection, claimed: Collection[Claimed]) -> int:
    """End leases untried; return how many were still held."""
    with db.transaction():
        held = {
            seq
            for (seq,) in db.execute(
                RELEASE,
                (
                    [one.delivery_id for one in claimed],
                    [one.lease_id for one in claimed],
                    [one.due_at for one in claimed],
                ),
            )
        }
        probes = [one.target_id for one in claimed if one.probe and one.delivery_id in held]
        if probes:
            states.lock(db, probes)
            db.execute(UNPROBED, (probes,))
    return len(held)
