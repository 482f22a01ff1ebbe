"""The Firehose kind: each event as one record of a delivery stream."""

from collections.abc import Mapping
from typing import Any

from eventhub.targets.aws.arn import Arn, ArnShape
from eventhub.targets.aws.kind import CREDENTIALS, AwsKind, arn_field, at_most
from eventhub.targets.kind import Field, FieldType, Order

MAX_BYTES = 1000 * 1024
SHAPE = ArnShape(
    "firehose",
    r"deliverystream/[A-Za-z0-9_.-]{1,64}",
    "arn:aws:firehose:eu-west-1:111122223333:deliverystream/orders",
)


class FirehoseKind(AwsKind):
    """Puts records, which Firehose writes one after the other into files."""

    name = "firehose"
    title = "Amazon Data Firehose"
    summary = "Puts each event on a Firehose stream, on its way into S3 and other stores."
    service = "firehose"
    operation = "PutRecord"
    shape = SHAPE
    fields = (
        arn_field(SHAPE, "The Firehose stream, in the account of the credentials."),
        Field("newline", "Newline", "End each record with a newline, so that files hold one event in a line.",
              FieldType.BOOLEAN, default=True),
        *CREDENTIALS,
    )  # fmt: skip

    def parameters(self, order: Order, arn: Arn) -> dict[str, Any]:
        """Return the record."""
        data = order.body + (b"\n" if order.settings.get("newline", True) else b"")
        at_most(len(data), MAX_BYTES, "a record of Firehose")
        return {"DeliveryStreamName": arn.name, "Record": {"Data": data}}

    def hand_over(self, service: Any, parameters: dict[str, Any]) -> Mapping[str, object]:
        """Put the record."""
        return {"record": service.put_record(**parameters)["RecordId"]}
