"""One HTTP exchange over raw ASGI: the body read whole and bounded, the answer sent in one piece.

The doors that take events are mounted before Django, whose own handling costs several times what accepting
an event does. They need no more than this.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]


class BodyTooLargeError(Exception):
    """The body is, or says that it is, larger than the door takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"wanted a body of at most {limit} bytes")


class BodyCutOffError(Exception):
    """The client went away before the body's end, or sent another length than it said."""


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Return a request's headers by lower-case name; of several with one name, the last."""
    return dict(scope["headers"])


async def read_body(receive: Receive, headers: dict[bytes, bytes], limit: int) -> bytes:
    """Return the whole body; raises BodyTooLargeError, as early as it shows, or BodyCutOffError."""
    stated = headers.get(b"content-length", b"")
    if stated.isdigit() and int(stated[:20]) > limit:
        raise BodyTooLargeError(limit)
    message = await receive()
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] != "http.request":
            raise BodyCutOffError("the connection ended before the body did")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLargeError(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            break
        message = await receive()
    if stated.isdigit() and int(stated[:20]) != size:
        raise BodyCutOffError(f"Content-Length says {int(stated[:20])} bytes, the body has {size}")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def answer(
    send: Send, status: int, content_type: bytes, body: bytes, headers: Iterable[Header] = ()
) -> None:
    """Send a whole answer."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type),
                (b"content-length", b"%d" % len(body)),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
