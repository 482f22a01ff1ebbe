"""Completing a filter."""

from eventhub.api.openapi.operation import Answer, Operation, Operations, Parameter
from eventhub.api.openapi.resources.events import TAG
from eventhub.api.openapi.shape import Schema, many, obj, ref, text, whole, words
from eventhub.domain.filter import CandidateKind, limits

_COMPLETION = obj(
    "What could be written at a column of a filter.",
    {
        "from": whole("The first character that it would replace, counted from 0.", minimum=0),
        "to": whole("The character after the last that it would replace.", minimum=0),
        "items": many(
            obj(
                "What could stand there.",
                {
                    "text": text("As it is written in a filter, quoted where it has to be."),
                    "kind": words("A word of the language, a path of a detail, or a value.", *CandidateKind),
                    "note": text("What it is about."),
                },
            ),
            "The best first.",
        ),
    },
)
COMPONENTS: dict[str, Schema] = {"Completion": _COMPLETION}
OPERATIONS: Operations = {
    ("GET", "/api/events/complete"): Operation(
        "complete_filter",
        TAG,
        "Complete a filter",
        "The words, paths and values that could stand at a column of a filter that is being written. Values "
        "are what was seen lately on the buses that the caller may see, without what is masked for them. It "
        "takes some 20 ms at most: what could not be read in that time is left out.",
        {
            200: Answer(
                "What could stand there.",
                ref("Completion"),
                {
                    "from": 7,
                    "to": 9,
                    "items": [{"text": "shop.web", "kind": "value", "note": "the source"}],
                },
            )
        },
        parameters=(
            Parameter("q", "The filter so far.", text(maxLength=limits.MAX_CHARACTERS), "source:sh"),
            Parameter(
                "at",
                "The column in it, counted in characters from 0; its end, unless it is before that.",
                whole(minimum=0, maximum=limits.MAX_CHARACTERS),
                9,
            ),
        ),
        scope="events:read",
    ),
}
