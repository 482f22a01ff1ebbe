"""Deliveries."""

from eventhub.api.openapi.configured import page
from eventhub.api.openapi.operation import Answer, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import (
    IF_NONE_MATCH,
    LIMIT,
    SEARCH,
    before_and_after,
    in_path,
    order_of_happened,
    searched_page,
    since_and_until,
)
from eventhub.api.openapi.resources.buses import BUS
from eventhub.api.openapi.resources.rules import RULE_ID, TARGET
from eventhub.api.openapi.shape import (
    anything,
    many,
    moment,
    nullable,
    number,
    obj,
    position,
    ref,
    text,
    uuid,
    whole,
    words,
)
from eventhub.domain.fault import ReasonClass
from eventhub.journal.port import OutcomeState

TAG = "deliveries"
SAID = "A delivery is the duty to bring one event to one target for one rule, and where it stands."
EVENT_ID = "019c13f0-7a00-7000-8000-000000000001"
DELIVERY_ID = 1
TARGET_ID = 3
NUMBER = whole("Its number.", minimum=0)
DELIVERY = obj(
    SAID,
    {
        "id": NUMBER,
        "position": position(),
        "event_id": uuid("The event."),
        "bus": text(),
        "rule_id": whole(),
        "rule": text("The rule that matched."),
        "rule_version": whole("Its version that was in force."),
        "target_id": nullable(whole()),
        "target": text("Where it goes; empty if nowhere."),
        "state": words("Where it stands.", *OutcomeState),
        "reason": text("Why it is dead, tried again, or was not made."),
        "attempt_count": whole(minimum=0),
        "accepted_at": moment("When the event was accepted."),
        "routed_at": moment("When it was routed."),
        "first_at": nullable(moment("When the first attempt began.")),
        "last_at": nullable(moment("When the last attempt ended.")),
        "due_at": nullable(moment("When it is tried next, while it is pending.")),
        "redriven_at": nullable(moment("When it was redriven last.")),
        "dead_letter": nullable(anything("Of a delivery to a dead-letter target: why it gets it.")),
        "latency_ms": nullable(number("From accepted to settled for good.")),
    },
)
ATTEMPT_MEMBERS = {
    "number": whole("1 for the first.", minimum=1),
    "state": words("The delivery's after this attempt.", "delivered", "pending", "dead"),
    "started_at": moment("When it began."),
    "ended_at": moment("When it ended."),
    "status": nullable(whole("The status of the answer, if there was one.")),
    "error": text("Empty on success."),
    "reason_class": nullable(words("Whose fault it was; null on success.", *ReasonClass)),
    "phases": anything("Milliseconds by phase: DNS, connecting, TLS, first byte …"),
    "request": anything("What was sent; credentials are masked."),
    "response": anything("What was answered, cut if it is long."),
    "next_at": nullable(moment("When it is tried again, if it is.")),
}
COMPONENTS = {
    "Delivery": DELIVERY,
    "DeliveryPage": searched_page("A page of deliveries; of a search, how far it looked.", page("Delivery")),
    "DeliveryAttempt": obj("One try, with what was sent and answered.", ATTEMPT_MEMBERS),
    "WholeDelivery": obj(
        "A delivery with its attempts.", DELIVERY["properties"] | {"attempts": many(ref("DeliveryAttempt"))}
    ),
}
EXAMPLE = {
    "id": DELIVERY_ID,
    "position": "0-1",
    "event_id": EVENT_ID,
    "bus": BUS,
    "rule_id": RULE_ID,
    "rule": "big-orders",
    "rule_version": 1,
    "target_id": TARGET_ID,
    "target": TARGET,
    "state": "dead",
    "reason": "receiver answered 503",
    "attempt_count": 1,
    "accepted_at": "2026-01-31T12:00:00.000Z",
    "routed_at": "2026-01-31T12:00:00.010Z",
    "first_at": "2026-01-31T12:00:00.020Z",
    "last_at": "2026-01-31T12:00:00.040Z",
    "due_at": None,
    "redriven_at": None,
    "dead_letter": None,
    "latency_ms": 40.0,
}
ATTEMPT = {
    "number": 1,
    "state": "dead",
    "started_at": "2026-01-31T12:00:00.020Z",
    "ended_at": "2026-01-31T12:00:00.040Z",
    "status": 503,
    "error": "receiver answered 503",
    "reason_class": "receiver",
    "phases": {},
    "request": {},
    "response": {},
    "next_at": None,
}
_SAME = Answer("Nothing changed since the `ETag` that `If-None-Match` names.")
OPERATIONS: Operations = {
    ("GET", "/api/deliveries"): Operation(
        "list_deliveries",
        TAG,
        "List deliveries",
        "A page of deliveries of events on the buses that the caller may see, the newest first. With "
        "`q`, `from` or `to` it is a search: those of the events that pass, of up to `limit` events a page.",
        {200: Answer("One page.", ref("DeliveryPage"), {"items": [EXAMPLE], "next": None}), 304: _SAME},
        parameters=(
            LIMIT,
            *before_and_after("position", "0-9"),
            order_of_happened(),
            *SEARCH,
            Parameter("bus", "Only those of events of this bus.", text(), BUS),
            Parameter("rule", "Only those of this rule.", text(), "big-orders"),
            Parameter("target", "Only those to this target.", text(), TARGET),
            Parameter("state", "Only those that stand so.", words("", *OutcomeState), "dead"),
            Parameter("event_id", "Only those of this event.", uuid(""), EVENT_ID),
            *since_and_until("of events accepted"),
            IF_NONE_MATCH,
        ),
        scope="events:read",
    ),
    ("GET", "/api/deliveries/{seq}"): Operation(
        "read_delivery",
        TAG,
        "Read a delivery",
        "A delivery with its attempts.",
        {200: Answer("The delivery.", ref("WholeDelivery"), EXAMPLE | {"attempts": [ATTEMPT]}), 304: _SAME},
        parameters=(in_path("seq", "The number of the delivery.", NUMBER, DELIVERY_ID), IF_NONE_MATCH),
        scope="events:read",
    ),
}
