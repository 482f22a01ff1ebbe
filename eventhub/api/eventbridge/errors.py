"""Errors as EventBridge words them."""

from datetime import datetime
from typing import TypedDict

from django.conf import settings
from django.core.exceptions import ValidationError as ModelError

from eventhub.access.caller import Caller
from eventhub.domain.entry import Fault, Rejected


class AwsError(Exception):
    """A refused request. ``__type`` in the body is what clients go by, never a header."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def document(self) -> dict[str, str]:
        """Return the answer's body."""
        return {"__type": self.code, "message": self.message}


def denied(caller: Caller, action: str, resource: str) -> AwsError:
    """Return the error for what the caller's key does not allow; ``resource`` is an ARN."""
    policy = "resource-based" if caller.account else "identity-based"
    return AwsError(
        "AccessDeniedException",
        f"User: arn:aws:iam::{caller.account or settings.ACCOUNT_ID}:user/{caller.name} is not authorized to "
        f"perform: events:{action} on resource: {resource} because no {policy} policy allows the "
        f"events:{action} action",
    )


def over_quota() -> AwsError:
    """Return the error for one resource more than a quota lets there be."""
    return AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")


class FailedEntry(TypedDict):
    """What PutEvents answers for an entry that it did not take."""

    ErrorCode: str
    ErrorMessage: str


def validation_error(value: str, path: str, constraint: str) -> AwsError:
    """Return the error for a request that breaks a constraint of the service's model.

    >>> print(validation_error("a b", "name", "Member must …").message)
    1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must …
    """
    shown = value if value == "null" else f"'{value}'"
    return AwsError(
        "ValidationException",
        f"1 validation error detected: Value {shown} at '{path}' failed to satisfy constraint: {constraint}",
    )


_PARAMETERS = {"source": "Source", "detail-type": "DetailType", "detail": "Detail", "time": "Time"}


def failed_entry(rejected: Rejected) -> FailedEntry:
    """Return EventBridge's words for why an entry was rejected.

    >>> failed_entry(Rejected(Fault.MISSING, "source is required", "source"))["ErrorMessage"]
    'Parameter Source is not valid. Reason: Source is a required argument.'
    """
    match rejected.code:
        case Fault.MALFORMED_DETAIL:
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        case Fault.RESERVED_SOURCE | Fault.FORBIDDEN_SOURCE:
            return {
                "ErrorCode": "NotAuthorizedForSourceException",
                "ErrorMessage": "Not authorized for the source.",
            }
        case Fault.FORBIDDEN:  # the key's buses were changed while the request was on its way
            return {"ErrorCode": "AccessDeniedException", "ErrorMessage": rejected.message}
    member, _, _ = rejected.path.partition("[")
    parameter = _PARAMETERS.get(member, member.capitalize())
    reason = (
        f"{parameter} is a required argument." if rejected.code == Fault.MISSING else f"{rejected.message}."
    )
    return {
        "ErrorCode": "InvalidArgument",
        "ErrorMessage": f"Parameter {parameter} is not valid. Reason: {reason}",
    }


def model_refused(error: ModelError) -> AwsError:
    """Return the error for what our own validation refuses, which admin and REST share."""
    if hasattr(error, "error_dict"):
        said = "; ".join(f"{name}: {text}" for name, texts in error.message_dict.items() for text in texts)
    else:
        said = "; ".join(error.messages)
    return AwsError("ValidationException", said)


def seconds(moment: datetime) -> int:
    """Return a moment as answers give it: whole seconds since 1970, since the Java SDK reads no fractions."""
    return int(moment.timestamp())
