"""One attempt of a kind of AWS, as tests make them."""

from typing import Any

from eventhub.domain.addresses import AddressGuard
from eventhub.targets.callers import call
from eventhub.targets.kind import CallKind, Result
from eventhub.targets.kinds import kind_of
from eventhub.targets.verdict import Decision
from tests.targets.orders import PUBLIC_ONLY, order_for

SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
TOKEN = "a-session-token-that-nobody-may-read"
KEYS = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": SECRET}


def attempt(
    name: str, arn: str, endpoint_url: str, *, guard: AddressGuard = PUBLIC_ONLY, **changes: Any
) -> Result:
    """Make one attempt; ``changes`` are settings of the kind, or parts of the order if it has such."""
    kind = kind_of(name)
    assert isinstance(kind, CallKind)
    parts = {
        part: changes.pop(part)
        for part in ("body", "attributes", "message_id", "timeout_seconds", "now", "traces")
        if part in changes
    }
    settings = {"arn": arn, **KEYS, "aws_endpoint_url": endpoint_url, **changes}
    return call(kind, order_for(kind, settings, **parts), guard)


def delivered(result: Result) -> dict[str, Any]:
    """Return what is kept of the answer to an attempt that must have delivered."""
    assert result.verdict.decision is Decision.DELIVERED, result.verdict.reason
    return dict(result.response)
