"""What an attempt's result makes of its delivery: delivered, due again, or dead. Decides only."""

import logging

from eventhub.domain.redaction import REASON
from eventhub.domain.retry import RetryPolicy, due_after, read_retry_after
from eventhub.journal.port import Attempt, Claimed, NewEvent, OutcomeState, ReasonClass, Settled
from eventhub.targets.kind import Result
from eventhub.targets.verdict import Decision

log = logging.getLogger("eventhub.deliver")


def settled(
    claimed: Claimed,
    policy: RetryPolicy,
    result: Result,
    *,
    dice: float,
    entries: tuple[NewEvent, ...] = (),
) -> Settled:
    """Return how an attempt leaves its delivery; ``dice`` from 0 to 1."""
    verdict = result.verdict
    attempt = Attempt(
        number=claimed.attempts + 1,
        started_at=result.started_at,
        ended_at=result.ended_at,
        status=result.status,
        error=verdict.reason,
        reason_class=verdict.fault,
        phases=result.phases,
        request=result.request,
        response=result.response,
    )
    if verdict.decision is Decision.DELIVERED:
        return Settled(claimed, OutcomeState.DELIVERED, attempt, entries=entries)
    if verdict.decision is not Decision.RETRY:
        return Settled(
            claimed,
            OutcomeState.DEAD,
            attempt,
            reason_class=verdict.fault,
            reason=verdict.reason,
            refused=verdict.fault is ReasonClass.RECEIVER,
        )
    made = attempt.number - claimed.budget_from
    begins_at = _budget_begins_at(claimed)
    due_at = due_after(
        policy,
        accepted_at=begins_at,
        attempts=made,
        now=result.ended_at,
        dice=dice,
        retry_after_seconds=read_retry_after(result.retry_after, now=result.ended_at),
    )
    spent = policy.spent(accepted_at=begins_at, attempts=made, due_at=due_at)
    if spent:
        reason = f"{verdict.reason}; {spent}"
        return Settled(claimed, OutcomeState.DEAD, attempt, reason_class=verdict.fault, reason=reason)
    return Settled(claimed, OutcomeState.PENDING, attempt, due_at=due_at, reason=verdict.reason)


def deleted(claimed: Claimed, what: str) -> Settled:
    """Return a delivery as dead because its target or rule does not exist any more."""
    fields = {"delivery": claimed.delivery_id, "outcome": "dead", "reason": f"{what} deleted"}
    log.info("delivery.not_attempted", extra={"fields": fields})
    return Settled(claimed, OutcomeState.DEAD, reason_class=ReasonClass.OURS, reason=f"{what} deleted")


def withheld(claimed: Claimed) -> Settled:
    """Return a delivery as dead because its event was redacted: what is left of it is sent to nobody."""
    fields = {"delivery": claimed.delivery_id, "outcome": "dead", "reason": REASON}
    log.info("delivery.not_attempted", extra={"fields": fields})
    return Settled(claimed, OutcomeState.DEAD, reason_class=ReasonClass.OURS, reason=REASON)


def _budget_begins_at(claimed: Claimed) -> int:
    """Return the moment from which the policy counts: the event's acceptance, or a later second chance.

    A dead letter's own delivery is young when its event is old, and so is a redriven one.
    """
    if claimed.redriven_at is not None:
        return claimed.redriven_at
    return claimed.routed_at if claimed.attributes else claimed.stored.event.accepted_at


def log_attempt(result: Settled) -> None:
    """Write the attempt's one line: failures always, successes for those who look closely."""
    level = logging.DEBUG if result.state is OutcomeState.DELIVERED else logging.INFO
    attempt = result.attempt
    if attempt is None or not log.isEnabledFor(level):
        return
    fields: dict[str, object] = {
        "delivery": result.claimed.delivery_id,
        "event": result.claimed.stored.event.id,
        "target": result.claimed.target,
        "attempt": attempt.number,
        "outcome": "retry" if result.state is OutcomeState.PENDING else result.state,
    }
    if attempt.status is not None:
        fields["status"] = attempt.status
    if attempt.error:
        fields["error"] = attempt.error
    if result.due_at is not None:
        fields["next_in"] = f"{(result.due_at - attempt.ended_at) / 1_000_000:.1f}s"
    log.log(level, "delivery.attempted", extra={"fields": fields})
