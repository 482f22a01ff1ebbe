"""Settling: attempts, and what became of their deliveries, in one transaction, fenced by the lease id."""

from collections.abc import Sequence

import psycopg

from eventhub.journal import columns
from eventhub.journal.port import OutcomeState, Settled
from eventhub.journal.postgres.appending import store
from eventhub.journal.postgres.copying import copy

DONE = """
    DELETE FROM delivery d USING unnest(%s::bigint[], %s::bigint[]) AS s(seq, lease_id)
    WHERE d.seq = s.seq AND d.lease_id = s.lease_id RETURNING d.seq
"""
DUE_AGAIN = """
    UPDATE delivery d SET due_at = s.due_at, lease_id = NULL
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS s(seq, lease_id, due_at)
    WHERE d.seq = s.seq AND d.lease_id = s.lease_id RETURNING d.seq
"""
# The bounds let the planner leave out the other days.
OUTCOME = f"""
    UPDATE outcome o SET {",".join(f"{name}=s.{name}" for name in columns.OUTCOME_SETTLED)}
    FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::text[], %s::int[], %s::bigint[], %s::bigint[],
        %s::bigint[],
        %s::bigint[]) AS s(seq, event_id, {",".join(columns.OUTCOME_SETTLED)})
    WHERE o.event_id = s.event_id AND o.seq = s.seq AND o.event_id BETWEEN %s AND %s
"""  # noqa: S608 - our columns


def settle(db: psycopg.Connection, settled: Sequence[Settled], now: int) -> list[bool]:
    """Write what became of the deliveries that are still under these leases; tell which were."""
    with db.transaction():
        ours = _let_go(db, settled)
        mine = [(one, columns.standing(one, now)) for one in settled if one.claimed.delivery_id in ours]
        if mine:
            ids = [one.claimed.stored.event.id for one, _at in mine]
            values = [
                (one.claimed.delivery_id, event_id, *columns.settled_columns(one, at))
                for (one, at), event_id in zip(mine, ids, strict=True)
            ]
            db.execute(OUTCOME, (*(list(column) for column in zip(*values, strict=True)), min(ids), max(ids)))
            copy(
                db,
                "attempt",
                columns.ATTEMPT,
                (
                    columns.attempt_columns(one, one.attempt, one.claimed.stored.event.id)
                    for one, _at in mine
                    if one.attempt
                ),
            )
            dead = [pair for pair in mine if pair[0].state is OutcomeState.DEAD]
            if dead:
                copy(
                    db,
                    "dead_letter",
                    columns.DEAD_LETTER,
                    (columns.dead_letter_columns(one, at, one.claimed.stored.event.id) for one, at in dead),
                )
            entries = [event for one, _at in mine for event in one.entries]
            if entries:
                store(db, entries)
    return [one.claimed.delivery_id in ours for one in settled]


def _let_go(db: psycopg.Connection, settled: Sequence[Settled]) -> set[int]:
    """Delete or postpone the deliveries; return those whose lease was still ours."""
    ours: set[int] = set()
    done = [one.claimed for one in settled if one.state is not OutcomeState.PENDING]
    if done:
        ours.update(
            seq
            for (seq,) in db.execute(
                DONE, ([one.delivery_id for one in done], [one.lease_id for one in done])
            )
        )
    again = [one for one in settled if one.state is OutcomeState.PENDING]
    if again:
        values = (
            [one.claimed.delivery_id for one in again],
            [one.claimed.lease_id for one in again],
            [one.due_at for one in again],
        )
        ours.update(seq for (seq,) in db.execute(DUE_AGAIN, values))
    return ours
