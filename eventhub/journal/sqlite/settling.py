"""Settling: attempts, and what became of their deliveries, in one transaction."""

import sqlite3
from collections.abc import Sequence

from eventhub.journal.port import Attempt, OutcomeState, Settled
from eventhub.journal.sqlite.appending import Appending
from eventhub.journal.sqlite.connections import as_json
from eventhub.journal.sqlite.numbers import Numbers
from eventhub.journal.sqlite.statements import delete, insert, update

ATTEMPT = insert(
    "attempt",
    "seq event_id delivery_id bus_id rule_id target_id number state started_at ended_at accepted_at status error"
    " reason_class phases request response next_at",
)
DEAD_LETTER = insert(
    "dead_letter",
    "seq event_id delivery_id bus_id bus rule_id rule target_id target reason_class reason status attempts first_at"
    " last_at dead_at",
)
OUTCOME = update("outcome", "state reason attempts first_at last_at due_at latency_us")
DUE_AGAIN = update("delivery", "due_at")
DONE = delete("delivery")


def apply_settled(
    db: sqlite3.Connection, numbers: Numbers, appending: Appending, settled: Sequence[Settled], now: int
) -> None:
    """Write attempts, outcomes and dead letters, and delete or postpone the deliveries."""
    attempts, outcomes, dead, done, again = [], [], [], [], []
    for one in settled:
        claimed, attempt = one.claimed, one.attempt
        event = claimed.stored.event
        ended_at = attempt.ended_at if attempt else now
        final = one.state is not OutcomeState.PENDING
        made = attempt.number if attempt else claimed.attempts
        first_at = claimed.first_at or (attempt.started_at if attempt else None)
        last_at = attempt.ended_at if attempt else None
        if attempt:
            attempts.append((numbers.take("attempt", 1), *_attempt_columns(one, attempt)))
        outcomes.append(
            (
                claimed.delivery_id,
                one.state.value,
                one.reason,
                made,
                first_at,
                last_at,
                None if final else one.due_at,
                ended_at - event.accepted_at if final else None,
            )
        )
        if final:
            done.append((claimed.delivery_id,))
        else:
            again.append((claimed.delivery_id, one.due_at))
        if one.state is OutcomeState.DEAD:
            dead.append(
                (
                    numbers.take("dead_letter", 1),
                    event.id.hex,
                    claimed.delivery_id,
                    event.bus_id,
                    event.bus,
                    claimed.rule_id,
                    claimed.rule,
                    claimed.target_id,
                    claimed.target,
                    one.reason_class.value if one.reason_class else "",
                    one.reason,
                    attempt.status if attempt else None,
                    made,
                    first_at,
                    last_at,
                    ended_at,
                )
            )
    ATTEMPT.run(db, attempts)
    OUTCOME.run(db, outcomes)
    DUE_AGAIN.run(db, again)
    DONE.run(db, done)
    DEAD_LETTER.run(db, dead)
    appending.store(db, [event for one in settled for event in one.entries])


def _attempt_columns(settled: Settled, attempt: Attempt) -> tuple[object, ...]:
    claimed = settled.claimed
    event = claimed.stored.event
    return (
        event.id.hex,
        claimed.delivery_id,
        event.bus_id,
        claimed.rule_id,
        claimed.target_id,
        attempt.number,
        settled.state.value,
        attempt.started_at,
        attempt.ended_at,
        event.accepted_at,
        attempt.status,
        attempt.error,
        attempt.reason_class.value if attempt.reason_class else "",
        as_json(attempt.phases).decode(),
        as_json(attempt.request).decode(),
        as_json(attempt.response).decode(),
        settled.due_at,
    )
