"""The SQS kind: each event as one message of a queue."""

from collections.abc import Mapping
from typing import Any

from eventhub.targets.aws import message
from eventhub.targets.aws.arn import Arn, ArnShape
from eventhub.targets.aws.kind import CREDENTIALS, AwsKind, arn_field, at_most, text_of
from eventhub.targets.kind import Order

MAX_BYTES = 2**20  # what a queue may allow; a queue may also be set to less, which it says itself
SHAPE = ArnShape(
    "sqs", r"(?=.{1,80}\Z)[A-Za-z0-9_-]+(?:\.fifo)?", "arn:aws:sqs:eu-west-1:111122223333:orders"
)


def _text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


class SqsKind(AwsKind):
    """Sends messages; into a FIFO queue with group and deduplication id."""

    name = "sqs"
    title = "Amazon SQS"
    summary = "Sends each event to an SQS queue; of a FIFO queue, in order by a message group."
    service = "sqs"
    operation = "SendMessage"
    shape = SHAPE
    fields = (arn_field(SHAPE, "The queue."), message.GROUP, *CREDENTIALS)

    def check(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Refuse a FIFO queue without a group."""
        return super().check(settings) | message.refused_group(settings)

    def parameters(self, order: Order, arn: Arn) -> dict[str, Any]:
        """Return the message; a dead letter's with EventBridge's attributes."""
        body, attributes = text_of(order.body, "a message of SQS"), message.attributes(order)
        at_most(message.size(body, attributes), MAX_BYTES, "a message of SQS")
        return {
            # Only its path counts: the call goes to the service's endpoint.
            "QueueUrl": f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}",
            "MessageBody": body,
            "MessageAttributes": attributes,
            **message.identity(order),
            **(
                {"MessageSystemAttributes": {"AWSTraceHeader": _text(order.traces.xray)}}
                if order.traces.xray
                else {}
            ),
        }

    def hand_over(self, service: Any, parameters: dict[str, Any]) -> Mapping[str, object]:
        """Send the message."""
        answer = service.send_message(**parameters)
        told = {"message_id": answer["MessageId"]}
        return told | ({"sequence": answer["SequenceNumber"]} if "SequenceNumber" in answer else {})
