"""Global endpoints."""

from eventhub.api.openapi.configured import Resource
from eventhub.api.openapi.operation import Example, Operations, Parameter
from eventhub.api.openapi.parameters import in_path
from eventhub.api.openapi.resources.buses import BUS, NAME
from eventhub.api.openapi.resources.dated import DATED, DATES
from eventhub.api.openapi.shape import name, obj, some, text, truth

TAG = "global endpoints"
SAID = "A global endpoint is EventBridge's address for two buses; here it routes to its primary bus."
_NAME = name("Unlike every other.", 64)
_SECONDARY = "arn:aws:events:us-west-2:000000000000:event-bus/"
_CHECK = "arn:aws:route53:::healthcheck/0123abcd"
SHAPE = obj(
    SAID,
    {
        "name": _NAME,
        "description": text("For people.", maxLength=512),
        "endpoint_id": text("What PutEvents names it by."),
        "bus": NAME | {"description": "The primary bus, by name."},
        "secondary_bus": text("The ARN of the bus of the same name in another Region.", maxLength=512),
        "health_check": text("The ARN of Route 53's health check. It is not asked.", maxLength=1600),
        "replicates": truth("Kept and told; nothing is replicated."),
        "role": text("The ARN of a role; or empty.", maxLength=256),
        **DATED,
    },
)
RESOURCE = Resource(
    path="/api/global-endpoints",
    tag=TAG,
    one="global endpoint",
    many="global endpoints",
    component="GlobalEndpoint",
    shape=SHAPE,
    writable=some(
        SHAPE,
        ["name", "description", "bus", "secondary_bus", "health_check", "replicates", "role"],
        required=["name", "bus", "secondary_bus", "health_check"],
    ),
    key=in_path("name", "The name of the endpoint.", _NAME, "main"),
    example={
        "name": "main",
        "description": "",
        "endpoint_id": "abcdefghij.klm",
        "bus": BUS,
        "secondary_bus": f"{_SECONDARY}{BUS}",
        "health_check": _CHECK,
        "replicates": True,
        "role": "",
        **DATES,
    },
    new={
        "endpoint": Example(
            "An endpoint",
            {
                "name": "other",
                "bus": "default",
                "secondary_bus": f"{_SECONDARY}default",
                "health_check": _CHECK,
            },
        )
    },
    change={"description": "For orders"},
    said=SAID,
    filters=(Parameter("bus", "Only those of this bus.", text(), BUS),),
    conflicts=False,
)
COMPONENTS = RESOURCE.components()
OPERATIONS: Operations = RESOURCE.operations()
