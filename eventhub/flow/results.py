"""What an attempt's result makes of its delivery: delivered, due again, or dead. Decides only."""

import logging
from collections.abc import Mapping

from eventhub.domain.backoff import Backoff
from eventhub.flow.rulebook import TargetInForce
from eventhub.journal.port import Attempt, Claimed, NewEvent, OutcomeState, ReasonClass, Settled
from eventhub.targets.verdict import Decision, Verdict

log = logging.getLogger("eventhub.deliver")


def settled(
    claimed: Claimed,
    target: TargetInForce,
    verdict: Verdict,
    *,
    started_at: int,
    ended_at: int,
    backoff: Backoff,
    dice: float,
    status: int | None = None,
    phases: Mapping[str, float] | None = None,
    request: Mapping[str, object] | None = None,
    response: Mapping[str, object] | None = None,
    entries: tuple[NewEvent, ...] = (),
) -> Settled:
    """Return how an attempt leaves its delivery; moments in microseconds, ``dice`` from 0 to 1."""
    attempt = Attempt(
        number=claimed.attempts + 1,
        started_at=started_at,
        ended_at=ended_at,
        status=status,
        error=verdict.reason,
        reason_class=verdict.fault,
        phases=phases or {},
        request=request or {},
        response=response or {},
    )
    if verdict.decision is Decision.DELIVERED:
        return Settled(claimed, OutcomeState.DELIVERED, attempt, entries=entries)
    if verdict.decision is Decision.GIVE_UP:
        return Settled(claimed, OutcomeState.DEAD, attempt, reason_class=verdict.fault, reason=verdict.reason)
    due_at = ended_at + int(backoff.wait_seconds(attempt.number, dice) * 1_000_000)
    spent = _spent(claimed, target, attempt.number, due_at)
    if spent:
        reason = f"{verdict.reason}; {spent}"
        return Settled(claimed, OutcomeState.DEAD, attempt, reason_class=verdict.fault, reason=reason)
    return Settled(claimed, OutcomeState.PENDING, attempt, due_at=due_at, reason=verdict.reason)


def deleted(claimed: Claimed, what: str) -> Settled:
    """Return a delivery as dead because its target or rule does not exist any more."""
    fields = {"delivery": claimed.delivery_id, "outcome": "dead", "reason": f"{what} deleted"}
    log.info("delivery.not_attempted", extra={"fields": fields})
    return Settled(claimed, OutcomeState.DEAD, reason_class=ReasonClass.OURS, reason=f"{what} deleted")


def _spent(claimed: Claimed, target: TargetInForce, attempts: int, due_at: int) -> str:
    """Say what is used up, if no further attempt may be made."""
    if attempts >= target.max_attempts:
        return f"attempt {attempts} of {target.max_attempts} was the last"
    if due_at - claimed.stored.event.accepted_at > target.max_age_seconds * 1_000_000:
        return f"the next attempt would be later than {target.max_age_seconds} s after the event was accepted"
    return ""


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
