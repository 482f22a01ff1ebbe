"""Event types."""

from eventhub.api.openapi.configured import page
from eventhub.api.openapi.operation import Answer, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import LIMIT, after, in_path, prefix
from eventhub.api.openapi.resources.buses import BUS
from eventhub.api.openapi.resources.deliveries import EVENT_ID
from eventhub.api.openapi.shape import moment, nullable, obj, ref, text, uuid, whole, words

TAG = "event types"
SAID = "An event type is a source and a type that a bus has seen: what patterns may ask for."
EVENT_TYPE = obj(
    SAID,
    {
        "id": whole("Its number."),
        "bus": nullable(text("The bus; null if it is not there any more.")),
        "source": text(),
        "detail-type": text(),
        "first_at": moment("When the first of them was accepted."),
        "last_at": moment("When the last of them was accepted."),
        "events": whole("How many were routed.", minimum=1),
        "event_id": uuid("The newest of them."),
    },
)
COMPONENTS = {"EventType": EVENT_TYPE, "EventTypePage": page("EventType")}
_EXAMPLE = {
    "id": 1,
    "bus": BUS,
    "source": "shop.web",
    "detail-type": "Order Placed",
    "first_at": "2026-01-31T12:00:00.000Z",
    "last_at": "2026-01-31T12:00:00.000Z",
    "events": 1,
    "event_id": EVENT_ID,
}
_ORDERS = [sign + word for word in ("made", "source", "type") for sign in ("", "-")]
OPERATIONS: Operations = {
    ("GET", "/api/event-types"): Operation(
        "list_event_types",
        TAG,
        "List event types",
        "The sources and types that the buses have seen, as far back as events are kept.",
        {200: Answer("One page.", ref("EventTypePage"), {"items": [_EXAMPLE], "next": None})},
        parameters=(
            LIMIT,
            after("event types"),
            Parameter(
                "order", "By when they came first, by source, or by type.", words("", *_ORDERS), "source"
            ),
            Parameter("bus", "Only those of this bus.", text(), BUS),
            Parameter("source", "Only those of this source.", text(), "shop.web"),
            prefix("shop"),
            Parameter("detail-type", "Only those of this type.", text(), "Order Placed"),
        ),
        scope="events:read",
    ),
    ("GET", "/api/event-types/{type_id}"): Operation(
        "read_event_type",
        TAG,
        "Read an event type",
        "How often a source and type came, when first, when last, and the newest event.",
        {200: Answer("The event type.", ref("EventType"), _EXAMPLE)},
        parameters=(in_path("type_id", "The number of the event type.", whole(minimum=0), 1),),
        scope="events:read",
    ),
}
