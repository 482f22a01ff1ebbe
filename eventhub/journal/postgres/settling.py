"""Settling: attempts and what they make of deliveries and circuits, in one transaction, fenced by lease."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from eventhub.journal import columns
from eventhub.journal.circuits import CLEAN, changes, moved
from eventhub.journal.limits import BEHIND
from eventhub.journal.port import OutcomeState, Settled
from eventhub.journal.postgres import routing, states
from eventhub.journal.postgres.appending import store
from eventhub.journal.postgres.copying import copy

DONE = """
    DELETE FROM delivery d USING unnest(%s::bigint[], %s::bigint[]) AS s(seq, lease_id)
    WHERE d.seq = s.seq AND d.lease_id = s.lease_id RETURNING d.seq
"""
DUE_AGAIN = """
    UPDATE delivery d SET due_at = s.due_at, lease_id = NULL, holder = NULL, failed = s.failed
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::boolean[]) AS s(seq, lease_id, due_at, failed)
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
# The next of each key goes when the one before it is settled for good.
NEXT_OF_KEYS = """
    UPDATE delivery d SET due_at = %(now)s FROM unnest(%(targets)s::bigint[], %(keys)s::text[])
        AS k(target_id, key)
    WHERE d.due_at = %(behind)s AND d.seq = (
        SELECT seq FROM delivery n WHERE n.target_id = k.target_id AND n.fifo_key = k.key ORDER BY seq LIMIT 1
    )
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a settlement did, for its caller and for those who wait for something to be due."""

    held: list[bool]
    due: bool


def settle(db: psycopg.Connection, settled: Sequence[Settled], now: int) -> Moved:
    """Write what became of the deliveries that are still under these leases."""
    routing.make_states(db, [one.successor for one in settled if one.successor])
    with db.transaction():
        ours = _let_go(db, settled)
        mine = [one for one in settled if one.claimed.delivery_id in ours]
        due = any(one.state is OutcomeState.PENDING for one in mine)
        if mine:
            _record(db, [(one, columns.standing(one, now)) for one in mine])
            due = _move_states(db, mine, now) or due
    return Moved([one.claimed.delivery_id in ours for one in settled], due)


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
            [columns.standing(one, 0).attempts > 0 for one in again],
        )
        ours.update(seq for (seq,) in db.execute(DUE_AGAIN, values))
    return ours


def _record(db: psycopg.Connection, mine: Sequence[tuple[Settled, columns.Standing]]) -> None:
    """Write outcomes, attempts, dead letters, and the entries of bus targets."""
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


def _move_states(db: psycopg.Connection, mine: Sequence[Settled], now: int) -> bool:
    """Do what needs the targets' locks: circuits, FIFO keys, successors; tell whether something fell due."""
    ended = {
        (one.claimed.target_id, one.claimed.fifo_key)
        for one in mine
        if one.claimed.fifo_key is not None and one.state is not OutcomeState.PENDING
    }
    successors = [(one.claimed.stored.event, one.successor, now) for one in mine if one.successor]
    must = {target_id for target_id, _key in ended}
    must.update(target_id for target_id, _key in columns.turns_of(new for _event, new, _at in successors))
    must.update(one.claimed.target_id for one in mine if changes(one))
    was = states.lock(db, must, {one.claimed.target_id for one in mine})
    became = {
        target_id: moved(facts, (one for one in mine if one.claimed.target_id == target_id), now)
        for target_id, facts in was.items()
    }
    changed = {target_id: facts for target_id, facts in became.items() if facts != was[target_id]}
    states.keep(db, changed)
    due = any(facts == CLEAN for facts in changed.values()) or bool(successors)
    if ended:
        targets, keys = (list(part) for part in zip(*ended, strict=True))
        asked = {"now": now, "targets": targets, "keys": keys, "behind": BEHIND}
        due = db.execute(NEXT_OF_KEYS, asked).rowcount > 0 or due
    if successors:
        routing.make(db, successors)
    return due
