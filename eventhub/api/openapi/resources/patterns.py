"""Trying patterns."""

from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations
from eventhub.api.openapi.resources.buses import BUS
from eventhub.api.openapi.resources.deliveries import EVENT_ID
from eventhub.api.openapi.resources.events import ENVELOPE
from eventhub.api.openapi.resources.rules import PATTERN, PATTERN_IN, RULE_ID
from eventhub.api.openapi.shape import (
    anything,
    many,
    moment,
    nullable,
    number,
    obj,
    ref,
    text,
    truth,
    uuid,
    whole,
    words,
)
from eventhub.api.rest.backtesting import MOST_IDS
from eventhub.domain.pattern import Fate, Verdict
from eventhub.flow.backtest import MOST_EVENTS

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
    {
        "kind": {"const": "any"},
        "holds": truth("Together with the fields beside it."),
        "words": text("The whole in a sentence."),
        "alternatives": many(ref("ExplainedAll")),
    },
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
        "not_compared": whole(
            "Combinations of alternatives that were not compared with the event's array elements: too many.",
            minimum=0,
        ),
        "first_failing": nullable(text("The path of the first that does not.")),
        "words": text("The whole in a sentence."),
        "tree": ref("ExplainedAll"),
    },
)
_IDS = obj(
    "Events of one fate: how many, and a page of their ids, the newest first.",
    {
        "count": whole(minimum=0),
        "ids": many(uuid("An event.")),
        "next": nullable(anything("What to add to the request for the next page: `show`, `offset`, `head`.")),
    },
)
_CLAUSE = obj(
    "A clause of the pattern, and how many events meet it alone.",
    {"path": text(), "wanted": text("What is wanted, in words."), "events": whole(minimum=0)},
)
_MISS = obj(
    "An event that the pattern nearly matches.",
    {
        "event_id": uuid("The event."),
        "clauses": whole(minimum=0),
        "satisfied": whole(minimum=0),
        "first_failing": nullable(text("The path of the first clause that does not hold.")),
        "words": text("Why not, in a sentence."),
    },
)
REPORT = obj(
    "What a pattern would have made of a bus's stored events, the newest first.",
    {
        "scanned": whole("How many were looked at.", minimum=0),
        "events": whole("Of how many, counted to 100,000.", minimum=0),
        "events_more": truth("Whether there are more than were counted."),
        "ran_out_of_time": truth("Whether the time (500 ms) was up before the events were."),
        "took_ms": number("How long it took."),
        "head": nullable(text("The newest event's place: with it, a later request sees the same events.")),
        "oldest_at": nullable(moment("When the oldest that was looked at was accepted.")),
        "matched": whole("How many the pattern matches.", minimum=0),
        "now_matches": nullable(whole("How many the rule's saved pattern matches; null without a rule.")),
        "too_complex": whole("How many would take too many steps.", minimum=0),
        "gained": ref("BacktestIds"),
        "lost": ref("BacktestIds"),
        "still": ref("BacktestIds"),
        "clauses": many(ref("BacktestClause")),
        "nearest": many(ref("NearMiss"), "Those that came nearest without a match, the nearest first."),
    },
)
COMPONENTS = {
    "Backtest": REPORT,
    "BacktestIds": _IDS,
    "BacktestClause": _CLAUSE,
    "NearMiss": _MISS,
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
    "not_compared": 0,
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
_REPORT = {
    "scanned": 1,
    "events": 1,
    "events_more": False,
    "ran_out_of_time": False,
    "took_ms": 1.2,
    "head": "0-1",
    "oldest_at": "2026-01-31T12:00:00.000Z",
    "matched": 0,
    "now_matches": 1,
    "too_complex": 0,
    "gained": {"count": 0, "ids": [], "next": None},
    "lost": {"count": 1, "ids": [EVENT_ID], "next": None},
    "still": {"count": 0, "ids": [], "next": None},
    "clauses": [{"path": "detail.amount", "wanted": "more than 500", "events": 0}],
    "nearest": [
        {
            "event_id": EVENT_ID,
            "clauses": 1,
            "satisfied": 0,
            "first_failing": "detail.amount",
            "words": "0 of 1 clauses hold; detail.amount is 120, wanted more than 500.",
        }
    ],
}
_HIGHER = {"detail": {"amount": [{"numeric": [">", 500]}]}}
OPERATIONS: Operations = {
    ("POST", "/api/rules/backtest"): Operation(
        "backtest_pattern",
        TAG,
        "Backtest a pattern",
        "What a pattern would have made of a bus's stored events: of the newest 10,000, of the "
        "`last` so many, or "
        "of those of a time. With a rule it says what would be gained, lost and stay. It takes "
        "half a second at "
        "most, and says how far it came. A pattern that cannot be read is refused (400) with "
        "the place in it. "
        "It needs `rules:read` too.",
        {200: Answer("What came out.", ref("Backtest"), _REPORT)},
        body=Body(
            obj(
                "A pattern, and the events to hold it against.",
                {
                    "bus": text("The name of the bus."),
                    "pattern": PATTERN_IN,
                    "rule": whole(
                        "The number of a rule of the bus: its saved pattern is compared.", minimum=0
                    ),
                    "since": moment("Only events accepted then or later."),
                    "until": moment("Only events accepted earlier."),
                    "last": whole("At most so many, the newest.", minimum=1, maximum=MOST_EVENTS),
                    "head": text("The `head` of an earlier answer: no events that came later."),
                    "show": words("Whose ids to answer; of all unless said.", *Fate),
                    "offset": whole("From which id on.", minimum=0, maximum=MOST_EVENTS),
                    "limit": whole("How many ids of each.", minimum=1, maximum=MOST_IDS),
                },
                optional=["rule", "since", "until", "last", "head", "show", "offset", "limit"],
            ),
            {
                "rule": Example(
                    "What a change of a rule would change", {"bus": BUS, "pattern": _HIGHER, "rule": RULE_ID}
                ),
                "day": Example(
                    "What a new pattern would have matched in a time",
                    {
                        "bus": BUS,
                        "pattern": _HIGHER,
                        "rule": RULE_ID,
                        "since": "2026-01-01T00:00:00Z",
                        "until": "2126-01-01T00:00:00Z",
                        "last": 1000,
                    },
                ),
            },
        ),
        scope="events:read",
    ),
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
