"""Dead-letter targets: where a delivery that died is delivered too, with the reason as EventBridge tells it.

The event goes there as it came, not as the rule's transform made it, in the dead-letter target's own format.
It is a delivery like any other, with its own attempts and its own number, but for two things: it dies without
another dead-letter target, so that two targets which name each other make no circle, and it does not ask
whether its rule still exists.
"""

from dataclasses import replace

from django.conf import settings

from eventhub.domain.arn import rule_arn, target_arn
from eventhub.domain.fault import ReasonClass
from eventhub.flow.fifo import fifo_key
from eventhub.flow.payload import envelope_of
from eventhub.flow.rulebook import Rulebook
from eventhub.flow.target import TargetInForce
from eventhub.journal.port import Claimed, NewDelivery, OutcomeState, Settled

# EventBridge's words, by status.
_CODES = {401: "NO_PERMISSIONS", 403: "NO_PERMISSIONS", 404: "NO_RESOURCE", 429: "THROTTLING"}
MAX_MESSAGE = 1024  # characters


def is_dead_letter(claimed: Claimed) -> bool:
    """Tell whether a delivery is one to a dead-letter target."""
    return bool(claimed.attributes)


def with_successor(settled: Settled, target: TargetInForce | None, rulebook: Rulebook) -> Settled:
    """Return what became of a delivery; if it died, with the delivery to its target's dead-letter target."""
    if settled.state is not OutcomeState.DEAD or target is None or is_dead_letter(settled.claimed):
        return settled
    beyond = rulebook.targets.get(target.dead_letter_target_id or 0)
    if beyond is None:
        return settled
    claimed = settled.claimed
    decoded = envelope_of(claimed.stored.event).decoded() if beyond.fifo_path else {}
    return replace(
        settled,
        successor=NewDelivery(
            rule_id=claimed.rule_id,
            rule=claimed.rule,
            rule_version=claimed.rule_version,
            target_id=beyond.id,
            target=beyond.name,
            reason=f"dead letter of target {target.name}",
            fifo_key=fifo_key(beyond.fifo_path, decoded) if beyond.fifo_path else None,
            attributes=attributes_of(settled, target),
        ),
    )


def attributes_of(dead: Settled, target: TargetInForce) -> dict[str, str]:
    """Return EventBridge's six attributes of a dead letter; what was given up at once exhausted nothing."""
    claimed, attempt = dead.claimed, dead.attempt
    where = {"region": settings.REGION, "account": settings.ACCOUNT_ID}
    arn = target.config.get("arn")
    told = {
        "RULE_ARN": rule_arn(claimed.stored.event.bus, claimed.rule, **where),
        "TARGET_ARN": arn if isinstance(arn, str) and arn else target_arn(target.name, **where),
        "ERROR_CODE": _error_code(dead),
        "ERROR_MESSAGE": dead.reason[:MAX_MESSAGE],
        "RETRY_ATTEMPTS": str(max(0, (attempt.number if attempt else claimed.attempts) - 1)),
    }
    exhausted = _exhausted(dead, target)
    return {**told, "EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else told


def _error_code(dead: Settled) -> str:
    status = dead.attempt.status if dead.attempt else None
    match dead.reason_class:
        case ReasonClass.RECEIVER:
            return _CODES.get(status or 0, "ERROR_FROM_TARGET")
        case ReasonClass.NETWORK:
            return "TIMEOUT" if "timed out" in dead.reason else "CONNECTION_FAILURE"
    return "INTERNAL_ERROR"


def _exhausted(dead: Settled, target: TargetInForce) -> str:
    attempt = dead.attempt
    if attempt is None or dead.reason == attempt.error:  # otherwise the reason adds what is used up
        return ""
    made = attempt.number - dead.claimed.budget_from
    last = made >= target.policy.max_attempts or target.policy.wait_seconds(made, 0) is None
    return "MaximumRetryAttempts" if last else "MaximumEventAgeInSeconds"
