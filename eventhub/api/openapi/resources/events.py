"""Events."""

from typing import Any

from eventhub.api.openapi.configured import page
from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import (
    IF_NONE_MATCH,
    LIMIT,
    SEARCH,
    before_and_after,
    in_path,
    order_of_happened,
    searched_page,
)
from eventhub.api.openapi.resources.buses import BUS, IN_PATH
from eventhub.api.openapi.resources.deliveries import EVENT_ID
from eventhub.api.openapi.resources.deliveries import EXAMPLE as DELIVERY
from eventhub.api.openapi.resources.rules import RULE_ID, TARGET
from eventhub.api.openapi.shape import (
    anything,
    many,
    moment,
    nullable,
    obj,
    position,
    ref,
    text,
    truth,
    uuid,
    whole,
    words,
)
from eventhub.journal.port import RoutingState
from eventhub.models import Target

TAG = "events"
SAID = "An event is an accepted fact, immutable: kept for the days of retention."
POSITION = "0-1"
EVENT = obj(
    "An event as a list shows it: without detail and attributes.",
    {
        "id": uuid("Ours: a UUIDv7 of when it was accepted."),
        "position": position(),
        "bus": text("The bus that it was put on."),
        "source": text("Where it comes from."),
        "detail-type": text("What happened."),
        "time": text("When it happened, says the producer: UTC, whole seconds."),
        "accepted_at": moment("When we accepted it."),
        "resources": many(text(), "What it concerns."),
        "key": nullable(text("Its idempotency key.")),
        "who": text("Who put it: `key:…` or `user:…`."),
        "cause_id": nullable(
            uuid("The event that it was made from, or that its producer names as the cause.")
        ),
        "hops": whole("Buses passed before this one.", minimum=0),
    },
)
_IN_FORCE = obj(
    "A rule version that was in force when the event was routed.",
    {"rule_id": whole(), "rule": text(), "version": whole(), "enabled": truth()},
)
_ROUTING = obj(
    "What routing made of the event.",
    {
        "state": words("", *RoutingState),
        "routed_at": moment("When."),
        "matched": whole("How many rules matched.", minimum=0),
        "error": text("Why it could not be routed; empty if it could."),
        "rules": many(_IN_FORCE),
    },
)
_REPEATED = obj(
    "How often its idempotency key came again.",
    {"times": whole("Beside the first time.", minimum=1), "last_at": moment("When last.")},
)
WHOLE = obj(
    "An event with its whole way.",
    EVENT["properties"]
    | {
        "detail": anything("The producer's own text."),
        "attributes": anything("Attributes of CloudEvents, trace context and what else came along."),
        "redacted": nullable(ref("RedactionMark")),
        "repeated": nullable(_REPEATED),
        "envelope": anything("The event as patterns see it and targets receive it."),
        "routing": nullable(ref("Routing")),
        "deliveries": many(ref("Delivery"), "A delivery for each match and target."),
    },
)
_PAYLOAD = obj(
    "What a target would receive.",
    {
        "content_type": nullable(text()),
        "headers": anything("Headers beside."),
        "body": nullable(text("The payload, if it is text.")),
        "body_base64": nullable(text("Else the payload in base64.")),
    },
)
PREVIEW = obj(
    "What a target would receive, before and after the transform.",
    {
        "before": ref("Payload"),
        "after": nullable(ref("Payload")),
        "fault": text("Why nothing would be sent; empty if something would."),
    },
)
_PAGE = searched_page("A page of events; of a search, how far it looked, too.", page("Event"))
_MARK = obj(
    "That personal data was taken out of the event.",
    {
        "at": moment("When."),
        "by": text("Who asked for it."),
        "reason": text("Why."),
        "paths": many(text(), "What was taken out: paths, or `detail` for the whole of it."),
    },
)
COMPONENTS = {
    "Event": EVENT,
    "RedactionMark": _MARK,
    "EventPage": _PAGE,
    "Routing": _ROUTING,
    "WholeEvent": WHOLE,
    "Payload": _PAYLOAD,
    "Preview": PREVIEW,
}
EXAMPLE: dict[str, Any] = {
    "id": EVENT_ID,
    "position": POSITION,
    "bus": BUS,
    "source": "shop.web",
    "detail-type": "Order Placed",
    "time": "2026-01-31T12:00:00Z",
    "accepted_at": "2026-01-31T12:00:00.000Z",
    "resources": [],
    "key": "W-1041",
    "who": "key:EHEXAMPLEKEY23456",
    "cause_id": None,
    "hops": 0,
}
DETAIL = {"order": "W-1041", "amount": 120}
ENVELOPE = {
    "version": "0",
    "id": EVENT_ID,
    "detail-type": "Order Placed",
    "source": "shop.web",
    "account": "000000000000",
    "time": "2026-01-31T12:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": DETAIL,
}
_FILTERS = (
    *SEARCH,
    Parameter("source", "Only those of this source.", text(), "shop.web"),
    Parameter("detail-type", "Only those of this type.", text(), "Order Placed"),
    Parameter("key", "Only those with this idempotency key.", text(), "W-1041"),
)
_LISTED = Answer("One page.", ref("EventPage"), {"items": [EXAMPLE], "next": None})
_PAGES = (
    LIMIT,
    *before_and_after("position", "0-9"),
    order_of_happened(),
)
_SAME = Answer("Nothing changed since the `ETag` that `If-None-Match` names.")
_ID = in_path("event_id", "The id of the event.", uuid("An event's id."), EVENT_ID)
OPERATIONS: Operations = {
    ("GET", "/api/events"): Operation(
        "list_events",
        TAG,
        "List events",
        "A page of events on the buses that the caller may see, the newest first.",
        {200: _LISTED, 304: _SAME},
        parameters=(
            *_PAGES,
            Parameter("bus", "Only those of this bus.", text(), BUS),
            *_FILTERS,
            IF_NONE_MATCH,
        ),
        scope="events:read",
    ),
    ("GET", "/api/buses/{bus}/events"): Operation(
        "list_events_of_bus",
        TAG,
        "List the events of a bus",
        "The same of one bus. Its events can be followed live, too: see the stream.",
        {200: _LISTED, 304: _SAME},
        parameters=(in_path("bus", "The name of the bus.", IN_PATH, BUS), *_PAGES, *_FILTERS, IF_NONE_MATCH),
        scope="events:read",
    ),
    ("GET", "/api/events/{event_id}"): Operation(
        "read_event",
        TAG,
        "Read an event",
        "An event with its detail, its envelope, what routing made of it, and its deliveries.",
        {
            200: Answer(
                "The event.",
                ref("WholeEvent"),
                EXAMPLE
                | {
                    "detail": DETAIL,
                    "attributes": {},
                    "redacted": None,
                    "repeated": None,
                    "envelope": ENVELOPE,
                    "routing": {
                        "state": "matched",
                        "routed_at": "2026-01-31T12:00:00.010Z",
                        "matched": 1,
                        "error": "",
                        "rules": [{"rule_id": RULE_ID, "rule": "big-orders", "version": 1, "enabled": True}],
                    },
                    "deliveries": [DELIVERY],
                },
            ),
            304: _SAME,
        },
        parameters=(_ID, IF_NONE_MATCH),
        scope="events:read",
    ),
    ("POST", "/api/events/{event_id}/preview"): Operation(
        "preview_event",
        TAG,
        "Preview what a target would receive",
        "What a transform, or a form of payload, makes of a stored event, by the code of a "
        "delivery. Nothing is "
        "sent. The transform of a rule needs `rules:read` too.",
        {
            200: Answer(
                "Before and after.",
                ref("Preview"),
                {
                    "before": {
                        "content_type": None,
                        "headers": {},
                        "body": '{"version":"0"}',
                        "body_base64": None,
                    },
                    "after": {
                        "content_type": "application/json",
                        "headers": {},
                        "body": '{"order": "W-1041"}',
                        "body_base64": None,
                    },
                    "fault": "",
                },
            )
        },
        parameters=(_ID,),
        body=Body(
            obj(
                "A rule and its target, or a transform, or a form of payload.",
                {
                    "rule": whole("The number of a rule, with `target`."),
                    "target": text("The name of one of its targets."),
                    "transform": anything("A transform: `Input`, `InputPath` or `InputTransformer`."),
                    "payload_format": words("A form of payload.", *Target.Format.values),
                },
                optional=["rule", "target", "transform", "payload_format"],
            ),
            {
                "rule": Example("What a rule's target receives", {"rule": RULE_ID, "target": TARGET}),
                "transform": Example(
                    "A transform that is being written",
                    {
                        "transform": {
                            "InputTransformer": {
                                "InputPathsMap": {"order": "$.detail.order"},
                                "InputTemplate": '{"order": <order>}',
                            }
                        }
                    },
                ),
                "format": Example("Another form", {"payload_format": "cloudevents-structured"}),
            },
        ),
        scope="events:read",
    ),
}
__all__ = ["COMPONENTS", "EVENT_ID", "OPERATIONS", "SAID", "TAG"]
