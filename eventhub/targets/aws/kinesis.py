"""The Kinesis kind: each event as one record of a data stream."""

from collections.abc import Mapping
from typing import Any

from eventhub.targets.aws.arn import Arn, ArnShape
from eventhub.targets.aws.kind import CREDENTIALS, AwsKind, arn_field, at_most, check_key, key_at
from eventhub.targets.kind import Field, Order

MAX_BYTES = 10 * 2**20  # what a stream may allow, with the key; by default it takes a tenth
MAX_KEY = 256  # characters
SHAPE = ArnShape(
    "kinesis", r"stream/[A-Za-z0-9_.-]{1,128}", "arn:aws:kinesis:eu-west-1:111122223333:stream/orders"
)


class KinesisKind(AwsKind):
    """Puts records; the partition key decides the shard, within which records stay in order."""

    name = "kinesis"
    title = "Amazon Kinesis"
    summary = "Puts each event on a Kinesis data stream, by a partition key from the event."
    service = "kinesis"
    operation = "PutRecord"
    shape = SHAPE
    fields = (
        arn_field(SHAPE, "The data stream."),
        Field("partition_key", "Partition key", "A text, or a path in the event such as $.detail.order.id. "
              "Empty, or nothing at the path: the event's id.", high=256, check=check_key,
              example="$.detail.order.id"),
        *CREDENTIALS,
    )  # fmt: skip

    def parameters(self, order: Order, arn: Arn) -> dict[str, Any]:
        """Return the record."""
        key = key_at(order.settings.get("partition_key") or "", order, longest=MAX_KEY)
        at_most(len(order.body) + len(key.encode()), MAX_BYTES, "a record of Kinesis")
        return {"StreamARN": order.settings["arn"], "Data": order.body, "PartitionKey": key}

    def hand_over(self, service: Any, parameters: dict[str, Any]) -> Mapping[str, object]:
        """Put the record."""
        answer = service.put_record(**parameters)
        return {"shard": answer["ShardId"], "sequence": answer["SequenceNumber"]}
