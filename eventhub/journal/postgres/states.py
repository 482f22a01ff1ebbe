"""The row of a target's state: the lock under which its limits, its circuit and its FIFO keys are moved.

All that a transaction needs of them are taken at once, in the order of the ids, after what it does to
deliveries, so that no two wait for each other crosswise; ``make`` makes missing rows in a transaction of its
own for the same reason. A statement that runs after the lock sees all that was done under it before.
"""

from collections.abc import Collection, Mapping

import msgspec
import psycopg

from eventhub.journal.circuits import CLEAN, Facts

MAKE = """
    INSERT INTO target_state (target_id) SELECT * FROM unnest(%s::bigint[]) ORDER BY 1 ON CONFLICT DO NOTHING
"""
_COLUMNS = "target_id, opened_at, next_probe_at, probe_until, failures, recent"
# Of the second ones only those whose circuit is not clean: an attempt that succeeded changes no other.
LOCK = f"""
    SELECT {_COLUMNS} FROM target_state
    WHERE target_id = ANY (%s) OR (target_id = ANY (%s) AND (failures > 0 OR opened_at IS NOT NULL))
    ORDER BY target_id FOR UPDATE
"""  # noqa: S608 - our columns
ALL = f"SELECT {_COLUMNS} FROM target_state WHERE failures > 0 OR opened_at IS NOT NULL"  # noqa: S608 - our columns
KEEP = """
    UPDATE target_state t SET opened_at = s.opened_at, next_probe_at = s.next_probe_at,
        probe_until = s.probe_until, failures = s.failures, recent = s.recent
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[], %s::text[])
        AS s(target_id, opened_at, next_probe_at, probe_until, failures, recent)
    WHERE t.target_id = s.target_id
"""
HASTEN = """
    UPDATE target_state SET next_probe_at = least(next_probe_at, %(now)s) WHERE target_id = %(target)s
        AND opened_at IS NOT NULL AND (probe_until IS NULL OR probe_until <= %(now)s)
"""

_decode_recent = msgspec.json.Decoder(tuple[tuple[int, int, int], ...]).decode


def make(db: psycopg.Connection, target_ids: Collection[int]) -> None:
    """Give each target its row; outside of any transaction."""
    if target_ids:
        db.execute(MAKE, (list(target_ids),))


def lock(
    db: psycopg.Connection, target_ids: Collection[int], if_unclean: Collection[int] = ()
) -> dict[int, Facts]:
    """Lock targets, which must have their rows, until the transaction ends; return their circuits."""
    rows = db.execute(LOCK, (list(target_ids), list(if_unclean)))
    return {target_id: _facts(*row) for target_id, *row in rows}


def unclean(db: psycopg.Connection) -> dict[int, Facts]:
    """Return every circuit that is not clean."""
    return {target_id: _facts(*row) for target_id, *row in db.execute(ALL)}


def keep(db: psycopg.Connection, changed: Mapping[int, Facts]) -> None:
    """Write circuits whose targets are locked."""
    if not changed:
        return
    rows = [
        (
            target_id,
            facts.opened_at,
            facts.next_probe_at,
            facts.probe_until,
            facts.failures,
            msgspec.json.encode(facts.recent).decode(),
        )
        for target_id, facts in changed.items()
    ]
    db.execute(KEEP, [list(column) for column in zip(*rows, strict=True)])


def hasten_probe(db: psycopg.Connection, target_id: int, now: int) -> bool:
    """Write that an open circuit's next probe may go now; False if it is not open, or probed already."""
    return bool(db.execute(HASTEN, {"now": now, "target": target_id}).rowcount)


def _facts(
    opened_at: int | None, next_probe_at: int | None, probe_until: int | None, failures: int, recent: str
) -> Facts:
    if (opened_at, failures, recent) == (None, 0, "[]"):
        return CLEAN
    return Facts(opened_at, next_probe_at, probe_until, failures, _decode_recent(recent))
