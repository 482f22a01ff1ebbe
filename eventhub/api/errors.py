"""Problem documents (RFC 9457): the one shape of errors in our own HTTP dialect.

``{"type", "title", "status", "detail", "errors": [{"path", "message"}, …]}`` as
``application/problem+json``. ``type`` is a URN whose last part is stable, for programs; ``title`` names
the kind and ``detail`` this case, for people.
"""

from collections.abc import Sequence
from typing import TypedDict

CONTENT_TYPE = "application/problem+json"


class PlaceError(TypedDict):
    """What is wrong at one place of the request."""

    path: str
    message: str


class Problem(TypedDict):
    """A problem document; ``errors`` is empty where the fault has no place."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[PlaceError]


# Every kind of problem, in whatever part of us it is found, with its one title.
TITLES = {
    "body-too-large": "The body is larger than is taken here",
    "busy": "Too much is under way",
    "conflict": "Something else stands against it",
    "cut-off": "The body ended before its end",
    "error": "The request failed",
    "forbidden": "The caller may not do this",
    "header-too-large": "The request's header is too large",
    "host": "The request does not name one host",
    "internal": "An error of ours",
    "invalid": "The request is not valid",
    "invalid-pattern": "The pattern is not valid",
    "malformed": "The request cannot be read",
    "method-not-allowed": "The method is not for this address",
    "not-acceptable": "No form of the answer that is accepted",
    "not-found": "There is nothing at this address",
    "precondition-failed": "It is not in the state that the request was made for",
    "too-large": "The request is too large",
    "too-fast": "The key asks more often than it may",
    "too-many-connections": "All connections are in use",
    "too-many-headers": "The request has too many headers",
    "too-slow": "The request came too slowly",
    "unauthenticated": "Credentials are missing or wrong",
    "unavailable": "Nothing can be stored or read now",
    "unsupported-media-type": "The body is of a type that is not read here",
}


def problem(status: int, kind: str, detail: str, errors: Sequence[PlaceError] = ()) -> Problem:
    """Return a problem document; ``kind`` is one of ``TITLES``.

    >>> problem(401, "unauthenticated", "Send a key.")["type"]
    'urn:eventhub:problem:unauthenticated'
    """
    return {
        "type": f"urn:eventhub:problem:{kind}",
        "title": TITLES[kind],
        "status": status,
        "detail": detail,
        "errors": list(errors),
    }
