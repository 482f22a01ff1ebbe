"""Kinds of target."""

from eventhub.api.openapi.operation import Answer, Operation, Operations
from eventhub.api.openapi.parameters import in_path
from eventhub.api.openapi.shape import many, nullable, obj, ref, text, truth, whole, words
from eventhub.targets.kind import FieldType
from eventhub.targets.kinds import KINDS

TAG = "target kinds"
SAID = "What each kind of target takes: forms can be made of it."
_FIELD = obj(
    "One setting of a kind.",
    {
        "name": text(),
        "in": words("Where it is given.", "config", "secrets", "target"),
        "label": text(),
        "help": text(),
        "type": words("", *FieldType),
        "required": truth(),
        "default": {"description": "What it is unless said otherwise."},
        "choices": nullable(many(text())),
        "low": nullable(whole("The least, of a number or of a text's length.")),
        "high": nullable(whole("The most.")),
        "example": nullable(text()),
    },
)
KIND = obj(
    SAID,
    {
        "name": text(),
        "title": text("For people."),
        "summary": text("What it is for."),
        "missing": nullable(text("What has to be installed for it; null if nothing.")),
        "administrators_only": truth("Whether it takes the scope `admin` to make one."),
        "payload_formats": many(text(), "The forms in which it can receive an event."),
        "fields": many(_FIELD),
    },
)
_EXAMPLE = {
    "name": "log",
    "title": "Log",
    "summary": "Writes each event as a line to the log of the worker.",
    "missing": None,
    "administrators_only": False,
    "payload_formats": ["eventbridge"],
    "fields": [],
}
COMPONENTS = {
    "TargetKind": KIND,
    "TargetKinds": obj(
        "All kinds.",
        {"items": many(ref("TargetKind")), "next": {"type": "null", "description": "It is one page."}},
    ),
}
OPERATIONS: Operations = {
    ("GET", "/api/target-kinds"): Operation(
        "list_target_kinds",
        TAG,
        "List the kinds of target",
        "All kinds, on one page.",
        {200: Answer("The kinds.", ref("TargetKinds"), {"items": [_EXAMPLE], "next": None})},
        scope="rules:read",
    ),
    ("GET", "/api/target-kinds/{name}"): Operation(
        "read_target_kind",
        TAG,
        "Read a kind of target",
        "What one kind takes.",
        {200: Answer("The kind.", ref("TargetKind"), _EXAMPLE)},
        parameters=(in_path("name", "The name of the kind.", words("", *KINDS), "log"),),
        scope="rules:read",
    ),
}
