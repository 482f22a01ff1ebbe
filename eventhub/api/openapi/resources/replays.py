"""Replays."""

from eventhub.api.openapi.configured import page
from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import LIMIT, before_and_after, in_path, order_of_happened
from eventhub.api.openapi.resources.archives import ARCHIVE
from eventhub.api.openapi.resources.buses import BUS
from eventhub.api.openapi.shape import (
    many,
    moment,
    name,
    nullable,
    number,
    obj,
    ref,
    text,
    truth,
    whole,
    words,
)
from eventhub.flow import archives
from eventhub.journal.port import ReplayState

TAG = "replays"
SAID = "A replay puts what an archive keeps of a window of time on its bus again."
REPLAY_NAME = "monday"
_NAME = name("Unlike every other.", 64)
REPLAY = obj(
    SAID,
    {
        "id": whole("Its number."),
        "name": _NAME,
        "description": text("For people."),
        "archive": text(),
        "bus": text(),
        "since": moment("Events accepted then or later."),
        "until": moment("Events accepted earlier."),
        "rules": many(text(), "The rules that alone see the events; none: all of the bus."),
        "rate_per_second": number("At most so many a second."),
        "state": words("", *ReplayState),
        "reason": text("Why it failed; empty if it did not."),
        "total": whole("Events in its window when it was made.", minimum=0),
        "done": whole(minimum=0),
        "made_at": moment("When it was made."),
        "made_by": text("Who made it."),
        "last_replayed_at": nullable(moment("When the last event that was put was accepted the first time.")),
        "ended_at": nullable(moment("When it ended.")),
    },
)
COMPONENTS = {"Replay": REPLAY, "ReplayPage": page("Replay")}
_WINDOW = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}
_EXAMPLE = {
    "id": 1,
    "name": REPLAY_NAME,
    "description": "",
    "archive": ARCHIVE,
    "bus": BUS,
    "since": "2026-01-01T00:00:00.000Z",
    "until": "2026-02-01T00:00:00.000Z",
    "rules": ["big-orders"],
    "rate_per_second": 1000.0,
    "state": "starting",
    "reason": "",
    "total": 0,
    "done": 0,
    "made_at": "2026-02-02T12:00:00.000Z",
    "made_by": "user:ann",
    "last_replayed_at": None,
    "ended_at": None,
}
_NAMED = in_path("name", "The name of the replay.", _NAME, REPLAY_NAME)
OPERATIONS: Operations = {
    ("GET", "/api/replays"): Operation(
        "list_replays",
        TAG,
        "List replays",
        "A page of replays, the newest first.",
        {200: Answer("One page.", ref("ReplayPage"), {"items": [_EXAMPLE], "next": None})},
        parameters=(
            LIMIT,
            *before_and_after("id", "9"),
            order_of_happened(),
            Parameter("archive", "Only those of this archive.", text(), ARCHIVE),
            Parameter("bus", "Only those of this bus.", text(), BUS),
            Parameter("state", "Only those that stand so.", words("", *ReplayState), "starting"),
        ),
        scope="rules:read",
    ),
    ("POST", "/api/replays"): Operation(
        "begin_replay",
        TAG,
        "Begin a replay",
        "Puts an archive's events of a window on its bus again, in order, at a rate. With `dry_run` it only "
        "counts them. A name that is taken is refused (409).",
        {
            200: Answer("What a dry run counted.", ref("Counted"), {"dry_run": True, "count": 0}),
            201: Answer("The replay that began.", ref("Replay"), _EXAMPLE),
        },
        (409,),
        body=Body(
            obj(
                "What to replay.",
                {
                    "name": _NAME | {"description": "Needed, but for a dry run."},
                    "description": text("For people.", maxLength=512),
                    "archive": text("The name of an archive."),
                    "since": moment("Events accepted then or later."),
                    "until": moment("Events accepted earlier; after `since`."),
                    "rules": many(
                        text(), "Rules of the bus, by name, which alone see the events.", minItems=1
                    ),
                    "rate_per_second": number(
                        f"At most so many a second; {archives.PER_SECOND:g} unless said.",
                        minimum=archives.LEAST_PER_SECOND,
                        maximum=archives.MOST_PER_SECOND,
                    ),
                    "dry_run": truth("Count only."),
                },
                optional=["name", "description", "rules", "rate_per_second", "dry_run"],
            ),
            {
                "dry": Example("Count first", {"archive": ARCHIVE, **_WINDOW, "dry_run": True}),
                "rules": Example(
                    "For one rule", {"name": "again", "archive": ARCHIVE, **_WINDOW, "rules": ["big-orders"]}
                ),
            },
        ),
        scope="rules:write",
    ),
    ("GET", "/api/replays/{name}"): Operation(
        "read_replay",
        TAG,
        "Read a replay",
        "How far it is.",
        {200: Answer("The replay.", ref("Replay"), _EXAMPLE)},
        parameters=(_NAMED,),
        scope="rules:read",
    ),
    ("POST", "/api/replays/{name}/cancel"): Operation(
        "cancel_replay",
        TAG,
        "Cancel a replay",
        "It ends; what was put stays. One that has ended is not changed (409).",
        {200: Answer("The replay.", ref("Replay"), _EXAMPLE)},
        (409,),
        parameters=(_NAMED,),
        body=Body(obj("Nothing.", {}), {"nothing": Example("Nothing", {})}, required=False),
        scope="rules:write",
    ),
}
