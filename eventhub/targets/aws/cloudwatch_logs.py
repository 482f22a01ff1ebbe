"""The CloudWatch Logs kind: each event as one log event of a group."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from eventhub.targets.aws.arn import Arn, ArnShape
from eventhub.targets.aws.failures import refusal
from eventhub.targets.aws.kind import CREDENTIALS, AwsKind, arn_field, at_most, text_of
from eventhub.targets.kind import Field, Order

# Of the batch, which here is one: a log event counts its text and 26 bytes more.
MAX_BYTES = 2**20
OVERHEAD = 26
SHAPE = ArnShape(
    "logs",
    r"log-group:[A-Za-z0-9_/.#-]{1,512}(?::\*)?",
    "arn:aws:logs:eu-west-1:111122223333:log-group:/events/orders",
)


def _check_stream(text: str) -> None:
    if re.search(r"[:*]", text):
        raise ValueError(f"wanted a name without : and *, found {text!r}")


class CloudWatchLogsKind(AwsKind):
    """Puts log events into one stream of the group, which it makes when it is not there."""

    name = "cloudwatch-logs"
    title = "Amazon CloudWatch Logs"
    summary = "Writes each event to a log group of CloudWatch Logs."
    service = "logs"
    operation = "PutLogEvents"
    shape = SHAPE
    fields = (
        arn_field(SHAPE, "The log group, in the account of the credentials."),
        Field("stream", "Log stream", "Made if it is not there.", default="eventhub", high=512,
              check=_check_stream),
        *CREDENTIALS,
    )  # fmt: skip

    def parameters(self, order: Order, arn: Arn) -> dict[str, Any]:
        """Return the log event, at the moment of the attempt: the event's own may be too long ago."""
        at_most(len(order.body) + OVERHEAD, MAX_BYTES, "a log event with its overhead")
        return {
            "logGroupName": arn.name.removesuffix(":*"),
            "logStreamName": order.settings.get("stream") or "eventhub",
            "logEvents": [{"timestamp": order.now // 1000, "message": text_of(order.body, "a log event")}],
        }

    def hand_over(self, service: Any, parameters: dict[str, Any]) -> Mapping[str, object]:
        """Put the log event; make its stream first if need be."""
        try:
            answer = service.put_log_events(**parameters)
        except service.exceptions.ResourceNotFoundException:
            stream = {name: parameters[name] for name in ("logGroupName", "logStreamName")}
            with suppress(service.exceptions.ResourceAlreadyExistsException):  # another attempt was faster
                service.create_log_stream(**stream)  # without its group this fails as the first call did
            answer = service.put_log_events(**parameters)
        if rejected := answer.get("rejectedLogEventsInfo"):
            raise refusal(self.title, "RejectedLogEvents", ", ".join(rejected), 400)
        return {"stream": parameters["logStreamName"]}
