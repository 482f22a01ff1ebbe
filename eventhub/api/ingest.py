"""The REST door for events: ``POST /api/buses/{bus}/events``, mounted before Django.

202 with one result per entry, in order, once every accepted one is durable, also if all were rejected: each
entry stands for itself. Other answers concern the request as a whole, are problem documents, and mean that
nothing was stored: 400 not JSON or cut off, 401, 403, 413, 415, 503 when nothing can be made durable now.
"""

import asyncio

from eventhub.api import exchange, gate
from eventhub.api.carried import with_key, with_trace
from eventhub.api.exchange import Receive, Send
from eventhub.api.gate import RefusedError
from eventhub.api.submitted import BodyError, as_answer, read_entries
from eventhub.domain.entry import Entry, Rejected

_PREFIX = len("/api/buses/")
_SUFFIX = len("/events")


async def ingest(scope: exchange.Scope, receive: Receive, send: Send) -> None:
    """Answer one POST of events to the bus that the path names."""
    try:
        body = await _accept(scope, receive)
    except RefusedError as refused:
        await gate.refuse(send, refused)
    else:
        await exchange.answer(send, 202, b"application/json", body)


async def _accept(scope: exchange.Scope, receive: Receive) -> bytes:
    headers = exchange.headers_of(scope)
    bus: str = scope["path"][_PREFIX:-_SUFFIX]
    caller = await gate.authenticate_producer(headers, bus)
    _check_form(headers)
    entries = await _read(await gate.body_of(receive, headers), bus)
    carried = with_trace(with_key(entries, headers), scope["headers"])
    return as_answer(await gate.accepted(carried, caller))


def _check_form(headers: dict[bytes, bytes]) -> None:
    content_type = headers.get(b"content-type", b"application/json").decode("latin-1")
    media, _, parameters = content_type.partition(";")
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if media.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"}:
        raise RefusedError(
            415,
            "unsupported-media-type",
            f"Wanted Content-Type: application/json in UTF-8, found {content_type[:128]}.",
        )
    gate.check_coding(headers)


async def _read(body: bytes, bus: str) -> list[Entry | Rejected]:
    try:
        if len(body) > gate.READ_APART_BYTES:
            return await asyncio.to_thread(read_entries, body, bus)
        return read_entries(body, bus)
    except BodyError as error:
        raise RefusedError(400, "malformed", f"The body is not as wanted: {error}.") from error
