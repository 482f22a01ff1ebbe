"""What an attempt's result means for its delivery: one table for every kind of target.

===================================  =========  ========  ================================================
result                               decision   fault     why
===================================  =========  ========  ================================================
2xx                                  delivered
408, 425, 429, 5xx                   retry      receiver  it says itself that another time may do
3xx                                  give up    receiver  never followed: it could lead where no one meant
                                                          to send events, and the address stays wrong until
                                                          a person corrects it; a redrive serves then
410                                  give up    receiver  and the target is gone: it is to be disabled
other 4xx                            give up    receiver  the same request would be refused again
an answer that is not HTTP           retry      receiver  broken, perhaps for a moment
DNS, connection, TLS, time-out, cut  retry      network   no whole answer came
refused by the address guard         give up    ours      until the configuration changes
a request that cannot be sent        give up    ours      until the configuration changes
===================================  =========  ========  ================================================
"""

from dataclasses import dataclass
from enum import StrEnum

from eventhub.domain.fault import ReasonClass

RETRIED_STATUSES = {408, 425, 429}


class Decision(StrEnum):
    """What becomes of the delivery."""

    DELIVERED = "delivered"
    RETRY = "retry"  # unless its attempts or its time are used up
    GIVE_UP = "give-up"


class Fault(StrEnum):
    """What kept a whole answer from arriving."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN = "broken"  # the connection ended before the answer did
    NOT_HTTP = "not-http"  # the answer was not HTTP
    REFUSED = "refused"  # by our address guard
    INVALID = "invalid"  # the request cannot be sent


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision, with the sentence and the fault that people see."""

    decision: Decision
    reason: str = ""
    fault: ReasonClass | None = None
    gone: bool = False  # the receiver wants nothing any more: its target is to be disabled


DELIVERED = Verdict(Decision.DELIVERED)


def of_status(status: int, reason_phrase: str = "", location: str = "") -> Verdict:
    """Judge an answer by its status.

    >>> of_status(204).decision, of_status(503).decision, of_status(404).reason
    (<Decision.DELIVERED: 'delivered'>, <Decision.RETRY: 'retry'>, 'receiver answered 404')
    """
    if 200 <= status < 300:
        return DELIVERED
    said = f"receiver answered {status} {reason_phrase}".rstrip()
    if 300 <= status < 400:
        to = f" to {location}" if location else ""
        return Verdict(Decision.GIVE_UP, f"{said}: redirects{to} are not followed", ReasonClass.RECEIVER)
    if status == 410:
        return Verdict(Decision.GIVE_UP, said, ReasonClass.RECEIVER, gone=True)
    retried = status in RETRIED_STATUSES or status >= 500 or status < 200
    return Verdict(Decision.RETRY if retried else Decision.GIVE_UP, said, ReasonClass.RECEIVER)


def of_fault(fault: Fault, text: str) -> Verdict:
    """Judge an attempt that brought no whole answer; ``text`` says what happened."""
    if fault in (Fault.REFUSED, Fault.INVALID):
        return Verdict(Decision.GIVE_UP, text, ReasonClass.OURS)
    return Verdict(
        Decision.RETRY, text, ReasonClass.RECEIVER if fault is Fault.NOT_HTTP else ReasonClass.NETWORK
    )
