"""TestEventPattern: by the parser and the matcher that rules are saved and routed with."""

from typing import Any

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.errors import AwsError, denied
from eventhub.api.eventbridge.names import bus_arn
from eventhub.domain import jsontext
from eventhub.domain.pattern import Pattern, PatternError, Verdict, match, parse
from eventhub.models import DEFAULT_BUS

# Without ``resources`` and ``detail``, which AWS's documentation wants and AWS does not.
WANTED = ("id", "account", "source", "time", "region", "detail-type")


def answer(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer TestEventPattern: whether a pattern holds for an event."""
    if not caller.may(Scope.RULES_READ):
        raise denied(caller, "TestEventPattern", bus_arn(DEFAULT_BUS))
    pattern = parsed(request["EventPattern"])
    try:
        event = jsontext.decode(request["Event"].encode())
    except jsontext.JsonTextError:
        event = None
    if not isinstance(event, dict) or not all(name in event for name in WANTED):
        raise AwsError("ValidationException", "Parameter Event is not valid.")
    verdict = match(pattern, event)
    if verdict is Verdict.TOO_COMPLEX:
        # AWS has no word for it; an error that SDKs know and do not try again, rather than an untrue result.
        raise AwsError(
            "InvalidEventPatternException",
            "Event pattern is not valid. Reason: Rule is too complex - asking this event was given up",
        )
    return {"Result": verdict is Verdict.MATCH}


def parsed(text: str) -> Pattern:
    """Return a pattern; raises AwsError in the reference's words."""
    try:
        return parse(text)
    except PatternError as error:
        raise AwsError(
            "InvalidEventPatternException",
            f"Event pattern is not valid. Reason: {error.reference_text or error}",
        ) from error
