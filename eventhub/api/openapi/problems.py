"""The one shape of errors, and the answers that hold it."""

from eventhub.api.errors import CONTENT_TYPE, TITLES, Problem, problem
from eventhub.api.openapi.shape import Schema, many, obj, text, whole

PROBLEM = obj(
    "A problem document (RFC 9457).",
    {
        "type": text(
            "What kind of problem it is, for programs.",
            enum=[f"urn:eventhub:problem:{kind}" for kind in TITLES],
        ),
        "title": text("The kind, for people."),
        "status": whole("The status of the answer."),
        "detail": text("This case, for people: where, what was wanted, what was found."),
        "errors": many(
            {
                "type": "object",
                "description": "What is wrong at one place of the request.",
                "properties": {
                    "path": text("The place, such as `targets` or `config.headers`; empty: the whole."),
                    "message": text("What was wanted there, and what was found."),
                },
                "required": ["path", "message"],
                "additionalProperties": True,
            },
            "Where the fault is, if it has a place.",
        ),
    },
)

# By status: what it means, the example, and the header beside.
_MEANINGS: dict[int, tuple[str, Problem]] = {
    400: (
        "The request is not valid; nothing was changed.",
        problem(
            400,
            "invalid",
            "limit: wanted a whole number from 1 to 1000, found 0",
            [{"path": "limit", "message": "wanted a whole number from 1 to 1000, found 0"}],
        ),
    ),
    401: (
        "No credentials, or wrong ones.",
        problem(401, "unauthenticated", "Authentication credentials were not provided."),
    ),
    403: ("The caller may not do this.", problem(403, "forbidden", "this needs the scope rules:write")),
    404: ("There is nothing here that the caller may see.", problem(404, "not-found", "Not found.")),
    406: (
        "The caller takes no form of the answer.",
        problem(406, "not-acceptable", "Could not satisfy the request Accept header."),
    ),
    409: ("Something else stands against it.", problem(409, "conflict", "the redrive is done")),
    412: (
        "It is not in the state that `If-Match` or `If-None-Match` asks for; nothing was changed.",
        problem(412, "precondition-failed", "If-Match names another state than the one there is now."),
    ),
    413: (
        "The body is larger than is read.",
        problem(413, "too-large", "wanted a body of at most 1310720 bytes"),
    ),
    415: (
        "The body is of a type that is not read here.",
        problem(415, "unsupported-media-type", 'Unsupported media type "text/plain" in request.'),
    ),
    429: (
        "The key asks more often than it may.",
        problem(429, "too-fast", "Wanted at most the requests a second that this key has"),
    ),
    431: (
        "The header of the request is too long.",
        problem(431, "header-too-large", "wanted at most 16384 bytes of header"),
    ),
    500: ("An error of ours; it was logged.", problem(500, "internal", "The error was logged.")),
    503: ("Nothing can be stored or read now.", problem(503, "unavailable", "Try again in a moment.")),
}
_HEADERS = {
    401: {"WWW-Authenticate": {"description": "What is asked for.", "schema": text()}},
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": text()}},
}

ALWAYS = (400, 401, 403, 406, 429, 431, 500, 503)
WITH_BODY = (413, 415)


def responses() -> dict[str, Schema]:
    """Return the answers with a problem, as they stand under ``components``."""
    return {
        f"Problem{status}": {
            "description": meaning,
            "content": {
                CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
            },
        }
        | ({"headers": _HEADERS[status]} if status in _HEADERS else {})
        for status, (meaning, example) in _MEANINGS.items()
    }


def response(status: int) -> Schema:
    """Return a reference to the answer of a status."""
    return {"$ref": f"#/components/responses/Problem{status}"}
