"""What the raw doors of our own dialect share: who passes, how a body comes in, and how a request is refused.

A refusal concerns the request as a whole, is a problem document, and means that nothing was stored.
"""

from collections.abc import Sequence

import msgspec
from django.conf import settings

from eventhub.access.caller import Caller
from eventhub.access.keys import ring
from eventhub.access.pace import whole_seconds
from eventhub.access.scopes import Scope
from eventhub.api import exchange
from eventhub.api.errors import CONTENT_TYPE, PlaceError, problem
from eventhub.api.exchange import BodyCutOffError, BodyTooLargeError, Header, Receive, Send
from eventhub.domain.entry import Entry, Rejected
from eventhub.flow.process import parts
from eventhub.journal.port import UNKNOWN_BUS, Appended, JournalUnavailable

# Room for a single entry of any size that the settings allow.
MAX_REQUEST_BYTES = max(16 * 2**20, settings.MAX_ENTRY_BYTES + 2**16)
# Reading a larger body may take tens of milliseconds if it is not in order: not on the event loop.
READ_APART_BYTES = 128 * 1024
RETRY_AFTER_SECONDS = 1


class RefusedError(Exception):
    """The request as a whole is refused."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        headers: Sequence[Header] = (),
        errors: Sequence[PlaceError] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers
        self.document = problem(status, kind, detail, errors)


async def refuse(send: Send, refused: RefusedError) -> None:
    """Answer with the problem."""
    body = msgspec.json.encode(refused.document)
    await exchange.answer(send, refused.status, CONTENT_TYPE.encode(), body, refused.headers)


async def authenticate(headers: dict[bytes, bytes]) -> Caller:
    """Return whose key the request carries; raises RefusedError (401, 429)."""
    header = headers.get(b"authorization", b"").decode("latin-1")
    caller = await ring.bearer_async(header)
    if caller is not None:
        if wait := caller.wait_seconds():
            seconds = whole_seconds(wait)
            raise RefusedError(
                429,
                "too-fast",
                f"Wanted at most the requests a second that this key has. Try again in {seconds} s.",
                [(b"retry-after", b"%d" % seconds)],
            )
        return caller
    if not header:
        raise RefusedError(
            401,
            "unauthenticated",
            "Credentials are missing: send an API key as Authorization: Bearer <id>.<secret>.",
            [(b"www-authenticate", b'Bearer realm="eventhub"')],
        )
    raise RefusedError(
        401,
        "unauthenticated",
        "These credentials are not valid: wanted Authorization: Bearer <id>.<secret> of an API key that is "
        "enabled and has not expired.",
        [(b"www-authenticate", b'Bearer realm="eventhub", error="invalid_token"')],
    )


async def authenticate_producer(headers: dict[bytes, bytes], bus: str) -> Caller:
    """Return whose key the request carries, if it may put events on the bus; raises RefusedError."""
    caller = await authenticate(headers)
    if not caller.may(Scope.EVENTS_PUT):
        raise RefusedError(403, "forbidden", f"This key lacks the scope {Scope.EVENTS_PUT}.")
    if not caller.may(Scope.EVENTS_PUT, parts().keeper.current.buses.get(bus, UNKNOWN_BUS)):
        raise RefusedError(403, "forbidden", f"This key may not put events on bus {bus!r}.")
    return caller


def check_coding(headers: dict[bytes, bytes]) -> None:
    """Raise RefusedError (415) if the body is compressed."""
    if (coding := headers.get(b"content-encoding", b"identity")) != b"identity":
        raise RefusedError(
            415,
            "unsupported-media-type",
            f"Wanted a body that is not compressed, found Content-Encoding: {coding[:64].decode('latin-1')}.",
            [(b"accept-encoding", b"identity")],
        )


async def body_of(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    """Return the whole body; raises RefusedError."""
    try:
        return await exchange.read_body(receive, headers, MAX_REQUEST_BYTES)
    except BodyTooLargeError as error:
        raise RefusedError(413, "too-large", f"The request is too large: {error}.") from error
    except BodyCutOffError as error:
        raise RefusedError(400, "cut-off", f"The body is not whole: {error}.") from error


async def accepted(entries: Sequence[Entry | Rejected], caller: Caller) -> list[Appended | Rejected]:
    """Return what became of the entries; raises RefusedError (503) if nothing can be made durable."""
    acceptor = parts().acceptor
    assert acceptor is not None  # a role that listens has one
    try:
        return await acceptor.accept(entries, caller=caller)
    except JournalUnavailable as error:
        raise RefusedError(
            503,
            "unavailable",
            f"Nothing was stored, because nothing can be made durable now: {error}. Try again.",
            [(b"retry-after", b"%d" % RETRY_AFTER_SECONDS)],
        ) from error
