"""The SNS kind: each event as one message of a topic."""

from collections.abc import Mapping
from typing import Any

from eventhub.targets.aws import message
from eventhub.targets.aws.arn import Arn, ArnShape
from eventhub.targets.aws.kind import CREDENTIALS, AwsKind, arn_field, at_most, text_of
from eventhub.targets.kind import Order

MAX_BYTES = 2**20  # what a topic may allow; by default it takes a quarter of it, and says so itself
SHAPE = ArnShape(
    "sns", r"(?=.{1,256}\Z)[A-Za-z0-9_-]+(?:\.fifo)?", "arn:aws:sns:eu-west-1:111122223333:orders"
)


class SnsKind(AwsKind):
    """Publishes messages; to a FIFO topic with group and deduplication id."""

    name = "sns"
    title = "Amazon SNS"
    summary = "Publishes each event to an SNS topic; to a FIFO topic, in order by a message group."
    service = "sns"
    operation = "Publish"
    shape = SHAPE
    fields = (arn_field(SHAPE, "The topic."), message.GROUP, *CREDENTIALS)

    def check(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Refuse a FIFO topic without a group."""
        return super().check(settings) | message.refused_group(settings)

    def parameters(self, order: Order, arn: Arn) -> dict[str, Any]:
        """Return the message; a dead letter's with EventBridge's attributes."""
        text, attributes = text_of(order.body, "a message of SNS"), message.attributes(order)
        at_most(message.size(text, attributes), MAX_BYTES, "a message of SNS")
        return {
            "TopicArn": order.settings["arn"],
            "Message": text,
            "MessageAttributes": attributes,
            **message.identity(order),
        }

    def hand_over(self, service: Any, parameters: dict[str, Any]) -> Mapping[str, object]:
        """Publish the message."""
        answer = service.publish(**parameters)
        told = {"message_id": answer["MessageId"]}
        return told | ({"sequence": answer["SequenceNumber"]} if "SequenceNumber" in answer else {})
