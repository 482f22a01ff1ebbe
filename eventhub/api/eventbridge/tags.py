"""Tags on buses and rules."""

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.errors import AwsError
from eventhub.api.eventbridge.names import find_bus, find_rule
from eventhub.models import DEFAULT_BUS, Bus, Rule

MAX_TAGS = 50
RESERVED = "aws:"
_PARTITION = re.compile(r"arn:aws[\w-]*", re.ASCII)


def list_all(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListTagsForResource."""
    row = _tagged(request["ResourceARN"], caller, Scope.RULES_READ, "ListTagsForResource")
    return {"Tags": [{"Key": key, "Value": value} for key, value in row.tags.items()]}


def add(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer TagResource: a key that is there gets the new value."""
    with transaction.atomic():
        row = _tagged(request["ResourceARN"], caller, Scope.RULES_WRITE, "TagResource", changes=True)
        _keep(row, row.tags | read(request["Tags"]))
    return {}


def remove(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer UntagResource; keys that are not there do not matter."""
    with transaction.atomic():
        row = _tagged(request["ResourceARN"], caller, Scope.RULES_WRITE, "UntagResource", changes=True)
        _keep(row, {key: value for key, value in row.tags.items() if key not in request["TagKeys"]})
    return {}


def read(tags: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return a request's tags by key; raises AwsError for one that is reserved or comes twice."""
    found: dict[str, str] = {}
    for tag in tags:
        key = tag["Key"]
        if key.lower().startswith(RESERVED):
            raise AwsError(
                "ValidationException", f"Tag keys that begin with {RESERVED} are reserved, found {key}."
            )
        if key in found:
            raise AwsError("ValidationException", f"The tag key {key} is given more than once.")
        found[key] = tag["Value"]
    return checked(found)


def checked(tags: dict[str, str]) -> dict[str, str]:
    """Return tags, if they are not too many."""
    if len(tags) > MAX_TAGS:
        raise AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
    return tags


def _keep(row: Bus | Rule, tags: dict[str, str]) -> None:
    row.tags = checked(tags)
    row.save(update_fields=["tags", "updated_at"])


def _tagged(arn: str, caller: Caller, scope: Scope, action: str, *, changes: bool = False) -> Bus | Rule:
    """Return the bus or rule that an ARN names; a rule's on a bus of its own has the bus before its name."""
    ours = f":events:{settings.REGION}:{settings.ACCOUNT_ID}:"
    partition, found, resource = arn.partition(ours)
    kind, _, path = resource.partition("/")
    is_ours = found and _PARTITION.fullmatch(partition) and ":" not in path
    if not is_ours or kind not in {"event-bus", "rule"} or not path:
        raise AwsError("ResourceNotFoundException", f"The resource {arn} does not exist.")
    if kind == "event-bus":
        return find_bus(path, caller, scope, action, changes=changes)
    bus, _, rule = path.rpartition("/")
    return find_rule(find_bus(bus or DEFAULT_BUS, caller, scope, action), rule, changes=changes)
