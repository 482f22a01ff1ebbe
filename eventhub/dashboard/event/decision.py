"""What followed an attempt, and why: the sentence below it. Pure."""

from dataclasses import dataclass
from datetime import datetime

from eventhub.domain.fault import ReasonClass
from eventhub.journal.port import OutcomeState

# Statuses whose meaning is that a later try may go better, beside those of 500 and more.
_FOR_NOW = {408: "timed out", 425: "was too early", 429: "was too much at once"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What came after an attempt, without a full stop, and when the next one is or was due."""

    glyph: str
    text: str
    tone: str  # ok, warn, bad or muted
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What of an attempt the decision hangs on. ``number`` counts since the delivery's budget began."""

    state: str  # the delivery's after it
    number: int
    error: str
    fault: str  # a ReasonClass; empty on success
    status: int | None
    next_at: datetime | None
    wait_ms: float | None = None  # until then
    retry_after: str = ""
    given_up: str = ""  # the dead letter's reason, if it made one


def decision(tried: Tried, *, max_attempts: int | None) -> Decision:
    """Return what followed; ``max_attempts`` are the target's now, None if it is deleted.

    >>> decision(Tried("pending", 1, "receiver answered 503", "receiver", 503, None), max_attempts=5).text
    'tried again, as the receiver may be back later (503): attempt 1 of at most 5'
    """
    if tried.state == OutcomeState.DELIVERED:
        return Decision("✓", "the target took it: nothing is left to do", "ok")
    if tried.state == OutcomeState.DEAD:
        return _given_up(tried)
    of = f": attempt {tried.number} of at most {max_attempts}" if max_attempts else ""
    asked = f". The receiver asked to wait (Retry-After: {tried.retry_after})" if tried.retry_after else ""
    return Decision("↻", f"tried again, as {_why(tried)}{of}{asked}", "warn", tried.next_at)


def _why(tried: Tried) -> str:
    match tried.fault:
        case ReasonClass.NETWORK:
            return "the network may be back later"
        case ReasonClass.OURS:
            return "the fault is ours and not the receiver's"
    if tried.status in _FOR_NOW:
        return f"the request {_FOR_NOW[tried.status]} ({tried.status})"
    return "the receiver may be back later" + (f" ({tried.status})" if tried.status else "")


def _given_up(tried: Tried) -> Decision:
    spent = tried.given_up.removeprefix(tried.error).lstrip("; ") if tried.given_up else ""
    if spent and tried.given_up.startswith(tried.error):
        return Decision("✕", f"given up: {spent}", "bad")
    if tried.fault == ReasonClass.RECEIVER:
        said = f" ({tried.status})" if tried.status else ""
        return Decision(
            "✕", f"given up at once: the receiver refused this request{said}, so it would again", "bad"
        )
    return Decision("✕", "given up at once: another try would fare no better", "bad")
