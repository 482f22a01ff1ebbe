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


def problem(status: int, kind: str, title: str, detail: str, errors: Sequence[PlaceError] = ()) -> Problem:
    """Return a problem document.

    >>> problem(401, "unauthenticated", "Credentials are missing", "Send a key.")["type"]
    'urn:eventhub:problem:unauthenticated'
    """
    return {
        "type": f"urn:eventhub:problem:{kind}",
        "title": title,
        "status": status,
        "detail": detail,
        "errors": list(errors),
    }
