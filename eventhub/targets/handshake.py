"""The receiver's consent, as the CloudEvents webhook specification wants it before anything is delivered.

An OPTIONS request to the very URL names who asks (``WebHook-Request-Origin``, a DNS name) and how many
requests a minute are meant (``WebHook-Request-Rate``). The receiver consents by ``WebHook-Allowed-Origin``,
which repeats the name or is ``*``, and by ``WebHook-Allowed-Rate``; its status means nothing. What it said is
remembered for a day by each process; deliveries then carry ``WebHook-Request-Origin``. A receiver that does
not consent may do so later: the attempt has failed and is tried again as the target's policy says.
"""

import threading
from collections.abc import Hashable

from eventhub.domain.fault import ReasonClass
from eventhub.targets.http import Reply, Request
from eventhub.targets.kind import Errand
from eventhub.targets.verdict import Decision, Verdict, of_fault

REQUEST_ORIGIN = "WebHook-Request-Origin"
REQUEST_RATE = "WebHook-Request-Rate"
ALLOWED_ORIGIN = "webhook-allowed-origin"
ALLOWED_RATE = "webhook-allowed-rate"
VALID_MICROSECONDS = 86_400 * 1_000_000
MAX_REMEMBERED = 10_000


class Consents:
    """The consents that this process has been given. Safe to use from any thread."""

    def __init__(self) -> None:
        self._until: dict[Hashable, int] = {}
        self._lock = threading.Lock()

    def errand(self, request: Request, origin: str, rate: int | None, *, now: int) -> Errand | None:
        """Return the OPTIONS exchange that must come first, or None if there is a consent.

        ``request`` says where and with which headers; ``rate`` is in requests a minute, None for no promise.
        """
        key = (request.url, origin.lower(), rate)
        with self._lock:
            if self._until.get(key, 0) > now:
                return None

        def done(reply: Reply) -> Verdict | None:
            refusal = refused(reply, origin, rate)
            if refusal is None:
                with self._lock:
                    while len(self._until) >= MAX_REMEMBERED:
                        self._until.pop(next(iter(self._until)))
                    self._until[key] = now + VALID_MICROSECONDS
            return refusal

        return Errand(key, request, done)


def refused(reply: Reply, origin: str, rate: int | None) -> Verdict | None:
    """Say why the reply to an OPTIONS request is no consent, or None if it is one."""
    if reply.fault is not None:
        verdict = of_fault(reply.fault, reply.error)
        return Verdict(verdict.decision, f"asking for consent: {verdict.reason}", verdict.fault)
    allowed = reply.header(ALLOWED_ORIGIN).strip()
    if allowed != "*" and allowed.lower() != origin.lower():
        found = f"{allowed[:256]!r}" if allowed else f"none in its answer {reply.status}"
        return _no(f"wanted WebHook-Allowed-Origin: {origin} or *, found {found}")
    return _refused_rate(reply.header(ALLOWED_RATE).strip(), rate)


def _refused_rate(granted: str, rate: int | None) -> Verdict | None:
    # A receiver that leaves the rate out breaks the specification; many do, and mean any rate.
    if granted in ("", "*"):
        return None
    if not (granted.isascii() and granted.isdigit() and len(granted) < 19):
        return _no(f"wanted WebHook-Allowed-Rate: a number or *, found {granted[:64]!r}")
    if rate is None:
        return _no(f"it allows {int(granted)} requests a minute, the target has no limit: give it one")
    if int(granted) < rate:
        return _no(f"it allows {int(granted)} requests a minute, the target's limit is {rate}: lower it")
    return None


def _no(text: str) -> Verdict:
    return Verdict(Decision.RETRY, f"the receiver does not consent: {text}", ReasonClass.RECEIVER)
