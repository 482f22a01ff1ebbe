"""Attempts."""

from eventhub.api.openapi.configured import page
from eventhub.api.openapi.operation import Answer, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import (
    IF_NONE_MATCH,
    LIMIT,
    before_and_after,
    in_path,
    order_of_happened,
    since_and_until,
)
from eventhub.api.openapi.resources.buses import BUS
from eventhub.api.openapi.resources.deliveries import (
    ATTEMPT,
    ATTEMPT_MEMBERS,
    DELIVERY_ID,
    EVENT_ID,
    NUMBER,
    TARGET_ID,
)
from eventhub.api.openapi.resources.rules import RULE_ID, TARGET
from eventhub.api.openapi.shape import nullable, number, obj, position, ref, text, uuid, whole, words

TAG = "attempts"
SAID = "An attempt is one try to deliver: when, how long, what was sent and what was answered."
_LONG = ("phases", "request", "response")
_LISTED = {
    "id": NUMBER,
    "position": position(),
    "event_id": uuid("The event."),
    "delivery_id": whole("The delivery."),
    "bus": nullable(text()),
    "rule_id": whole(),
    "rule": nullable(text()),
    "target_id": whole(),
    "target": nullable(text()),
    **{name: shape for name, shape in ATTEMPT_MEMBERS.items() if name not in _LONG},
    "took_ms": number("How long it took.", minimum=0),
}
COMPONENTS = {
    "Attempt": obj(
        "An attempt as a list shows it. Names are null where retention took the delivery.", _LISTED
    ),
    "AttemptPage": page("Attempt"),
    "WholeAttempt": obj(SAID, _LISTED | ATTEMPT_MEMBERS),
}
_WHOLE = {
    "id": 1,
    "position": "0-1",
    "event_id": EVENT_ID,
    "delivery_id": DELIVERY_ID,
    "bus": BUS,
    "rule_id": RULE_ID,
    "rule": "big-orders",
    "target_id": TARGET_ID,
    "target": TARGET,
    **ATTEMPT,
    "took_ms": 20.0,
}
_SHORT = {name: value for name, value in _WHOLE.items() if name not in _LONG}
_SAME = Answer("Nothing changed since the `ETag` that `If-None-Match` names.")
OPERATIONS: Operations = {
    ("GET", "/api/attempts"): Operation(
        "list_attempts",
        TAG,
        "List attempts",
        "A page of attempts, the newest first. Names ask for what is configured now; of what is "
        "deleted, ask by "
        "`rule_id` or `target_id`.",
        {200: Answer("One page.", ref("AttemptPage"), {"items": [_SHORT], "next": None}), 304: _SAME},
        parameters=(
            LIMIT,
            *before_and_after("position", "0-9"),
            order_of_happened(),
            Parameter("event_id", "Only those of this event.", uuid(""), EVENT_ID),
            Parameter("delivery_id", "Only those of this delivery.", whole(minimum=0), DELIVERY_ID),
            Parameter("bus", "Only those of this bus.", text(), BUS),
            Parameter("rule", "Only those of rules of this name.", text(), "big-orders"),
            Parameter("rule_id", "Only those of this rule.", whole(minimum=0), RULE_ID),
            Parameter("target", "Only those to the target of this name.", text(), TARGET),
            Parameter("target_id", "Only those to this target.", whole(minimum=0), TARGET_ID),
            Parameter(
                "state",
                "Only those that left their delivery so.",
                words("", "delivered", "pending", "dead"),
                "dead",
            ),
            Parameter("status", "Only those that were answered so.", whole(minimum=0), 503),
            *since_and_until("that began"),
            IF_NONE_MATCH,
        ),
        scope="events:read",
    ),
    ("GET", "/api/attempts/{seq}"): Operation(
        "read_attempt",
        TAG,
        "Read an attempt",
        "An attempt with what was sent and answered.",
        {200: Answer("The attempt.", ref("WholeAttempt"), _WHOLE), 304: _SAME},
        parameters=(in_path("seq", "The number of the attempt.", NUMBER, 1), IF_NONE_MATCH),
        scope="events:read",
    ),
}
