"""What the JSON columns may hold that EventBridge's door fills, and reads without another look.

The door's own validation judges them, as members of its requests, and statements of a policy as there.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.db import models

from eventhub.api.eventbridge import tags
from eventhub.api.eventbridge.errors import AwsError
from eventhub.api.eventbridge.validation import validated
from eventhub.api.importing.report import ImportRefusedError
from eventhub.domain import jsontext
from eventhub.domain.policy import refused_statement
from eventhub.models import Archive, Bus, Rule, RuleTarget

_ARN = "arn:aws:sqs:us-east-1:000000000000:any"
_BUS_ARN = "arn:aws:events:us-east-1:000000000000:event-bus/any"


def check_column(model: type[models.Model], name: str, value: Any) -> None:
    """Raise ImportRefusedError unless a JSON column may hold the value."""
    check = _CHECKS.get((model, name))
    if check is None:
        return  # the model's own clean() does
    try:
        check(value)
    except AwsError as error:
        raise ImportRefusedError(f"{name}: {error.message}") from error


def _policy(said: Any) -> None:
    if not isinstance(said, list):
        raise ImportRefusedError(f"policy: wanted a list of statements, found {_kind(said)}")
    for place, one in enumerate(said):
        if reason := refused_statement(one):
            raise ImportRefusedError(f"policy[{place}]: {reason}")


def _tags(said: Any) -> None:
    if not isinstance(said, dict):
        raise ImportRefusedError(f"tags: wanted an object, found {_kind(said)}")
    listed = [{"Key": key, "Value": value} for key, value in said.items()]
    request = _validated("TagResource", {"ResourceARN": _BUS_ARN, "Tags": listed}, "tags")
    tags.read(request["Tags"])


def _told(operation: str, members: tuple[str, ...], beside: Mapping[str, Any]) -> Callable[[Any], None]:
    def check(said: Any) -> None:
        _check_members(said, members)
        _validated(operation, {**beside, **said}, "told")

    return check


def _told_of_rule(said: Any) -> None:
    _check_members(said, ("RoleArn", "State"))
    _validated("PutRule", {"Name": "any", **said}, "told")
    if said.get("State") in {"ENABLED", "DISABLED"}:
        raise ImportRefusedError("told.State: wanted none beside enabled, found " + said["State"])


def _told_of_target(said: Any) -> None:
    if not isinstance(said, dict):
        raise ImportRefusedError(f"told: wanted an object, found {_kind(said)}")
    if wrong := sorted({"Id", "Input", "InputPath", "InputTransformer", "DeadLetterConfig"} & said.keys()):
        raise ImportRefusedError(f"told: {', '.join(wrong)} has its own place")
    request = {"Rule": "any", "Targets": [{"Id": "any", "Arn": _ARN, **said}]}
    _validated("PutTargets", request, "told")


def _check_members(said: Any, members: tuple[str, ...]) -> None:
    if not isinstance(said, dict):
        raise ImportRefusedError(f"told: wanted an object, found {_kind(said)}")
    if unknown := sorted(said.keys() - set(members)):
        raise ImportRefusedError(f"told: unknown: {', '.join(unknown)}; known are: {', '.join(members)}")


def _validated(operation: str, request: dict[str, Any], where: str) -> dict[str, Any]:
    """Return a request as the door reads it, if it reads all of it."""
    document = jsontext.decode(json.dumps(request).encode())
    found = validated(operation, document)
    if found != document:
        raise ImportRefusedError(f"{where}: wanted members that {operation} knows, each with a value")
    return found


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {value!r:.60}"


_CHECKS: Mapping[tuple[type[models.Model], str], Callable[[Any], None]] = {
    (Bus, "policy"): _policy,
    (Bus, "tags"): _tags,
    (Bus, "told"): _told(
        "CreateEventBus", ("KmsKeyIdentifier", "DeadLetterConfig", "LogConfig"), {"Name": "any"}
    ),
    (Archive, "told"): _told(
        "CreateArchive", ("KmsKeyIdentifier",), {"ArchiveName": "any", "EventSourceArn": _BUS_ARN}
    ),
    (Rule, "tags"): _tags,
    (Rule, "told"): _told_of_rule,
    (RuleTarget, "told"): _told_of_target,
}
