"""Parameters that several operations have."""

from eventhub.api.openapi.operation import Parameter
from eventhub.api.openapi.shape import Schema, nullable, obj, text, truth, whole, words
from eventhub.api.rest.pagination import DEFAULT_LIMIT, MAX_LIMIT

LIMIT = Parameter(
    "limit", "How many items at most.", whole(minimum=1, maximum=MAX_LIMIT, default=DEFAULT_LIMIT), 2
)
IF_MATCH = Parameter(
    "If-Match",
    "Change it only if it is in this state: the `ETag` that was read, several of them, or `*`.",
    text(),
    "*",
    place="header",
)
IF_NONE_MATCH = Parameter(
    "If-None-Match",
    "Answer 304 if nothing changed since this `ETag`.",
    text(),
    '"0123456789abcdef0123456789abcdef"',
    place="header",
)


def prefix(example: str) -> Parameter:
    """Return the filter that every list of configuration has."""
    return Parameter("prefix", "Only those whose name begins so.", text(), example)


def after(of: str) -> Parameter:
    """Return where a list of configuration goes on."""
    return Parameter("after", f"Go on after this place: from `next` of the page before, of {of}.", text())


def order_of_configured() -> Parameter:
    """Return the orders of lists of configuration."""
    orders = [sign + word for word in ("made", "name", "changed") for sign in ("", "-")]
    said = (
        "By when they were made, by name, or by when they were changed last; with `-`: the other way round."
    )
    return Parameter("order", said, words("", *orders) | {"default": "made"}, "name")


def order_of_happened() -> Parameter:
    """Return the orders of lists of what happened."""
    return Parameter("order", "The newest or the oldest first.", words("", "newest", "oldest"), "newest")


def before_and_after(what: str, example: str) -> tuple[Parameter, Parameter]:
    """Return the bounds of a list of what happened, both exclusive."""
    return (
        Parameter("before", f"Only what is older than this {what} of an item.", text(), example),
        Parameter(
            "after",
            f"Only what is newer than this {what} of an item; without `before` and `order` oldest first.",
            text(),
        ),
    )


def since_and_until(of: str) -> tuple[Parameter, Parameter]:
    """Return the bounds in time: ``since`` inclusive, ``until`` exclusive."""
    moment: Schema = text("RFC 3339, with its zone.")
    return (
        Parameter("since", f"Only those {of} then or later.", moment, "2026-01-31T12:00:00Z"),
        Parameter("until", f"Only those {of} earlier.", moment, "2126-01-31T12:00:00Z"),
    )


def in_path(name: str, description: str, schema: Schema, example: object) -> Parameter:
    """Return a part of the address."""
    return Parameter(name, description, schema, example, place="path")


# What makes a list of events, or of their deliveries, a search of events.
SEARCH = (
    Parameter("q", "A search in the one-line filter language; without `order`.", text(), "type:Order*"),
    Parameter(
        "from",
        "Of a search: only those accepted then or later; a moment, or such as `15m` ago.",
        text(),
        "2026-01-01T00:00:00Z",
    ),
    Parameter("to", "Of a search: only those accepted earlier.", text(), "2126-01-01T00:00:00Z"),
    Parameter("cursor", "Of a search: where it goes on, from `next`.", text()),
)
LOOKED = {
    "scanned": nullable(whole("How many were looked at; null in a search of some buses.", minimum=0)),
    "of": nullable(whole("Of how many, about; null in a search of some buses.", minimum=0)),
    "timed_out": truth("Whether the time was up before the page was full: `next` goes on."),
}


def searched_page(description: str, listed: Schema) -> Schema:
    """Return the page of a list that can be searched, too."""
    return obj(description, listed["properties"] | LOOKED, optional=LOOKED)
