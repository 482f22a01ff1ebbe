"""Trying patterns."""

from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations
from eventhub.api.openapi.resources.deliveries import EVENT_ID
from eventhub.api.openapi.resources.events import ENVELOPE
from eventhub.api.openapi.resources.rules import PATTERN, PATTERN_IN
from eventhub.api.openapi.shape import anything, many, nullable, obj, ref, text, truth, uuid, whole, words
from eventhub.domain.pattern import Verdict

TAG = "patterns"
SAID = "A pattern is a JSON condition on events; it can be tried before a rule has it."
_VERDICT = words("", *(verdict.value for verdict in Verdict))
_FIELD = obj(
    "A field of the pattern.",
    {
        "kind": {"const": "field"},
        "path": text("Where it is in the event."),
        "verdict": _VERDICT,
        "holds": truth(),
        "wanted": text("What is wanted, in words."),
        "operators": many({}, "The pattern's own values."),
        "found": many({}, "What the event has there, the first of them."),
        "found_in_all": whole("How many values it has there."),
        "element": nullable(text("The array element that came nearest.")),
        "words": text("The whole in a sentence."),
    },
)
_ANY = obj(
    "`$or`: one alternative must hold.",
    {"kind": {"const": "any"}, "holds": truth(), "alternatives": many(ref("ExplainedAll"))},
)
_ALL = obj(
    "Members that must hold together.",
    {
        "kind": {"const": "all"},
        "holds": truth(),
        "members": many({"anyOf": [ref("ExplainedField"), ref("ExplainedAny")]}),
    },
)
EXPLANATION = obj(
    "Why a pattern does or does not match an event.",
    {
        "verdict": _VERDICT,
        "matches": truth(),
        "clauses": whole("Of the branch that came nearest.", minimum=0),
        "satisfied": whole("Those that hold.", minimum=0),
        "first_failing": nullable(text("The path of the first that does not.")),
        "words": text("The whole in a sentence."),
        "tree": ref("ExplainedAll"),
    },
)
COMPONENTS = {
    "Explanation": EXPLANATION,
    "ExplainedAll": _ALL,
    "ExplainedAny": _ANY,
    "ExplainedField": _FIELD,
}
_EXPLAINED = {
    "verdict": "match",
    "matches": True,
    "clauses": 2,
    "satisfied": 2,
    "first_failing": None,
    "words": "All 2 clauses hold.",
    "tree": {
        "kind": "all",
        "holds": True,
        "members": [
            {
                "kind": "field",
                "path": "source",
                "verdict": "match",
                "holds": True,
                "wanted": '"shop.web"',
                "operators": ["shop.web"],
                "found": ["shop.web"],
                "found_in_all": 1,
                "element": None,
                "words": 'source is "shop.web"',
            }
        ],
    },
}
OPERATIONS: Operations = {
    ("POST", "/api/patterns/explain"): Operation(
        "explain_pattern",
        TAG,
        "Explain a match",
        "Why a pattern does or does not match an event: one that is given, or one that is "
        "stored, which needs "
        "`events:read`. A pattern that cannot be read is refused (400) with the place in it.",
        {200: Answer("The verdict, and the tree behind it.", ref("Explanation"), _EXPLAINED)},
        (404,),
        body=Body(
            obj(
                "A pattern, and an event: its envelope or its id.",
                {
                    "pattern": PATTERN_IN,
                    "event": anything("An envelope."),
                    "event_id": uuid("The id of a stored event."),
                },
                optional=["event", "event_id"],
            ),
            {
                "given": Example("An event that is given", {"pattern": PATTERN, "event": ENVELOPE}),
                "stored": Example("A stored event", {"pattern": PATTERN, "event_id": EVENT_ID}),
            },
        ),
        scope="rules:read",
    ),
}
