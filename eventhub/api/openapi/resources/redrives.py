"""Redrives."""

from eventhub.api.openapi.configured import page
from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import LIMIT, before_and_after, in_path, order_of_happened
from eventhub.api.openapi.resources.dead_letters import FILTER
from eventhub.api.openapi.resources.rules import TARGET
from eventhub.api.openapi.shape import many, moment, nullable, number, obj, ref, text, truth, whole, words
from eventhub.flow import letters
from eventhub.journal.port import RedriveState

TAG = "redrives"
SAID = "A redrive tries dead letters again, in the background and at a rate."
_IDS = many(whole(minimum=0), "Numbers of dead letters.", minItems=1, maxItems=letters.MAX_IDS)
_COUNTED = obj("What a dry run counted.", {"dry_run": truth(const=True), "count": whole(minimum=0)})
REDRIVE = obj(
    SAID,
    {
        "id": whole("Its number."),
        "state": words("", *RedriveState),
        "ids": nullable(many(whole(), "The letters that were asked for, by number.")),
        "filter": nullable(FILTER),
        "rate_per_second": number("At most so many a second."),
        "total": whole("How many were selected when it was made.", minimum=0),
        "done": whole(minimum=0),
        "skipped": whole("Those that could not be: their target or rule is gone.", minimum=0),
        "skips": {
            "type": "object",
            "description": "The skipped by reason.",
            "additionalProperties": {"type": "integer"},
        },
        "made_at": moment("When it began."),
        "made_by": text("Who began it."),
        "changed_at": moment("When it went on or was steered last."),
    },
)
COMPONENTS = {"Redrive": REDRIVE, "RedrivePage": page("Redrive"), "Counted": _COUNTED}
EXAMPLE = {
    "id": 1,
    "state": "running",
    "ids": None,
    "filter": {"target": TARGET},
    "rate_per_second": 10.0,
    "total": 1,
    "done": 0,
    "skipped": 0,
    "skips": {},
    "made_at": "2026-01-31T12:05:00.000Z",
    "made_by": "user:ann",
    "changed_at": "2026-01-31T12:05:00.000Z",
}
_ID = in_path("redrive_id", "The number of the redrive.", whole(minimum=0), 1)


def _steer(verb: str, summary: str, description: str) -> Operations:
    return {
        ("POST", f"/api/redrives/{{redrive_id}}/{verb}"): Operation(
            f"{verb}_redrive",
            TAG,
            summary,
            f"{description} One that is in no state for it is not changed (409).",
            {200: Answer("The redrive.", ref("Redrive"), EXAMPLE)},
            (409,),
            parameters=(_ID,),
            body=Body(obj("Nothing.", {}), {"nothing": Example("Nothing", {})}, required=False),
            scope="rules:write",
        )
    }


OPERATIONS: Operations = {
    ("GET", "/api/redrives"): Operation(
        "list_redrives",
        TAG,
        "List redrives",
        "A page of redrives, the newest first. A key that is limited to buses sees those that it began.",
        {200: Answer("One page.", ref("RedrivePage"), {"items": [EXAMPLE], "next": None})},
        parameters=(
            LIMIT,
            *before_and_after("id", "9"),
            order_of_happened(),
            Parameter("state", "Only those that stand so.", words("", *RedriveState), "running"),
        ),
        scope="events:read",
    ),
    ("POST", "/api/redrives"): Operation(
        "begin_redrive",
        TAG,
        "Begin a redrive",
        "Selects dead letters by number or by what they have in common, and makes them pending "
        "again, at a rate. "
        "With `dry_run` it only counts them.",
        {
            200: Answer("What a dry run counted.", ref("Counted"), {"dry_run": True, "count": 1}),
            201: Answer("The redrive that began.", ref("Redrive"), EXAMPLE),
        },
        body=Body(
            obj(
                "Which letters, and how fast: `ids` or `filter`.",
                {
                    "ids": _IDS,
                    "filter": FILTER,
                    "rate_per_second": number(
                        f"At most so many a second; {letters.PER_SECOND:g} unless said.",
                        minimum=letters.LEAST_PER_SECOND,
                        maximum=letters.MOST_PER_SECOND,
                    ),
                    "dry_run": truth("Count only."),
                },
                optional=["ids", "filter", "rate_per_second", "dry_run"],
            ),
            {
                "dry": Example("Count first", {"filter": {"target": TARGET}, "dry_run": True}),
                "all": Example("All of a target", {"filter": {"target": TARGET}, "rate_per_second": 10}),
                "one": Example("One", {"ids": [1]}),
            },
        ),
        scope="rules:write",
    ),
    ("GET", "/api/redrives/{redrive_id}"): Operation(
        "read_redrive",
        TAG,
        "Read a redrive",
        "How far it is.",
        {200: Answer("The redrive.", ref("Redrive"), EXAMPLE)},
        parameters=(_ID,),
        scope="events:read",
    ),
    **_steer("pause", "Pause a redrive", "It waits until it is resumed."),
    **_steer("resume", "Resume a redrive", "It goes on where it was."),
    **_steer("cancel", "Cancel a redrive", "It ends; what was redriven stays so."),
}
