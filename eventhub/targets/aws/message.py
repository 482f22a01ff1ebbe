"""What messages of SQS and SNS have in common: groups, deduplication, and the attributes of dead letters."""

from collections.abc import Mapping
from typing import Any

from eventhub.targets.aws.kind import check_key, key_at
from eventhub.targets.kind import Field, Order

MAX_ID = 128
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

GROUP = Field(
    "message_group_id", "Message group", "Of a FIFO queue or topic: a text, or a path in the event such as "
    "$.detail.order.id, whose value is the group. Messages of a group stay in order.", high=256,
    check=check_key, example="$.detail.order.id",
)  # fmt: skip


def refused_group(settings: Mapping[str, Any]) -> dict[str, str]:
    """Say that a FIFO queue or topic needs a group."""
    if settings["arn"].endswith(".fifo") and not settings.get("message_group_id"):
        return {"message_group_id": f"{GROUP.label} is required: the ARN names a FIFO queue or topic"}
    return {}


def identity(order: Order) -> dict[str, str]:
    """Return group and deduplication id; the latter is the same in every attempt, so that one counts."""
    told = {}
    if group := order.settings.get("message_group_id"):
        told["MessageGroupId"] = key_at(group, order, longest=MAX_ID, allowed=_PUNCTUATION)
    if order.settings["arn"].endswith(".fifo"):
        told["MessageDeduplicationId"] = order.message_id
    return told


def attributes(order: Order) -> dict[str, dict[str, str]]:
    """Return the trace, and why a dead letter is there, as message attributes, which may not be empty."""
    return {
        name: {"DataType": "String", "StringValue": value}
        for name, value in (*order.traces.w3c, *order.attributes.items())
        if value
    }


def size(text: str, told: Mapping[str, Mapping[str, str]]) -> int:
    """Return the bytes of a message as the services count them: text, and attributes with name and type."""
    return len(text.encode()) + sum(
        len(name.encode()) + sum(len(part.encode()) for part in value.values())
        for name, value in told.items()
    )
