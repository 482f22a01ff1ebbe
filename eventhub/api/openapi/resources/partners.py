"""Partner event sources."""

from eventhub.api.openapi.configured import Resource, action
from eventhub.api.openapi.operation import Example, Operations, Parameter
from eventhub.api.openapi.parameters import in_path
from eventhub.api.openapi.resources.dated import DATED, DATES
from eventhub.api.openapi.shape import moment, nullable, obj, some, text, words
from eventhub.models import PartnerSource

TAG = "partner event sources"
SAID = "A partner offers an event source to an account, which takes it with a bus of its name."
SOURCE = "aws.partner/example.com/orders"
NAME = text(
    "Begins with `aws.partner/` and the partner's name.", pattern=r"^aws\.partner(/[.\-_A-Za-z0-9]+){2,}$"
)
SHAPE = obj(
    SAID,
    {
        "name": NAME,
        "account": text("To whom it is offered.", pattern=r"^[0-9]{12}$"),
        "state": words("Pending until its bus is there and it is active.", *PartnerSource.State.values),
        "expires_at": nullable(moment("When it is deleted if it stays pending.")),
        **DATED,
    },
)
_WHOLE = Resource(
    path="/api/partner-sources",
    tag=TAG,
    one="partner event source",
    many="partner event sources",
    component="PartnerSource",
    shape=SHAPE,
    writable=some(SHAPE, ["name", "account"], required=["name", "account"]),
    key=in_path(
        "name",
        "The name of the source, with `%2F` for its slashes.",
        text("", minLength=1, maxLength=256, pattern=r"^aws\.partner(/[.\-_A-Za-z0-9]+){2,}$"),
        SOURCE,
    ),
    example={
        "name": SOURCE,
        "account": "000000000000",
        "state": "ACTIVE",
        "expires_at": None,
        **DATES,
    },
    new={"offer": Example("An offer", {"name": "aws.partner/example.com/stock", "account": "000000000000"})},
    change={},
    said=SAID,
    filters=(Parameter("account", "Only those that are offered to this account.", text(), "000000000000"),),
    deleting="Withdraws the offer. While its bus is there, the source stays, in the state DELETED.",
    conflicts=False,
)
COMPONENTS = {name: shape for name, shape in _WHOLE.components().items() if name != "ChangedPartnerSource"}
OPERATIONS: Operations = {
    (method, path): operation
    for (method, path), operation in _WHOLE.operations().items()
    if method not in {"PUT", "PATCH"}
}
OPERATIONS |= action(
    _WHOLE,
    "activate",
    "Activate a partner event source",
    "Lets its events on to its bus again. One that is active, or has no bus, is not changed (409).",
    refusals=(409,),
) | action(
    _WHOLE,
    "deactivate",
    "Deactivate a partner event source",
    "Refuses its events from now on; its bus stays. One that is not active is not changed (409).",
    refusals=(409,),
)
