"""Redactions."""

from eventhub.api.openapi.configured import page
from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations
from eventhub.api.openapi.parameters import LIMIT, before_and_after, order_of_happened
from eventhub.api.openapi.resources.buses import BUS
from eventhub.api.openapi.resources.deliveries import EVENT_ID
from eventhub.api.openapi.shape import Schema, many, moment, nullable, obj, ref, text, truth, uuid, whole
from eventhub.flow.redact import MOST

TAG = "redactions"
SAID = "Personal data is taken out of events and all that is kept of them, for good."
_PATH = text("Such as `detail.customer.email`.", pattern=r"^detail(\.[^.]+)+$")
_VALUE: Schema = {"description": "The value there, of any type."}
_FILTER = obj(
    "What the events have in common: one member at least.",
    {
        "bus": text("Their bus.", minLength=1),
        "source": text("Their source.", minLength=1),
        "detail-type": text("Their detail-type.", minLength=1),
        "since": moment("Accepted then or later."),
        "until": moment("Accepted before."),
        "where": obj("A value in their detail.", {"path": _PATH, "equals": _VALUE}),
    },
    optional=["bus", "source", "detail-type", "since", "until", "where"],
) | {"minProperties": 1}
_COUNTS: dict[str, Schema] = {
    "events": whole("Events that were redacted, those made from others among them.", minimum=0),
    "archived_copies": whole("Copies in archives.", minimum=0),
    "attempts": whole("Attempts whose bodies are gone.", minimum=0),
    "ended_deliveries": whole("Pending deliveries that became dead letters.", minimum=0),
}
REDACTED = obj(
    "What a request redacted, or a dry run counted.",
    {
        "dry_run": truth(),
        **_COUNTS,
        "made_from_them": whole("Of the events: forwarded or replayed from others.", minimum=0),
        "left": text("What the journal's files keep for now; empty if nothing."),
        "more_after": nullable(uuid("There are more: ask the same with this as `after`.")),
    },
    optional=["archived_copies", "attempts", "ended_deliveries", "made_from_them", "left"],
)
REDACTION = obj(
    "A redaction that was made.",
    {
        "id": whole("The number of its entry in the audit trail."),
        "at": moment("When."),
        "who": text("Who asked for it."),
        "reason": text("Why."),
        "paths": many(text(), "What was taken out."),
        **_COUNTS,
        "ids": many(uuid("An event."), "The events, if they were named."),
        "bus": text("The filter's, as the following."),
        "source": text(),
        "detail-type": text(),
        "since": whole("Microseconds since 1970."),
        "until": whole("Likewise."),
        "where": text("The path of the value; the value is not kept."),
    },
    optional=["ids", "bus", "source", "detail-type", "since", "until", "where"],
)
COMPONENTS = {"Redacted": REDACTED, "Redaction": REDACTION, "RedactionPage": page("Redaction")}
_EXAMPLE = {
    "id": 1050,
    "at": "2026-01-31T12:05:00.000Z",
    "who": "user:ann",
    "reason": "request 1207",
    "paths": ["detail.customer"],
    "bus": BUS,
    "events": 1,
    "archived_copies": 1,
    "attempts": 1,
    "ended_deliveries": 0,
}
_WHERE = {"bus": BUS, "where": {"path": "detail.customer.email", "equals": "zoe@example.com"}}

OPERATIONS: Operations = {
    ("GET", "/api/redactions"): Operation(
        "list_redactions",
        TAG,
        "List redactions",
        "A page of what was redacted, the newest first: from the audit trail.",
        {200: Answer("One page.", ref("RedactionPage"), {"items": [_EXAMPLE], "next": None})},
        parameters=(LIMIT, *before_and_after("id", "2000"), order_of_happened()),
        scope="admin",
    ),
    ("POST", "/api/redactions"): Operation(
        "redact_events",
        TAG,
        "Redact events",
        f"Replaces the detail of at most {MOST:,} events, or values in it, by a mark, with their copies in "
        "archives and attempts, and ends what is pending of them. `more_after` says that there are more. "
        "With `dry_run` they are only counted.",
        {
            200: Answer(
                "What was redacted or counted.",
                ref("Redacted"),
                {"dry_run": True, "events": 1, "more_after": None},
            )
        },
        body=Body(
            obj(
                "Which events, by `ids` or `filter`; what of them, and why.",
                {
                    "ids": many(uuid("An event."), minItems=1, maxItems=MOST),
                    "filter": _FILTER,
                    "paths": many(_PATH, "Only these values; without it the whole detail."),
                    "reason": text("Why; needed but for a dry run.", minLength=1, maxLength=500),
                    "dry_run": truth("Count only."),
                    "after": uuid("The `more_after` of an answer."),
                },
                optional=["ids", "filter", "paths", "reason", "dry_run", "after"],
            ),
            {
                "value": Example("Count those with a value", {"filter": _WHERE, "dry_run": True}),
                "one": Example(
                    "Count one", {"ids": [EVENT_ID], "paths": ["detail.customer"], "dry_run": True}
                ),
            },
        ),
        scope="admin",
    ),
}
