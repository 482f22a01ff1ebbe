"""Settling: attempts, and what became of their deliveries, in one transaction."""

import sqlite3
from collections.abc import Sequence

from eventhub.journal import columns
from eventhub.journal.port import OutcomeState, Settled
from eventhub.journal.sqlite.appending import Appending
from eventhub.journal.sqlite.numbers import Numbers
from eventhub.journal.sqlite.statements import delete, insert, update

ATTEMPT = insert("attempt", ["seq", *columns.ATTEMPT])
DEAD_LETTER = insert("dead_letter", ["seq", *columns.DEAD_LETTER])
OUTCOME = update("outcome", columns.OUTCOME_SETTLED)
DUE_AGAIN = update("delivery", ["due_at"])
DONE = delete("delivery")


def apply_settled(
    db: sqlite3.Connection, numbers: Numbers, appending: Appending, settled: Sequence[Settled], now: int
) -> None:
    """Write attempts, outcomes and dead letters, and delete or postpone the deliveries."""
    attempts, outcomes, dead, done, again = [], [], [], [], []
    for one in settled:
        delivery_id, event_id = one.claimed.delivery_id, one.claimed.stored.event.id.hex
        at = columns.standing(one, now)
        if one.attempt:
            attempts.append(
                (numbers.take("attempt", 1), *columns.attempt_columns(one, one.attempt, event_id))
            )
        outcomes.append((delivery_id, *columns.settled_columns(one, at)))
        if at.final:
            done.append((delivery_id,))
        else:
            again.append((delivery_id, one.due_at))
        if one.state is OutcomeState.DEAD:
            dead.append((numbers.take("dead_letter", 1), *columns.dead_letter_columns(one, at, event_id)))
    ATTEMPT.run(db, attempts)
    OUTCOME.run(db, outcomes)
    DUE_AGAIN.run(db, again)
    DONE.run(db, done)
    DEAD_LETTER.run(db, dead)
    appending.store(db, [event for one in settled for event in one.entries])
