"""Dead letters."""

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
from eventhub.api.openapi.resources.deliveries import DELIVERY_ID, EVENT_ID, NUMBER, TARGET_ID
from eventhub.api.openapi.resources.rules import RULE_ID, TARGET
from eventhub.api.openapi.shape import (
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
from eventhub.domain.fault import ReasonClass
from eventhub.flow.letters import GROUPINGS

TAG = "dead letters"
SAID = "A dead letter is a delivery that was given up, kept with its reason until it is redriven."
_CLASS = text("Whose fault it is: receiver, network or ours; empty if nothing was tried.")
LETTER = obj(
    SAID,
    {
        "id": NUMBER,
        "position": position(),
        "event_id": uuid("The event."),
        "delivery_id": whole("The delivery."),
        "bus": text(),
        "rule_id": whole(),
        "rule": text(),
        "target_id": nullable(whole()),
        "target": text(),
        "reason_class": _CLASS,
        "reason": text("Why it was given up."),
        "status": nullable(whole("The status of the last answer, if there was one.")),
        "attempt_count": whole(minimum=0),
        "fifo_key": nullable(text("The key of its order, if it has one.")),
        "first_at": nullable(moment("When the first attempt began.")),
        "last_at": nullable(moment("When the last attempt ended.")),
        "dead_at": moment("When it was given up."),
        "redriven_at": nullable(moment("When it was redriven.")),
    },
)
FILTER = {
    "type": "object",
    "description": "What the letters have in common: some of `target`, `rule`, `bus`, `reason`, "
    "`reason_class`, "
    "`status`, `since`, `until`; of all of them, `{}`.",
    "properties": {
        "target": text("", minLength=1),
        "rule": text("", minLength=1),
        "bus": text("", minLength=1),
        "reason": text("", minLength=1),
        "reason_class": words("", *ReasonClass),
        "status": {"type": ["integer", "string"], "description": "The status of an answer."},
        "since": text("", format="date-time"),
        "until": text("", format="date-time"),
    },
    "additionalProperties": False,
}
_NAMED = {"type": ["string", "null"]}
_GROUP = obj(
    "Dead letters that wait and have the same in common; what was not grouped by is null.",
    {
        "target": _NAMED,
        "bus": _NAMED,
        "rule": _NAMED,
        "reason_class": _NAMED,
        "reason": _NAMED,
        "count": whole("How many.", minimum=1),
        "first_dead_at": moment("When the first was given up."),
        "last_dead_at": moment("When the last was."),
        "filter": FILTER | {"description": "Picks its letters: in the list's address, and in a redrive."},
    },
)
COMPONENTS = {
    "DeadLetter": LETTER,
    "DeadLetterPage": page("DeadLetter"),
    "DeadLetterGroup": _GROUP,
    "DeadLetterGroups": obj(
        "The groups, the largest first.",
        {
            "items": many(ref("DeadLetterGroup")),
            "next": {"type": "null", "description": "It is one page."},
            "more": truth("Whether there are more groups than were counted."),
        },
    ),
}
_EXAMPLE = {
    "id": 1,
    "position": "0-1",
    "event_id": EVENT_ID,
    "delivery_id": DELIVERY_ID,
    "bus": BUS,
    "rule_id": RULE_ID,
    "rule": "big-orders",
    "target_id": TARGET_ID,
    "target": TARGET,
    "reason_class": "receiver",
    "reason": "receiver answered 503",
    "status": 503,
    "attempt_count": 1,
    "fifo_key": None,
    "first_at": "2026-01-31T12:00:00.020Z",
    "last_at": "2026-01-31T12:00:00.040Z",
    "dead_at": "2026-01-31T12:00:00.040Z",
    "redriven_at": None,
}
_SAME = Answer("Nothing changed since the `ETag` that `If-None-Match` names.")
_FILTERS = (
    Parameter("target", "Only those to this target.", text(), TARGET),
    Parameter("rule", "Only those of this rule.", text(), "big-orders"),
    Parameter("bus", "Only those of this bus.", text(), BUS),
    Parameter("reason", "Only those of this reason.", text(), "receiver answered 503"),
    Parameter("reason_class", "Only those that are this one's fault.", words("", *ReasonClass), "receiver"),
    Parameter("status", "Only those whose last answer was this.", whole(), 503),
    *since_and_until("given up"),
)
OPERATIONS: Operations = {
    ("GET", "/api/dead-letters"): Operation(
        "list_dead_letters",
        TAG,
        "List dead letters",
        "A page of dead letters, the newest first; those that were redriven stay in the list.",
        {200: Answer("One page.", ref("DeadLetterPage"), {"items": [_EXAMPLE], "next": None}), 304: _SAME},
        parameters=(
            LIMIT,
            *before_and_after("position", "0-9"),
            order_of_happened(),
            *_FILTERS,
            Parameter("redriven", "Only those that were redriven, or were not.", truth(), False),
            Parameter("event_id", "Only those of this event.", uuid(""), EVENT_ID),
            IF_NONE_MATCH,
        ),
        scope="events:read",
    ),
    ("GET", "/api/dead-letters/{seq}"): Operation(
        "read_dead_letter",
        TAG,
        "Read a dead letter",
        "A dead letter; its attempts are its delivery's.",
        {200: Answer("The dead letter.", ref("DeadLetter"), _EXAMPLE), 304: _SAME},
        parameters=(in_path("seq", "The number of the dead letter.", NUMBER, 1), IF_NONE_MATCH),
        scope="events:read",
    ),
    ("GET", "/api/dead-letters/groups"): Operation(
        "group_dead_letters",
        TAG,
        "Group dead letters",
        "Those that wait, by what they have in common; the `filter` of a group redrives it.",
        {
            200: Answer(
                "The groups.",
                ref("DeadLetterGroups"),
                {
                    "items": [
                        {
                            "target": TARGET,
                            "bus": None,
                            "rule": None,
                            "reason_class": None,
                            "reason": None,
                            "count": 1,
                            "first_dead_at": "2026-01-31T12:00:00.040Z",
                            "last_dead_at": "2026-01-31T12:00:00.040Z",
                            "filter": {"target": TARGET},
                        }
                    ],
                    "next": None,
                    "more": False,
                },
            ),
            304: _SAME,
        },
        parameters=(
            Parameter(
                "by",
                f"What to group by, with commas between: some of {', '.join(GROUPINGS)}; all unless said.",
                text(),
                "target",
            ),
            *_FILTERS,
            IF_NONE_MATCH,
        ),
        scope="events:read",
    ),
}
