"""The EventBridge kind: each event on a bus of AWS, in this or another account."""

from collections.abc import Mapping
from typing import Any

from eventhub.domain import jsontext
from eventhub.targets.aws.arn import Arn, ArnShape
from eventhub.targets.aws.failures import refusal
from eventhub.targets.aws.kind import CREDENTIALS, AwsKind, arn_field, at_most, object_of
from eventhub.targets.kind import Order

MAX_BYTES = 2**20
TIME_BYTES = 14
SHAPE = ArnShape(
    "events", r"event-bus/[A-Za-z0-9_./-]{1,256}", "arn:aws:events:eu-west-1:111122223333:event-bus/orders"
)
# Codes within an answer of 200 that stand for trouble of the service.
_STATUSES = {"InternalFailure": 500, "InternalException": 500, "ThrottlingException": 429}


class EventBridgeKind(AwsKind):
    """Puts events as they are; a transform, or another payload format, makes another ``detail``."""

    name = "eventbridge"
    title = "Amazon EventBridge"
    summary = "Puts each event on an EventBridge bus, in any account that lets the credentials do so."
    service = "events"
    operation = "PutEvents"
    shape = SHAPE
    fields = (arn_field(SHAPE, "The event bus."), *CREDENTIALS)

    def parameters(self, order: Order, arn: Arn) -> dict[str, Any]:
        """Return the entry: what the envelope says, with the payload as detail unless it is the envelope."""
        envelope = object_of(order.event.envelope, "an event")
        detail = order.body
        if order.body == order.event.envelope:
            detail = jsontext.encode(envelope.get("detail", {}))
        else:
            object_of(order.body, "the detail of an event")
        entry = {
            "Source": order.event.source,
            "DetailType": order.event.detail_type,
            "Detail": detail.decode(),
            "Resources": [str(one) for one in envelope.get("resources", [])],
            "EventBusName": order.settings["arn"],
        }
        if order.traces.xray:
            entry["TraceHeader"] = order.traces.xray
        if "time" in envelope:
            entry["Time"] = envelope["time"]
        at_most(_size(entry), MAX_BYTES, "an entry of EventBridge")
        return {"Entries": [entry]}

    def hand_over(self, service: Any, parameters: dict[str, Any]) -> Mapping[str, object]:
        """Put the event; an entry's failure stands within a good answer."""
        [entry] = service.put_events(**parameters)["Entries"]
        if code := entry.get("ErrorCode"):
            raise refusal(self.title, code, entry.get("ErrorMessage", ""), _STATUSES.get(code, 400))
        return {"event": entry["EventId"]}


def _size(entry: Mapping[str, Any]) -> int:
    texts = [entry["Source"], entry["DetailType"], entry["Detail"], *entry["Resources"]]
    return sum(len(text.encode()) for text in texts) + (TIME_BYTES if "Time" in entry else 0)
