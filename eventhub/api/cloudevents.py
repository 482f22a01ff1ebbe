"""The door for CloudEvents 1.0 over HTTP: ``POST /api/buses/{bus}/cloudevents``, mounted before Django.

Binary, structured or a batch, by Content-Type. 202 in the form of the REST door, once all is durable. A lone
event that cannot be taken is a problem (400, 403, 404, 413), because producers look at the status alone; in a
batch each event is accepted or rejected for itself, as in the REST door's arrays. Its ``source`` and ``id``
seen again within the window are the first event, answered with its id.
"""

import asyncio
from dataclasses import replace

from eventhub.api import exchange, gate
from eventhub.api.carried import with_trace
from eventhub.api.errors import PlaceError
from eventhub.api.exchange import Receive, Send
from eventhub.api.gate import RefusedError
from eventhub.api.submitted import as_answer
from eventhub.domain.cloudevent import (
    DATA_AS,
    CloudEventError,
    Mode,
    UnsupportedFormatError,
    mode_of,
    read_batch,
    read_binary,
    read_structured,
)
from eventhub.domain.entry import Entry, Fault, Rejected

_PREFIX = len("/api/buses/")
_SUFFIX = len("/cloudevents")
# What a lone event is rejected with, where it is more than a fault of its text.
_STATUSES = {
    Fault.FORBIDDEN: (403, "forbidden"),
    Fault.RESERVED_SOURCE: (403, "forbidden"),
    Fault.FORBIDDEN_SOURCE: (403, "forbidden"),
    Fault.UNKNOWN_BUS: (404, "not-found"),
    Fault.TOO_LARGE: (413, "too-large"),
}


async def cloudevents(scope: exchange.Scope, receive: Receive, send: Send) -> None:
    """Answer one POST of CloudEvents to the bus that the path names."""
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
    gate.check_coding(headers)
    try:
        mode = _mode(headers)
        body = await gate.body_of(receive, headers)
        if len(body) > gate.READ_APART_BYTES:
            entries = await asyncio.to_thread(_read, mode, scope, body, bus)
        else:
            entries = _read(mode, scope, body, bus)
    except UnsupportedFormatError as error:
        raise RefusedError(415, "unsupported-media-type", f"{_sentence(error)}.") from error
    except CloudEventError as error:
        raise _refusal(error.rejected()) from error
    results = [
        _in_its_words(result, entry) if isinstance(result, Rejected) else result
        for result, entry in zip(
            await gate.accepted(with_trace(entries, scope["headers"]), caller), entries, strict=True
        )
    ]
    if mode is not Mode.BATCH and isinstance(results[0], Rejected):
        raise _refusal(results[0])
    return as_answer(results)


def _mode(headers: dict[bytes, bytes]) -> Mode:
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    mode = mode_of(content_type)
    parameters = content_type.partition(";")[2].lower().replace(" ", "").replace('"', "")
    if mode is not Mode.BINARY and "charset=" in parameters and "charset=utf-8" not in parameters.split(";"):
        raise UnsupportedFormatError("content-type", "JSON in UTF-8", content_type[:128])
    return mode


def _read(mode: Mode, scope: exchange.Scope, body: bytes, bus: str) -> list[Entry | Rejected]:
    match mode:
        case Mode.BATCH:
            return read_batch(body, bus)
        case Mode.STRUCTURED:
            return [read_structured(body, bus)]
        case Mode.BINARY:
            return [read_binary(scope["headers"], body, bus)]


def _in_its_words(rejected: Rejected, entry: Entry | Rejected) -> Rejected:
    """Return what accepting said of an entry with the place by its name in the CloudEvent."""
    if isinstance(entry, Rejected):
        return rejected
    if rejected.path == "detail-type":
        return replace(rejected, path="type")
    data_as = entry.attributes.get(DATA_AS)
    within = f"detail.{data_as}" if data_as else "detail"
    if rejected.path.startswith(within):
        return replace(rejected, path=f"{data_as or 'data'}{rejected.path[len(within) :]}")
    return rejected


def _refusal(rejected: Rejected) -> RefusedError:
    status, kind = _STATUSES.get(Fault(rejected.code), (400, "invalid"))
    where = f"{rejected.path}: " if rejected.path else ""
    errors = [PlaceError(path=rejected.path, message=rejected.message)] if rejected.path else []
    return RefusedError(status, kind, f"The event was not taken: {where}{rejected.message}.", errors=errors)


def _sentence(error: CloudEventError) -> str:
    return f"{error.path}: wanted {error.wanted}, found {error.found}"
