"""One reader's stream, as plain ASGI."""

import asyncio
import logging
import time
from contextlib import suppress
from typing import cast

from django.conf import settings
from django.http import parse_cookie

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api import exchange, gate
from eventhub.api.exchange import Receive, Send
from eventhub.api.gate import RefusedError
from eventhub.api.stream import blocks
from eventhub.api.stream.asked import Asked, read_query
from eventhub.api.stream.start import NoSuchEventError, Place, place_of
from eventhub.api.stream.streams import BACKSTOP_SECONDS, Streams
from eventhub.domain.pattern import matches
from eventhub.flow.payload import envelope_of
from eventhub.flow.process import parts
from eventhub.journal.port import StoredEvent
from eventhub.live.consumers import caller_of_session

log = logging.getLogger("eventhub.stream")

PAGE = 50  # events read at once
WRITE_BYTES = 65_536  # more is not handed to the server at once, beside the rest of one event
# Below the server's own patience (10 s): our last words are in its buffer before it cuts the connection.
STALLED_SECONDS = 8.0
MARK_SECONDS = 1.0  # how often a reader is told how far it is while its pattern lets everything pass
RECHECK_SECONDS = 60.0

_PREFIX, _SUFFIX = len("/api/buses/"), len("/stream")
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back
]


class EndedError(Exception):
    """The stream is ended by us; ``reason`` is for programs, the text for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


async def stream(scope: exchange.Scope, receive: Receive, send: Send) -> None:
    """Answer one GET of the events of the bus that the path names."""
    try:
        reader = await _Reader.of(scope, send)
    except RefusedError as refused:
        await gate.refuse(send, refused)
        return
    tasks = [asyncio.ensure_future(reader.serve()), asyncio.ensure_future(_gone(receive))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        reader.leave()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        with suppress(ConnectionResetError):  # the server says so where nobody listens
            task.result()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _caller(headers: dict[bytes, bytes]) -> Caller:
    """Return who asks, by bearer key or by the session of a page; raises RefusedError (401)."""
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    session_key = cookies.get(settings.SESSION_COOKIE_NAME)
    if b"authorization" not in headers and session_key:
        caller = await asyncio.to_thread(caller_of_session, session_key)
        if caller is not None:
            return caller
    return await gate.authenticate(headers)


def _check_may(caller: Caller, bus_id: int | None) -> None:
    if not caller.may(Scope.EVENTS_READ):
        raise RefusedError(403, "forbidden", f"This key lacks the scope {Scope.EVENTS_READ}.")
    # Who may not see a bus is not told that it is there.
    if bus_id is None or not caller.may(Scope.EVENTS_READ, bus_id):
        raise RefusedError(404, "not-found", "There is no bus of this name.")


class _Reader:
    """Somebody who follows a bus."""

    def __init__(
        self,
        bus: str,
        bus_id: int,
        asked: Asked,
        place: Place,
        *,
        headers: dict[bytes, bytes],
        send: Send,
        streams: Streams,
        news: asyncio.Event,
    ) -> None:
        self._bus, self._bus_id = bus, bus_id
        self._pattern = asked.pattern
        self._place, self._position = place, place.after
        self._headers = headers
        self._send = send
        self._streams = streams
        self._news = news
        self._told_at = time.monotonic()  # when the reader last learned of its position
        self._rechecked_at = self._told_at

    @classmethod
    async def of(cls, scope: exchange.Scope, send: Send) -> "_Reader":
        """Return the reader that a request makes; raises RefusedError."""
        headers = exchange.headers_of(scope)
        caller = await _caller(headers)
        bus: str = scope["path"][_PREFIX:-_SUFFIX]
        bus_id = parts().keeper.current.buses.get(bus)
        _check_may(caller, bus_id)
        assert bus_id is not None  # or it would have been refused
        asked = read_query(scope.get("query_string", b""), headers.get(b"last-event-id", b""))
        streams = cast(Streams, parts().streams)
        news = None if streams.stopping else streams.join(caller.who)
        if news is None:
            text = "You have as many streams as you may, or all are in use: end one, or try again."
            raise RefusedError(429, "busy", text, [(b"retry-after", b"5")])
        try:
            place = await streams.apart(place_of, asked, bus_id, streams.journal)
        except NoSuchEventError as error:
            streams.leave(news)
            message = f"there is no event {error} on this bus (any more)"
            place_error = {"path": "start", "message": message}
            raise RefusedError(400, "invalid", f"start: {message}.", errors=[place_error]) from None  # type: ignore[list-item]
        except BaseException:
            streams.leave(news)
            raise
        return cls(bus, bus_id, asked, place, headers=headers, send=send, streams=streams, news=news)

    def leave(self) -> None:
        """Give up the reader's place."""
        self._streams.leave(self._news)

    async def serve(self) -> None:
        """Send the stream until it is ended, by either side."""
        await self._send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        try:
            await self._write(blocks.opening(self._position))
            if self._place.gap:
                message = "events between your last one and the next may have been removed by retention"
                await self._write(blocks.notice("gap", {"message": message}))
            while True:
                if not await self._page():
                    await self._wait()
        except EndedError as ended:
            words = blocks.notice("end", {"reason": ended.reason, "message": str(ended)})
            await self._send({"type": "http.response.body", "body": words, "more_body": False})

    async def _page(self) -> bool:
        """Send the next events; tell whether there may be more."""
        await self._check()
        self._news.clear()
        try:
            page = await self._streams.read(self._bus_id, self._position, PAGE)
        except Exception as error:
            log.warning("stream.reading_failed", extra={"fields": {"error": str(error)}})
            raise EndedError("unavailable", "the journal cannot be read now: resume later") from error
        if page:
            for part in await self._streams.apart(self._blocks, page):
                await self._write(part)
                self._told_at = time.monotonic()
            self._position = page[-1].position
        quiet = time.monotonic() - self._told_at
        if quiet >= (MARK_SECONDS if page else blocks.HEARTBEAT_SECONDS):
            await self._write(blocks.mark(self._position))
            self._told_at = time.monotonic()
        return len(page) == PAGE

    def _blocks(self, page: list[StoredEvent]) -> list[bytes]:
        """Return the blocks of those that the reader asked for, in parts that are written at once."""
        written: list[bytes] = []
        part = b""
        for stored in page:
            envelope = envelope_of(stored.event)
            if stored.event.accepted_at < self._place.since:
                continue
            if self._pattern is not None and not matches(self._pattern, envelope.decoded()):
                continue
            part += blocks.event(stored.position, envelope.as_bytes())
            if len(part) >= WRITE_BYTES:
                written.append(part)
                part = b""
        return [*written, part] if part else written

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), BACKSTOP_SECONDS)

    async def _write(self, body: bytes) -> None:
        """Hand text to the server, which waits for the reader; raises EndedError if that takes nothing."""
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await self._send({"type": "http.response.body", "body": body, "more_body": True})
        except TimeoutError:
            message = f"nothing was read for {STALLED_SECONDS:g} s: resume with the last id that you got"
            raise EndedError("too-slow", message) from None

    async def _check(self) -> None:
        """Raise EndedError if the stream has to end."""
        if self._streams.stopping:
            raise EndedError("stopping", "the server stops: resume in a moment")
        if parts().keeper.current.buses.get(self._bus) != self._bus_id:
            raise EndedError("bus-deleted", f"bus {self._bus!r} was deleted")
        now = time.monotonic()
        if now - self._rechecked_at >= RECHECK_SECONDS:
            self._rechecked_at = now
            try:
                _check_may(await _caller(self._headers), self._bus_id)
            except RefusedError:
                raise EndedError("forbidden", "the key or session ended, or may not read this bus") from None
