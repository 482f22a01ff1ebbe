"""Rules."""

from eventhub.api.openapi.configured import Resource, action
from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import in_path
from eventhub.api.openapi.resources.buses import BUS, NAME
from eventhub.api.openapi.resources.dated import DATED, DATES
from eventhub.api.openapi.shape import (
    anything,
    many,
    moment,
    name,
    nullable,
    obj,
    some,
    text,
    truth,
    whole,
    words,
)
from eventhub.flow.before_saving import Doubt

TAG = "rules"
SAID = "A rule watches one bus: its pattern picks events, and each match is delivered to each of its targets."
RULE_ID = 7
TARGET = "till"
PATTERN = {"source": ["shop.web"], "detail": {"amount": [{"numeric": [">", 100]}]}}
PATTERN_IN = {
    "description": "The pattern: a JSON object, or its text as a string. Numbers keep their text.",
    "anyOf": [{"type": "object"}, {"type": "string", "maxLength": 4096}],
}
TRANSFORMS = {
    "type": "object",
    "description": "What targets get instead of the event, by the name of the target: an object "
    "with `Input`, "
    "`InputPath` or `InputTransformer`, as with EventBridge.",
    "additionalProperties": anything("A transform."),
}
SHAPE = obj(
    SAID,
    {
        "id": whole("Its number."),
        "bus": NAME | {"description": "The bus that it watches, by name. A rule stays on its bus."},
        "name": name("Unlike every other of the bus.", 64),
        "description": text("For people.", maxLength=512),
        "pattern": nullable(anything("Which events it picks; null if it has a schedule alone.")),
        "schedule_expression": text(
            "When it makes an event itself, in UTC: `rate(5 minutes)` or `cron(0 12 ? * MON-FRI "
            "*)`; or empty."
        ),
        "next_runs": many(moment("A run."), "The next ten runs of the schedule."),
        "enabled": truth("A disabled rule makes no deliveries; its matches are recorded."),
        "shadow": truth("In shadow mode it makes no deliveries: its matches are recorded as `shadow`."),
        "targets": many(name("A target, by name.", 64), "Where matches are delivered."),
        "transforms": TRANSFORMS,
        "version": whole("The number of its state: each change is a version."),
        **DATED,
    },
)
RESOURCE = Resource(
    path="/api/rules",
    tag=TAG,
    one="rule",
    many="rules",
    component="Rule",
    shape=SHAPE,
    writable=some(
        SHAPE,
        [
            "bus",
            "name",
            "description",
            "pattern",
            "schedule_expression",
            "enabled",
            "shadow",
            "targets",
            "transforms",
        ],
        required=["bus", "name"],
        pattern=PATTERN_IN,
    ),
    key=in_path("id", "The number of the rule.", whole(minimum=0), RULE_ID),
    example={
        "id": RULE_ID,
        "bus": BUS,
        "name": "big-orders",
        "description": "Orders that a person should look at",
        "pattern": PATTERN,
        "schedule_expression": "",
        "next_runs": [],
        "enabled": True,
        "shadow": False,
        "targets": [TARGET],
        "transforms": {},
        "version": 1,
        **DATES,
    },
    new={
        "pattern": Example(
            "A pattern and a target",
            {
                "bus": BUS,
                "name": "refunds",
                "pattern": {"detail-type": ["Refund asked"]},
                "targets": [TARGET],
            },
        ),
        "text": Example(
            "The pattern as text",
            {"bus": BUS, "name": "prices", "pattern": '{"detail": {"price": [1.50]}}', "enabled": False},
        ),
        "schedule": Example(
            "A schedule, on the default bus",
            {"bus": "default", "name": "hourly", "schedule_expression": "rate(1 hour)"},
        ),
        "transform": Example(
            "A transform",
            {
                "bus": BUS,
                "name": "short",
                "pattern": {"source": ["shop.web"]},
                "targets": [TARGET],
                "transforms": {
                    TARGET: {
                        "InputTransformer": {
                            "InputPathsMap": {"order": "$.detail.order"},
                            "InputTemplate": '{"order": <order>}',
                        }
                    }
                },
            },
        ),
    },
    change={"description": "Orders above 100", "enabled": False},
    said=SAID,
    filters=(
        Parameter("bus", "Only those of this bus.", text(), BUS),
        Parameter("name", "Only those of this name.", text(), "big-orders"),
        Parameter("enabled", "Only those that are enabled, or are not.", truth(), True),
        Parameter("shadow", "Only those in shadow mode, or not.", truth(), False),
        Parameter("target", "Only those that deliver to this target.", text(), TARGET),
    ),
    deleting="Deletes the rule. Its deliveries that wait become dead letters; what is recorded of it stays.",
)
_ASKED = some(
    SHAPE,
    [
        "rule",
        "bus",
        "name",
        "description",
        "pattern",
        "schedule_expression",
        "enabled",
        "shadow",
        "targets",
        "transforms",
    ],
    pattern=PATTERN_IN,
    rule=whole("The number of the rule that it would change: what is left out stays.", minimum=0),
)
_WARNING = obj(
    "What a rule may not mean, and why we think so.",
    {
        "warning": words("Its kind.", *Doubt),
        "path": words("The member of the rule that it is about.", "pattern", "targets"),
        "about": text("The rule or the target that it is about, by name; or empty."),
        "message": text("What it is."),
        "reason": text("Why."),
    },
)
_EVERYTHING = {
    "warning": "everything",
    "path": "pattern",
    "about": "",
    "message": f"The pattern matches every event on bus {BUS}.",
    "reason": "Each of its conditions holds of any event, whatever it says.",
}
_WARNINGS: Operations = {
    ("POST", "/api/rules/warnings"): Operation(
        "warn_of_rule",
        TAG,
        "Warn of a rule before it is saved",
        "What the form of a rule shows before it saves: the pattern matches every event, or nothing of the "
        "last day, or what another rule does; its targets lead back to its bus, or cannot be reached; more "
        "deliveries a second are expected than `EVENTHUB_WARN_DELIVERIES_PER_SECOND`; the pattern is costly. "
        "Nothing is saved; of its targets those that the rule does not have yet are connected to, and sent "
        "nothing. What stored events would tell is left out without `events:read`, and of masked fields.",
        {
            200: Answer(
                "The warnings, none if there is nothing to warn of.",
                obj("", {"warnings": many(_WARNING)}),
                {"warnings": [_EVERYTHING]},
            )
        },
        body=Body(
            _ASKED,
            {
                "new": Example(
                    "A new rule",
                    {"bus": BUS, "name": "everything", "pattern": {"source": [{"exists": True}]}},
                ),
                "change": Example(
                    "A change of a rule", {"rule": RULE_ID, "pattern": {"source": [{"exists": True}]}}
                ),
            },
        ),
        scope="rules:write",
    ),
}
COMPONENTS = RESOURCE.components()
OPERATIONS: Operations = (
    RESOURCE.operations()
    | _WARNINGS
    | action(RESOURCE, "enable", "Enable a rule", "It makes deliveries again. That is a version of it.")
    | action(
        RESOURCE,
        "disable",
        "Disable a rule",
        "It makes no more deliveries; its matches are recorded, and those that wait go on. That "
        "is a version of it.",
    )
)
