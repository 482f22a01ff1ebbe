"""Buses."""

from eventhub.api.openapi.configured import Resource, action
from eventhub.api.openapi.operation import Answer, Example, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import in_path
from eventhub.api.openapi.resources.dated import DATED, DATES
from eventhub.api.openapi.shape import many, moment, nullable, obj, ref, some, text, truth, whole

TAG = "buses"
SAID = "A bus is a named stream that events are put on and rules watch."
BUS = "shop"
NAME = text(
    "1 to 256 letters, digits, dots, hyphens or underscores; of a partner's bus, `aws.partner/…`.",
    minLength=1,
    maxLength=256,
    pattern=r"^([.\-_A-Za-z0-9]+|aws\.partner(/[.\-_A-Za-z0-9]+){2,})$",
)
IN_PATH = text("A slash is written `%2F`.", minLength=1, maxLength=256, pattern=r"^[.\-_A-Za-z0-9]+$")
SHAPE = obj(
    SAID,
    {
        "name": NAME,
        "description": text("For people.", maxLength=512),
        "paused": truth("Whether its events wait for routing: they are kept in order, and counted."),
        "sensitive": many(
            text("", maxLength=256, pattern=r"^detail(\.[^.]+)+$"),
            "Paths of `detail` whose values are masked for who may not see them; its administrators say so.",
            maxItems=100,
        ),
        **DATED,
    },
)
RESOURCE = Resource(
    path="/api/buses",
    tag=TAG,
    one="bus",
    many="buses",
    component="Bus",
    shape=SHAPE,
    writable=some(SHAPE, ["name", "description", "paused", "sensitive"], required=["name"]),
    key=in_path("name", "The name of the bus.", IN_PATH, BUS),
    example={
        "name": BUS,
        "description": "Orders and payments",
        "paused": False,
        "sensitive": ["detail.card.number"],
        **DATES,
    },
    new={"bus": Example("A bus", {"name": "warehouse", "description": "What comes and goes"})},
    change={"description": "Orders, payments, refunds"},
    said=SAID,
    filters=(
        Parameter("name", "Only the one of this name.", text(), BUS),
        Parameter("paused", "Only those that are paused, or are not.", truth(), False),
    ),
    deleting="Deletes the bus. One with rules, waiting deliveries or waiting events is deleted only with "
    "`force`: its rules go with it, deliveries that wait become dead letters, events that wait "
    "are recorded as "
    "of an unknown bus. The default bus stays.",
    deleted=(Parameter("force", "Delete what hangs on it, too.", truth(), True),),
)
STATE = obj(
    "Whether the events of a bus are routed, and how many wait for it.",
    {
        "bus": NAME,
        "paused": truth("Whether they wait until the bus is resumed."),
        "unrouted": whole("Events that wait for routing, counted to 10,000.", minimum=0, maximum=10_000),
        "unrouted_more": truth("Whether there are more than were counted."),
        "oldest_unrouted_at": nullable(moment("When the oldest of them was accepted.")),
    },
)
COMPONENTS = RESOURCE.components() | {"BusState": STATE}
_STATE = Operation(
    "read_bus_state",
    TAG,
    "Read how a bus fares",
    "Whether its events are routed, and how many wait: few and for a moment, or all since the "
    "bus was paused.",
    {
        200: Answer(
            "The state.",
            ref("BusState"),
            {"bus": BUS, "paused": False, "unrouted": 0, "unrouted_more": False, "oldest_unrouted_at": None},
        )
    },
    parameters=(RESOURCE.key,),
    scope="rules:read",
)
OPERATIONS: Operations = (
    RESOURCE.operations()
    | {("GET", "/api/buses/{name}/state"): _STATE}
    | action(
        RESOURCE,
        "pause",
        "Pause a bus",
        "Its events are accepted and wait for routing, in order, until the bus is resumed. Retention removes "
        "none of them.",
    )
    | action(RESOURCE, "resume", "Resume a bus", "Routing goes on where it stopped, in order.")
)
