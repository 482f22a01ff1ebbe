"""API keys."""

from eventhub.access.rotation import MAX_OVERLAP_SECONDS, OVERLAP_SECONDS
from eventhub.access.scopes import Scope
from eventhub.api.openapi.configured import Resource
from eventhub.api.openapi.operation import TAG as ETAG
from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import IF_MATCH, in_path
from eventhub.api.openapi.resources.buses import BUS
from eventhub.api.openapi.resources.dated import DATED, DATES
from eventhub.api.openapi.shape import many, moment, nullable, number, obj, ref, some, text, truth, words

TAG = "keys"
SAID = "An API key is what a program proves itself with: an id, a secret, scopes and limits."
KEY_ID = "EHEXAMPLEKEY23456"
_ID = text("Its id.", pattern=r"^[A-Z0-9]{16,32}$")
SHAPE = obj(
    SAID,
    {
        "id": _ID,
        "name": text("For people: whose key it is.", minLength=1, maxLength=100),
        "scopes": many(words("", *Scope), "What it may be used for.", minItems=1),
        "buses": many(text(), "The buses that it is limited to, by name; none: every bus."),
        "sources": many(
            text(), "The sources that it may put events of: names, or beginnings such as `shop.*`."
        ),
        "account": text("Of a partner: an account of 12 digits; or empty.", pattern=r"^([0-9]{12})?$"),
        "rate_per_second": nullable(
            number("At most so many requests a second.", minimum=0.01, maximum=1_000_000)
        ),
        "enabled": truth(),
        "expires_at": nullable(moment("When it ends; null: never.")),
        "old_secret_until": nullable(moment("Until when the secret before is good, too.")),
        "last_used_at": nullable(moment("When it last opened a door, to the minute.")),
        **DATED,
    },
)
_EXAMPLE = {
    "id": KEY_ID,
    "name": "The web shop",
    "scopes": ["events:put"],
    "buses": [BUS],
    "sources": ["shop.*"],
    "account": "",
    "rate_per_second": None,
    "enabled": True,
    "expires_at": None,
    "old_secret_until": None,
    "last_used_at": None,
    **DATES,
}
_RESOURCE = Resource(
    path="/api/keys",
    tag=TAG,
    one="API key",
    many="API keys",
    component="Key",
    shape=SHAPE,
    writable=some(
        SHAPE,
        ["name", "scopes", "buses", "sources", "account", "rate_per_second", "enabled", "expires_at"],
        required=["name", "scopes"],
    ),
    key=in_path("id", "The id of the key.", _ID, KEY_ID),
    example=_EXAMPLE,
    new={
        "producer": Example(
            "A producer's key",
            {"name": "The till", "scopes": ["events:put"], "buses": [BUS], "sources": ["till.*"]},
        ),
        "reader": Example(
            "A reader's key that ends",
            {
                "name": "A report",
                "scopes": ["events:read", "rules:read"],
                "expires_at": "2126-01-31T12:00:00Z",
            },
        ),
    },
    change={"enabled": False},
    said=SAID,
    filters=(
        Parameter("enabled", "Only those that are enabled, or are not.", truth(), True),
        Parameter("bus", "Only those that are limited to this bus, among others.", text(), BUS),
    ),
    reads="admin",
    writes="admin",
    deleting="Deletes the key: it opens no door any more. To keep its name in the record, disable it.",
    conflicts=False,
)
_WITH_SECRET = obj(
    "A key with its secret, which this answer alone shows.",
    SHAPE["properties"] | {"secret": text("The secret: send `<id>.<secret>` as Bearer.")},
)
_SHOWN = Answer(
    "The key with its secret, this once.",
    ref("KeyWithSecret"),
    _EXAMPLE | {"secret": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"},
    headers={"ETag": ETAG},
)
COMPONENTS = _RESOURCE.components() | {"KeyWithSecret": _WITH_SECRET}
OPERATIONS: Operations = _RESOURCE.operations()
OPERATIONS["POST", "/api/keys"] = Operation(
    "make_api_key",
    TAG,
    "Make an API key",
    "Makes a key. Its secret is in this answer alone.",
    {201: _SHOWN},
    (409,),
    body=Body(ref("NewKey"), _RESOURCE.new),
    scope="admin",
)
OPERATIONS["POST", "/api/keys/{id}/rotate"] = Operation(
    "rotate_api_key",
    TAG,
    "Give an API key another secret",
    "The secret before is good for the overlap, so that programs can change over. This answer "
    "alone shows the "
    "new one.",
    {200: _SHOWN},
    (409, 412),
    parameters=(_RESOURCE.key, IF_MATCH),
    body=Body(
        obj(
            "How long the secret before is good.",
            {
                "overlap_seconds": number(
                    f"{OVERLAP_SECONDS} unless said.", minimum=0, maximum=MAX_OVERLAP_SECONDS
                )
            },
            optional=["overlap_seconds"],
        ),
        {"usual": Example("The usual overlap", {}), "once": Example("At once", {"overlap_seconds": 0})},
        required=False,
    ),
    scope="admin",
)
