"""The doors before Django: events, CloudEvents, and the stream. Declared to the document by a hook."""

from typing import Any

from eventhub.api.openapi import problems, resources
from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import in_path
from eventhub.api.openapi.resources.buses import BUS
from eventhub.api.openapi.resources.deliveries import EVENT_ID
from eventhub.api.openapi.shape import Schema, anything, many, nullable, obj, ref, text, truth, whole
from eventhub.api.stream.streams import MAX_READERS_EACH
from eventhub.api.submitted import MAX_ENTRIES
from eventhub.domain.entry import MAX_KEY, Fault

TAG = "putting events"
SAID = "The doors for events. EventBridge's own, `POST /`, is described under the whole document."
# Any text: entries for a bus that cannot exist are refused one by one.
_BUS = in_path("bus", "The name of the bus.", text("", minLength=1), BUS)
ENTRY = obj(
    "An entry: one event as it is submitted.",
    {
        "source": text("Where it comes from.", minLength=1, maxLength=256),
        "detail-type": text("What happened.", minLength=1, maxLength=128),
        "detail": anything("The event's own object; its text is kept."),
        "time": nullable(text("When it happened; when it is accepted, unless said.", format="date-time")),
        "resources": nullable(many(text(), "What it concerns.")),
        "id": nullable(
            text("An idempotency key: seen again within a day, unless set otherwise, it is the first event.")
        ),
    },
    optional=["time", "resources", "id"],
)
_ACCEPTED = obj(
    "The event's id.",
    {"id": text("The event's id.", format="uuid"), "duplicate": truth("Whether it was there already.")},
    optional=["duplicate"],
)
_REJECTED = obj(
    "Why an entry was not taken.",
    {
        "error": obj(
            "The fault.",
            {
                "code": text("", enum=list(Fault)),
                "message": text("What was wanted, what was found."),
                "path": text("Where in the entry."),
            },
        )
    },
)
RESULTS = obj(
    "What became of each entry, in order.",
    {
        "entries": many({"anyOf": [ref("AcceptedEntry"), ref("RejectedEntry")]}),
        "failed": whole("How many were not taken.", minimum=0),
    },
)
CLOUDEVENT = {
    "type": "object",
    "description": "A CloudEvent 1.0.",
    "properties": {
        "specversion": {"const": "1.0"},
        "id": text("", minLength=1),
        "source": text("", minLength=1),
        "type": text("", minLength=1),
        "data": {"description": "Any JSON."},
        "data_base64": text("Or bytes in base64."),
    },
    "required": ["specversion", "id", "source", "type"],
    "additionalProperties": True,
}
COMPONENTS: dict[str, Schema] = {
    "Entry": ENTRY,
    "AcceptedEntry": _ACCEPTED,
    "RejectedEntry": _REJECTED,
    "EntryResults": RESULTS,
    "CloudEvent": CLOUDEVENT,
}
_NEW = {"source": "shop.web", "detail-type": "Order Placed", "detail": {"order": "W-1042", "amount": 80}}
_CLOUD = {
    "specversion": "1.0",
    "id": "W-1043",
    "source": "https://shop.example.com/web",
    "type": "com.example.order.placed",
    "data": {"order": "W-1043", "amount": 20},
}
_DONE = Answer(
    "Every entry was looked at; those that were taken are durable.",
    ref("EntryResults"),
    {"entries": [{"id": EVENT_ID}], "failed": 0},
)
_TRACE = Parameter(
    "traceparent",
    "W3C's trace context; it is carried on to targets.",
    text(),
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    place="header",
)
OPERATIONS: Operations = {
    ("POST", "/api/buses/{bus}/events"): Operation(
        "put_events",
        TAG,
        "Put events on a bus",
        f"One entry, or an array of up to {MAX_ENTRIES:,}. 202 as soon as every entry that can be taken is "
        "durable, also if none can: each stands for itself. Any other answer means that nothing was stored.",
        {202: _DONE},
        parameters=(
            _BUS,
            Parameter(
                "Idempotency-Key",
                "A key for entries that have none: of a lone one it is the key, of several with its place.",
                text("", minLength=1, maxLength=MAX_KEY - len("/999"), pattern=r"^[!-~]+$"),
                "order-1042",
                place="header",
            ),
            _TRACE,
        ),
        body=Body(
            {"anyOf": [ref("Entry"), many(ref("Entry"), minItems=1, maxItems=MAX_ENTRIES)]},
            {
                "one": Example("One entry", _NEW),
                "several": Example("Several, with keys", [_NEW | {"id": "W-1042"}, _NEW | {"id": "W-1044"}]),
            },
        ),
        scope="events:put",
    ),
    ("POST", "/api/buses/{bus}/cloudevents"): Operation(
        "put_cloudevents",
        TAG,
        "Put CloudEvents on a bus",
        "Binary (attributes as `ce-` headers, the body is the data), structured, or a batch, by "
        "content type. "
        "`source` and `id` are the idempotency key. A lone event that cannot be taken is a "
        "problem; in a batch "
        "each stands for itself.",
        {202: _DONE},
        parameters=(_BUS, _TRACE),
        body=Body(
            ref("CloudEvent"),
            {"structured": Example("One, structured", _CLOUD)},
            content_type="application/cloudevents+json",
            others={"application/cloudevents-batch+json": many(ref("CloudEvent"), maxItems=MAX_ENTRIES)},
        ),
        scope="events:put",
    ),
    ("GET", "/api/buses/{bus}/stream"): Operation(
        "stream_events",
        TAG,
        "Follow the events of a bus",
        "The bus's events as they come, as server-sent events: `data` is the envelope, `id` is "
        "where to go on. "
        "`event: end` says why we end it, `event: gap` what retention removed meanwhile, "
        "`event: skipped` for which event the pattern is too complex. Every event comes at "
        f"least once to who resumes. At most {MAX_READERS_EACH} streams a caller (429).",
        {
            200: Answer(
                "A stream that does not end by itself.",
                text("Server-sent events."),
                content_type="text/event-stream",
            )
        },
        parameters=(
            _BUS,
            Parameter("pattern", "A pattern: JSON text. Without one, every event.", text()),
            Parameter("q", "A filter about what an event is; words of deliveries are refused.", text()),
            Parameter(
                "start",
                "`now`, a moment such as 2026-01-31T08:00:00Z, an event's id, or an `id` of the stream.",
                text(),
                "now",
            ),
            Parameter(
                "format", "How events are written.", text("", enum=["envelope", "cloudevents"]), "envelope"
            ),
            Parameter("Last-Event-ID", "Where to go on; before `start`.", text(), place="header"),
        ),
        scope="events:read",
    ),
}


def declared(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the doors to the document, and what is said once for all of it (a hook of drf-spectacular)."""
    for (method, path), operation in OPERATIONS.items():
        result["paths"].setdefault(path, {})[method.lower()] = operation.as_dict()
    result["paths"] = dict(sorted(result["paths"].items()))
    components = result.setdefault("components", {})
    components["schemas"] = {**resources.COMPONENTS, **COMPONENTS}
    components["responses"] = problems.responses()
    result["tags"] = [{"name": TAG, "description": SAID}, *resources.TAGS]
    return result
