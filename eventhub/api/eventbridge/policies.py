"""Bus policies: statements of who else may put events on a bus."""

import json
from typing import Any

from django.db import transaction

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.errors import AwsError
from eventhub.api.eventbridge.names import bus_arn, find_bus
from eventhub.domain import jsontext
from eventhub.domain.policy import refused_statement
from eventhub.flow.configure import take_effect
from eventhub.models import Bus

VERSION = "2012-10-17"
MAX_POLICY_BYTES = 10_240  # AWS: "The maximum size of an event bus policy is 10 KB"


def put(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer PutPermission: one statement by its members, or the whole policy as a document."""
    with transaction.atomic():
        bus = find_bus(request.get("EventBusName"), caller, Scope.ADMIN, "PutPermission", changes=True)
        if "Policy" in request:
            bus.policy = _read(request["Policy"])
        else:
            statement = _statement(bus, request)
            others = [one for one in bus.policy if one.get("Sid") != statement["Sid"]]
            bus.policy = [*others, statement]
        if len(document(bus)) > MAX_POLICY_BYTES:
            raise AwsError(
                "PolicyLengthExceededException",
                f"The event bus policy is too long: wanted at most {MAX_POLICY_BYTES} characters.",
            )
        bus.save(update_fields=["policy", "updated_at"])
        take_effect()
    return {}


def remove(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer RemovePermission: one statement by its id, or all of them."""
    with transaction.atomic():
        bus = find_bus(request.get("EventBusName"), caller, Scope.ADMIN, "RemovePermission", changes=True)
        if request.get("RemoveAllPermissions"):
            left = []
        else:
            left = [one for one in bus.policy if one.get("Sid") != request.get("StatementId")]
            if len(left) == len(bus.policy):
                raise AwsError("ResourceNotFoundException", "Statement with the provided id does not exist.")
        bus.policy = left
        bus.save(update_fields=["policy", "updated_at"])
        take_effect()
    return {}


def document(bus: Bus) -> str:
    """Return a bus's policy as AWS gives it: the text of a JSON object."""
    return json.dumps({"Version": VERSION, "Statement": bus.policy}, separators=(",", ":"))


def _statement(bus: Bus, request: dict[str, Any]) -> dict[str, Any]:
    for name in ("Action", "Principal", "StatementId"):
        if name not in request:
            raise AwsError("ValidationException", f"Parameter {name} must be specified.")
    principal = request["Principal"]
    statement = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": request["Action"],
        "Resource": bus_arn(bus.name),
    }
    if condition := request.get("Condition"):
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement


def _read(text: str) -> list[dict[str, Any]]:
    try:
        said = jsontext.plain(jsontext.decode(text.encode()))
    except RecursionError as error:
        raise AwsError(
            "ValidationException", "Parameter Policy is not valid. Reason: it is nested too deeply."
        ) from error
    except jsontext.JsonTextError as error:
        raise AwsError("ValidationException", f"Parameter Policy is not valid. Reason: {error}.") from error
    statements = said.get("Statement") if isinstance(said, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        raise AwsError(
            "ValidationException", "Parameter Policy is not valid. Reason: wanted a list of statements."
        )
    for place, one in enumerate(statements):
        if reason := refused_statement(one):
            where = f"statement {place + 1}"
            raise AwsError(
                "ValidationException", f"Parameter Policy is not valid. Reason: {where}: {reason}."
            )
    return statements
