"""Connections and API destinations."""

from eventhub.api.openapi.configured import Resource
from eventhub.api.openapi.operation import Example, Operations, Parameter
from eventhub.api.openapi.parameters import in_path
from eventhub.api.openapi.resources.dated import DATED, DATES
from eventhub.api.openapi.shape import anything, many, name, obj, some, text, truth, whole, words
from eventhub.models import ApiDestination, Connection

TAG = "connections"
SAID = "A connection holds credentials for calling out; an API destination is an HTTP endpoint that uses one."
SECRETS = {
    "type": "object",
    "description": "Secrets by name, sealed and never answered; null takes one away, one left out stays.",
    "additionalProperties": True,
}
SECRETS_SET = many(text(), "The names of the secrets that are set.")
NAME = name("Unlike every other.", 64)
_CONNECTION = obj(
    "Credentials for calling out.",
    {
        "name": NAME,
        "description": text("For people.", maxLength=512),
        "auth": words("How requests are authorised.", *Connection.Auth.values),
        "config": anything("What the way of authorising needs beside secrets: see the documentation."),
        "secrets_set": SECRETS_SET,
        "authorized": truth("Deliveries of a connection that is not authorised wait."),
        "reason": text("Why it is not authorised; empty if it is."),
        **DATED,
    },
)
_CHANGES = ["name", "description", "auth", "config", "secrets", "authorized"]
CONNECTION = Resource(
    path="/api/connections",
    tag=TAG,
    one="connection",
    many="connections",
    component="Connection",
    shape=_CONNECTION,
    writable=some(_CONNECTION, _CHANGES, required=["name"], secrets=SECRETS),
    key=in_path("name", "The name of the connection.", NAME, "crm"),
    example={
        "name": "crm",
        "description": "The customers' records",
        "auth": "basic",
        "config": {"user_name": "eventhub"},
        "secrets_set": ["password"],
        "authorized": True,
        "reason": "",
        **DATES,
    },
    new={
        "basic": Example(
            "A name and a password",
            {
                "name": "books",
                "auth": "basic",
                "config": {"user_name": "eventhub"},
                "secrets": {"password": "correct-horse"},
            },
        ),
        "api_key": Example(
            "A header with a key",
            {
                "name": "mail",
                "auth": "api-key",
                "config": {"header": "X-Api-Key"},
                "secrets": {"key": "correct-horse"},
            },
        ),
    },
    change={"description": "The customers' records, since spring", "secrets": {"password": "battery-staple"}},
    said="Credentials for calling out, by how requests are authorised.",
    filters=(
        Parameter("auth", "Only those of this way.", words("", *Connection.Auth.values), "basic"),
        Parameter("authorized", "Only those that are authorised, or are not.", truth(), True),
    ),
    deleting="Deletes the connection, unless a target or an API destination uses it.",
)
_DESTINATION = obj(
    "An HTTP endpoint, with its method, rate and connection.",
    {
        "name": NAME,
        "description": text("For people.", maxLength=512),
        "connection": name("The connection that requests are authorised by, by name.", 64),
        "endpoint": text("Each `*` in it takes one of the path parameters of the target.", maxLength=2048),
        "method": words("How it is called.", *ApiDestination.Method.values),
        "rate_per_second": whole(
            "At most so many requests a second, over all targets.", minimum=1, maximum=100_000
        ),
        **DATED,
    },
)
DESTINATION = Resource(
    path="/api/api-destinations",
    tag=TAG,
    one="API destination",
    many="API destinations",
    component="ApiDestination",
    shape=_DESTINATION,
    writable=some(
        _DESTINATION,
        ["name", "description", "connection", "endpoint", "method", "rate_per_second"],
        required=["name", "connection", "endpoint"],
    ),
    key=in_path("name", "The name of the API destination.", NAME, "crm-orders"),
    example={
        "name": "crm-orders",
        "description": "",
        "connection": "crm",
        "endpoint": "https://crm.example.com/orders/*",
        "method": "POST",
        "rate_per_second": 10,
        **DATES,
    },
    new={
        "destination": Example(
            "An endpoint",
            {"name": "crm-notes", "connection": "crm", "endpoint": "https://crm.example.com/notes"},
        )
    },
    change={"rate_per_second": 5},
    said="An HTTP endpoint that targets call, with its method, rate and connection.",
    filters=(Parameter("connection", "Only those that use this connection.", text(), "crm"),),
    deleting="Deletes the API destination, unless a target uses it.",
)
COMPONENTS = CONNECTION.components() | DESTINATION.components()
OPERATIONS: Operations = CONNECTION.operations() | DESTINATION.operations()
