"""The REST door for events: ``POST /api/buses/{bus}/events``, mounted before Django.

202 with one result per entry, in order, once every accepted one is durable, also if all were rejected: each
entry stands for itself. Other answers concern the request as a whole, are problem documents, and mean that
nothing was stored: 400 not JSON or cut off, 401, 403, 413, 415, 503 when nothing can be made durable now.
"""

import asyncio
from collections.abc import Sequence

import msgspec
from django.conf import settings

from eventhub.access.caller import Caller
from eventhub.access.keys import ring
from eventhub.access.scopes import Scope
from eventhub.api import exchange
from eventhub.api.errors import CONTENT_TYPE, problem
from eventhub.api.exchange import BodyCutOffError, BodyTooLargeError, Header, Receive, Send
from eventhub.api.submitted import BodyError, as_answer, read_entries
from eventhub.domain.entry import Entry, Rejected
from eventhub.flow.process import parts
from eventhub.journal.port import UNKNOWN_BUS, JournalUnavailable

# Room for a single entry of any size that the settings allow.
MAX_REQUEST_BYTES = max(16 * 2**20, settings.MAX_ENTRY_BYTES + 2**16)
# Reading a larger body may take tens of milliseconds if it is not in order: not on the event loop.
READ_APART_BYTES = 128 * 1024
RETRY_AFTER_SECONDS = 1

_PREFIX = len("/api/buses/")
_SUFFIX = len("/events")


class _RefusedError(Exception):
    """The request as a whole is refused."""

    def __init__(self, status: int, kind: str, detail: str, headers: Sequence[Header] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = headers


async def ingest(scope: exchange.Scope, receive: Receive, send: Send) -> None:
    """Answer one POST of events to the bus that the path names."""
    try:
        body = await _accept(scope, receive)
    except _RefusedError as refused:
        document = problem(refused.status, refused.kind, refused.detail)
        content_type = CONTENT_TYPE.encode()
        await exchange.answer(
            send, refused.status, content_type, msgspec.json.encode(document), refused.headers
        )
    else:
        await exchange.answer(send, 202, b"application/json", body)


async def _accept(scope: exchange.Scope, receive: Receive) -> bytes:
    headers = exchange.headers_of(scope)
    bus: str = scope["path"][_PREFIX:-_SUFFIX]
    running = parts()
    assert running.acceptor is not None  # a role that listens has one
    caller = await _authenticate(headers)
    _authorize(caller, bus, running.keeper.current.buses.get(bus, UNKNOWN_BUS))
    _check_form(headers)
    entries = await _read(receive, headers, bus)
    try:
        results = await running.acceptor.accept(entries, caller=caller)
    except JournalUnavailable as error:
        raise _RefusedError(
            503,
            "unavailable",
            f"Nothing was stored, because nothing can be made durable now: {error}. Try again.",
            [(b"retry-after", b"%d" % RETRY_AFTER_SECONDS)],
        ) from error
    return as_answer(results)


async def _authenticate(headers: dict[bytes, bytes]) -> Caller:
    header = headers.get(b"authorization", b"").decode("latin-1")
    caller = await ring.bearer_async(header)
    if caller is not None:
        return caller
    if not header:
        raise _RefusedError(
            401,
            "unauthenticated",
            "Credentials are missing: send an API key as Authorization: Bearer <id>.<secret>.",
            [(b"www-authenticate", b'Bearer realm="eventhub"')],
        )
    raise _RefusedError(
        401,
        "unauthenticated",
        "These credentials are not valid: wanted Authorization: Bearer <id>.<secret> of an API key that is "
        "enabled and has not expired.",
        [(b"www-authenticate", b'Bearer realm="eventhub", error="invalid_token"')],
    )


def _authorize(caller: Caller, bus: str, bus_id: int) -> None:
    if not caller.may(Scope.EVENTS_PUT):
        raise _RefusedError(403, "forbidden", f"This key lacks the scope {Scope.EVENTS_PUT}.")
    if not caller.may(Scope.EVENTS_PUT, bus_id):
        raise _RefusedError(403, "forbidden", f"This key may not put events on bus {bus!r}.")


def _check_form(headers: dict[bytes, bytes]) -> None:
    content_type = headers.get(b"content-type", b"application/json").decode("latin-1")
    media, _, parameters = content_type.partition(";")
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if media.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"}:
        raise _RefusedError(
            415,
            "unsupported-media-type",
            f"Wanted Content-Type: application/json in UTF-8, found {content_type[:128]}.",
        )
    if (coding := headers.get(b"content-encoding", b"identity")) != b"identity":
        raise _RefusedError(
            415,
            "unsupported-media-type",
            f"Wanted a body that is not compressed, found Content-Encoding: {coding[:64].decode('latin-1')}.",
            [(b"accept-encoding", b"identity")],
        )


async def _read(receive: Receive, headers: dict[bytes, bytes], bus: str) -> list[Entry | Rejected]:
    try:
        body = await exchange.read_body(receive, headers, MAX_REQUEST_BYTES)
        if len(body) > READ_APART_BYTES:
            return await asyncio.to_thread(read_entries, body, bus)
        return read_entries(body, bus)
    except BodyTooLargeError as error:
        raise _RefusedError(413, "too-large", f"The request is too large: {error}.") from error
    except BodyCutOffError as error:
        raise _RefusedError(400, "cut-off", f"The body is not whole: {error}.") from error
    except BodyError as error:
        raise _RefusedError(400, "malformed", f"The body is not as wanted: {error}.") from error
