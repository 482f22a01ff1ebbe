"""What AWS's error codes mean for a delivery: one table.

===============================================  ========  ========  =====  =================================
code                                             decision  fault     shown  why
===============================================  ========  ========  =====  =================================
throttling, in each service's words              retry     receiver  429    it says itself: later
another 5xx                                      retry     receiver  as is  broken, perhaps for a moment
a token of an assumed role that ran out          retry     ours      401    a new one is fetched
a clock that is wrong, a signature too old       retry     ours      as is  until the clock is set
any other refusal of the credentials             give up   receiver  403    until a person changes something
nothing there: queue, topic, function, …         give up   receiver  404    likewise
another 4xx                                      give up   receiver  as is  the same would be refused again
===============================================  ========  ========  =====  =================================

``shown`` is the status that the attempt keeps: most services answer 400 to everything, and a dead letter is
to be found by what happened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventhub.domain.fault import ReasonClass
from eventhub.targets.kind import CallError
from eventhub.targets.mask import masked
from eventhub.targets.verdict import Decision, Fault, Verdict, of_fault


@dataclass(frozen=True, slots=True)
class _Meaning:
    decision: Decision
    fault: ReasonClass
    status: int | None = None  # to be shown; None: the answer's own


_THROTTLED = _Meaning(Decision.RETRY, ReasonClass.RECEIVER, 429)
_BROKEN = _Meaning(Decision.RETRY, ReasonClass.RECEIVER)
_RUN_OUT = _Meaning(Decision.RETRY, ReasonClass.OURS, 401)
_CLOCK = _Meaning(Decision.RETRY, ReasonClass.OURS)
_DENIED = _Meaning(Decision.GIVE_UP, ReasonClass.RECEIVER, 403)
_ABSENT = _Meaning(Decision.GIVE_UP, ReasonClass.RECEIVER, 404)
_REFUSED = _Meaning(Decision.GIVE_UP, ReasonClass.RECEIVER)

_EXPIRED = {"ExpiredToken", "ExpiredTokenException"}
_CODES: Mapping[_Meaning, set[str]] = {
    _THROTTLED: {
        "BandwidthLimitExceeded",
        "ConcurrentModificationException",
        "ExecutionLimitExceeded",
        "KMSThrottled",
        "KMSThrottlingException",
        "LimitExceededException",
        "OperationAbortedException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    },
    _BROKEN: {
        "InternalError",
        "InternalException",
        "InternalFailure",
        "RequestTimeout",
        "ServiceUnavailable",
    },
    _CLOCK: {"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"},
    _DENIED: {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "InvalidSignatureException",
        "KMSAccessDenied",
        "KMSAccessDeniedException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "NotAuthorizedForSourceException",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        *_EXPIRED,
    },
    _ABSENT: {
        "AWS.SimpleQueueService.NonExistentQueue",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "StateMachineDeleting",
        "StateMachineDoesNotExist",
    },
}
_BY_CODE = {code: meaning for meaning, codes in _CODES.items() for code in codes}
# A signature that came late, or before its time, has the code of a wrong one.
_CLOCK_WORDS = ("Signature expired", "Signature not yet current")


def refusal(
    service: str,
    code: str,
    message: str,
    status: int | None,
    *,
    role: bool = False,
    secrets: Sequence[str] = (),
) -> CallError:
    """Return what an error code means; ``role`` tells whether the credentials are an assumed role's."""
    meaning = _BY_CODE.get(code) or _by_status(status or 0)
    if code in _EXPIRED and role:
        meaning = _RUN_OUT
    if any(words in message for words in _CLOCK_WORDS):
        meaning = _CLOCK
    said = masked(f"{service} answered {code}{f': {message}' if message else ''}", secrets)
    return CallError(Verdict(meaning.decision, said, meaning.fault), status=meaning.status or status)


def _by_status(status: int) -> _Meaning:
    if status >= 500 or status == 408:
        return _BROKEN
    return {401: _DENIED, 403: _DENIED, 404: _ABSENT, 429: _THROTTLED}.get(status, _REFUSED)


def failure(service: str, error: Exception, *, role: bool = False, secrets: Sequence[str] = ()) -> CallError:
    """Return what an exception of botocore's means; it raises no others than these and CallError."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    if isinstance(error, exceptions.ClientError):
        told = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        code, message = str(told.get("Code") or status), str(told.get("Message") or "")
        return refusal(service, code.rpartition("#")[2], message, status, role=role, secrets=secrets)
    if isinstance(error, ResponseParserError):
        return CallError.of(Fault.NOT_HTTP, f"the answer of {service} cannot be read")
    return CallError(of_fault(Fault.INVALID, masked(f"not sent to {service}: {error}", secrets)))
