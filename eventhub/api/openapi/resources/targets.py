"""Targets, and what can be done to one."""

from eventhub.api.openapi.configured import Resource, action
from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import in_path
from eventhub.api.openapi.resources.connections import NAME, SECRETS, SECRETS_SET
from eventhub.api.openapi.resources.dated import DATED, DATES
from eventhub.api.openapi.resources.events import EVENT_ID
from eventhub.api.openapi.resources.rules import TARGET
from eventhub.api.openapi.shape import (
    anything,
    many,
    moment,
    nullable,
    number,
    obj,
    ref,
    some,
    text,
    truth,
    uuid,
    whole,
    words,
)
from eventhub.domain.fault import ReasonClass
from eventhub.journal.limits import CircuitState
from eventhub.models import Target
from eventhub.models.signing import MAX_OVERLAP_SECONDS, OVERLAP_SECONDS
from eventhub.targets.kinds import KINDS
from eventhub.targets.verdict import Decision

TAG = "targets"
SAID = (
    "A target is where rules deliver: a receiver of one kind, with its limits and its policy of trying again."
)
_SIGNING = obj(
    "A secret that signs the requests of a webhook now; the secret itself is never answered.",
    {
        "algorithm": words("", "v1", "v1a"),
        "public_key": nullable(text("Of a pair (v1a): what receivers verify with.")),
        "until": nullable(moment("When it ends; null for the newest.")),
    },
)
SHAPE = obj(
    SAID,
    {
        "name": NAME,
        "kind": words("What sort it is: see `/api/target-kinds`.", *KINDS) | {"default": "webhook"},
        "url": text("Of a webhook: where matching events are POSTed.", maxLength=2048),
        "bus": nullable(text("Of a bus target: the bus that matching events are put on.")),
        "api_destination": nullable(text("Of an API destination target: which one.")),
        "connection": nullable(text("Of a webhook: the credentials that each request carries.")),
        "config": anything("What the kind needs beside."),
        "secrets_set": SECRETS_SET,
        "signing": many(ref("Signing"), "What signs the requests of a webhook, the newest first."),
        "payload_format": words("The form in which it receives an event.", *Target.Format.values),
        "enabled": truth("Deliveries to a disabled target wait."),
        "disabled_reason": text(
            "Why we disabled it (the receiver answered 410 Gone); empty if a person did."
        ),
        "owned": truth("Whether EventBridge's door made it for one rule, with which it goes."),
        "paused": truth("Whether deliveries wait until it is resumed."),
        "max_attempts": whole("Tries before a delivery is a dead letter.", minimum=1, maximum=186),
        "max_age_seconds": whole(
            "Give up this long after the event was accepted.", minimum=60, maximum=604_800
        ),
        "schedule": words("The waits between attempts.", *Target.Schedule.values),
        "timeout_seconds": whole("How long an attempt may take.", minimum=1, maximum=60),
        "connect_timeout_seconds": whole("How long connecting may take.", minimum=1, maximum=60),
        "max_in_flight": whole(
            "At most so many attempts at once, over all workers.", minimum=1, maximum=1000
        ),
        "rate_per_second": nullable(number("At most so many attempts a second; null: no limit.")),
        "circuit_failures": whole("So many failures in a row open the circuit; 0: never.", minimum=0),
        "circuit_ratio": whole(
            "So many per cent of a minute's attempts do; 0: never.", minimum=0, maximum=100
        ),
        "circuit_wait_seconds": whole(
            "How long an open circuit waits before a probe.", minimum=1, maximum=3600
        ),
        "fifo_path": text("Events with the same value at this path are delivered in order.", maxLength=256),
        "dead_letter_target": nullable(text("Where its dead letters are delivered too, by name.")),
        "note": text("For people.", maxLength=512),
        **DATED,
    },
)
_ANSWERED_ONLY = {"secrets_set", "signing", "disabled_reason", "owned", *DATED}
RESOURCE = Resource(
    path="/api/targets",
    tag=TAG,
    one="target",
    many="targets",
    component="Target",
    shape=SHAPE,
    writable=some(
        SHAPE,
        [*(one for one in SHAPE["properties"] if one not in _ANSWERED_ONLY), "secrets"],
        required=["name"],
        secrets=SECRETS,
    ),
    key=in_path("name", "The name of the target.", NAME, TARGET),
    example={
        "name": TARGET,
        "kind": "webhook",
        "url": "http://127.0.0.1:9/orders",
        "bus": None,
        "api_destination": None,
        "connection": None,
        "config": {},
        "secrets_set": [],
        "signing": [],
        "payload_format": "eventbridge",
        "enabled": True,
        "disabled_reason": "",
        "owned": False,
        "paused": False,
        "max_attempts": 185,
        "max_age_seconds": 86_400,
        "schedule": "exponential",
        "timeout_seconds": 15,
        "connect_timeout_seconds": 10,
        "max_in_flight": 32,
        "rate_per_second": None,
        "circuit_failures": 20,
        "circuit_ratio": 0,
        "circuit_wait_seconds": 30,
        "fifo_path": "",
        "dead_letter_target": None,
        "note": "The till of the shop",
        **DATES,
    },
    new={
        "webhook": Example("A webhook", {"name": "books", "url": "https://books.example.com/in"}),
        "limits": Example(
            "A webhook with limits, in order",
            {
                "name": "slow",
                "url": "https://slow.example.com/in",
                "rate_per_second": 0.5,
                "max_in_flight": 1,
                "fifo_path": "$.detail.order",
                "schedule": "standard-webhooks",
            },
        ),
        "bus": Example("Another bus", {"name": "onward", "kind": "bus", "bus": "default"}),
        "destination": Example(
            "An API destination",
            {
                "name": "crm-new",
                "kind": "api-destination",
                "api_destination": "crm-orders",
                "config": {"path_parameters": ["new"]},
            },
        ),
    },
    change={"rate_per_second": 20.0, "note": "The till by the door"},
    said=SAID,
    filters=(
        Parameter("kind", "Only those of this kind.", text(), "webhook"),
        Parameter("enabled", "Only those that are enabled, or are not.", truth(), True),
        Parameter("paused", "Only those that are paused, or are not.", truth(), False),
        Parameter("bus", "Only those that put events on this bus.", text(), "shop"),
        Parameter("connection", "Only those that use this connection.", text(), "crm"),
        Parameter("api_destination", "Only those of this API destination.", text(), "crm-orders"),
    ),
    deleting="Deletes the target, unless a rule delivers to it or another one its dead letters.",
)
_BLOCKED = obj(
    "A key whose deliveries wait behind one that fails.",
    {
        "key": text(),
        "event_id": uuid("The event at the head."),
        "delivery_id": whole(),
        "attempts": whole(),
        "due_at": nullable(moment("When it is tried again.")),
    },
)
STATE = obj(
    "How a target fares.",
    {
        "target": NAME,
        "enabled": truth(),
        "disabled_reason": text(),
        "paused": truth(),
        "circuit": words("Whether deliveries go out.", *CircuitState),
        "opened_at": nullable(moment("Since when the circuit is open.")),
        "next_probe_at": nullable(moment("When one delivery goes as a probe.")),
        "failures_in_a_row": nullable(whole("Null to who sees some buses only.", minimum=0)),
        "in_flight": nullable(whole("Attempts under way; null to who sees some buses only.", minimum=0)),
        "pending": whole("Deliveries that wait, of buses that the caller sees.", minimum=0),
        "oldest_pending_at": nullable(moment("Since when the oldest of them waits.")),
        "blocked_keys": whole("How many keys are blocked.", minimum=0),
        "blocked": many(_BLOCKED, "Some of them."),
    },
)
RESULT = obj(
    "What came of one attempt.",
    {
        "decision": words("What a delivery would have done.", *Decision),
        "reason": text("Why; empty on success."),
        "reason_class": nullable(words("Whose fault it is.", *ReasonClass)),
        "status": nullable(whole("The status of the answer, if there was one.")),
        "started_at": moment("When it began."),
        "took_ms": number("How long it took."),
        "phases": anything("Milliseconds by phase."),
        "request": anything("What was sent; credentials are masked."),
        "response": anything("What was answered, cut if it is long."),
    },
)
COMPONENTS = RESOURCE.components() | {"Signing": _SIGNING, "TargetState": STATE, "TestResult": RESULT}
_STATE = Operation(
    "read_target_state",
    TAG,
    "Read how a target fares",
    "Its circuit, its backlog, and the keys that are blocked.",
    {
        200: Answer(
            "The state.",
            ref("TargetState"),
            {
                "target": TARGET,
                "enabled": True,
                "disabled_reason": "",
                "paused": False,
                "circuit": "closed",
                "opened_at": None,
                "next_probe_at": None,
                "failures_in_a_row": 0,
                "in_flight": 0,
                "pending": 0,
                "oldest_pending_at": None,
                "blocked_keys": 0,
                "blocked": [],
            },
        )
    },
    parameters=(RESOURCE.key,),
    scope="rules:read",
)
_TEST = Operation(
    "test_target",
    TAG,
    "Test a target",
    "Makes one attempt now, as a delivery would, and answers what came of it; nothing is recorded. With an "
    "event's id that event is sent, which needs `events:read` too; without one, one that says it is a test.",
    {
        200: Answer(
            "What came of it, good or bad.",
            ref("TestResult"),
            {
                "decision": "retry",
                "reason": "connecting failed: connection refused",
                "reason_class": "network",
                "status": None,
                "started_at": "2026-01-31T12:00:00.000Z",
                "took_ms": 1.2,
                "phases": {},
                "request": {"method": "POST", "url": "http://127.0.0.1:9/orders"},
                "response": {},
            },
        )
    },
    parameters=(RESOURCE.key,),
    body=Body(
        obj("What is sent.", {"event_id": uuid("An event that is stored.")}, optional=["event_id"]),
        {
            "made_up": Example("An event that says it is a test", {}),
            "stored": Example("A stored event", {"event_id": EVENT_ID}),
        },
        required=False,
    ),
    scope="rules:write",
)
_ROTATE = Operation(
    "rotate_target_secret",
    TAG,
    "Give a webhook another signing secret",
    "The old ones go on signing beside it for the overlap. This answer alone shows the secret, "
    "if it is one of "
    "ours; of a pair it shows the public key. Only webhooks are signed for (409).",
    {
        200: Answer(
            "The secret, this once.",
            obj(
                "A new signing secret.",
                {
                    "secret": nullable(text("The secret, if we made it and receivers need it.")),
                    "public_key": nullable(text("Of a pair: what receivers verify with.")),
                    "signing": many(ref("Signing")),
                },
            ),
            {
                "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "public_key": None,
                "signing": [{"algorithm": "v1", "public_key": None, "until": None}],
            },
        )
    },
    (409,),
    parameters=(RESOURCE.key,),
    body=Body(
        obj(
            "How to sign.",
            {
                "algorithm": words("HMAC-SHA256 or Ed25519; v1 unless said.", "v1", "v1a"),
                "secret": text("A secret of your own: `whsec_…` or `whsk_…`; it says its algorithm."),
                "overlap_seconds": number(
                    f"How long the old ones go on; {OVERLAP_SECONDS} unless said.",
                    minimum=0,
                    maximum=MAX_OVERLAP_SECONDS,
                ),
            },
            optional=["algorithm", "secret", "overlap_seconds"],
        ),
        {
            "usual": Example("A secret of ours", {}),
            "pair": Example("A pair, at once", {"algorithm": "v1a", "overlap_seconds": 0}),
        },
        required=False,
    ),
    scope="rules:write",
)
OPERATIONS: Operations = (
    RESOURCE.operations()
    | {
        ("GET", "/api/targets/{name}/state"): _STATE,
        ("POST", "/api/targets/{name}/test"): _TEST,
        ("POST", "/api/targets/{name}/rotate-secret"): _ROTATE,
    }
    | action(RESOURCE, "enable", "Enable a target", "Deliveries that waited go on.")
    | action(RESOURCE, "disable", "Disable a target", "Its deliveries wait and are counted; none is lost.")
    | action(RESOURCE, "pause", "Pause a target", "Its deliveries wait and are counted until it is resumed.")
    | action(RESOURCE, "resume", "Resume a target", "Deliveries that waited go on.")
)
