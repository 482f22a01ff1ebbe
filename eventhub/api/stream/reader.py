"""One reader's stream, from its first byte to its end."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace

import django.db

from eventhub.access.caller import Caller
from eventhub.api.exchange import Send
from eventhub.api.gate import RefusedError
from eventhub.api.stream import blocks
from eventhub.api.stream.asked import Asked
from eventhub.api.stream.masking import check_asked, masked_now
from eventhub.api.stream.start import Place
from eventhub.api.stream.streams import BACKSTOP_SECONDS, Streams
from eventhub.api.stream.who import recheck_seconds, who_still_may
from eventhub.domain import jsontext
from eventhub.domain.envelope import Envelope
from eventhub.domain.filter import EventView, compile_filter
from eventhub.domain.mask import mask
from eventhub.domain.pattern import Verdict, match
from eventhub.domain.payload import PayloadFormat, render
from eventhub.flow.payload import envelope_of
from eventhub.flow.process import parts
from eventhub.journal.port import NewEvent, StoredEvent

log = logging.getLogger("eventhub.stream")

# What is read at once: so many events of a usual size, and not much more than so many bytes of large ones.
PAGE = 50
PAGE_BYTES = 512 * 1024
FIRST_PAGE = 8  # while their size is not known
WRITE_BYTES = 65_536  # more is not handed to the server at once, beside the rest of one event
# Below the server's own patience (10 s): our last words are in its buffer before it cuts the connection.
STALLED_SECONDS = 8.0
LAST_WORDS_SECONDS = 1.0  # a server that waits for the reader, as uvicorn does, is not waited for
MARK_SECONDS = 1.0  # how often a reader is told how far it is while its pattern lets everything pass

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


class Reader:
    """Somebody who follows a bus."""

    def __init__(
        self,
        bus: str,
        bus_id: int,
        caller: Caller,
        asked: Asked,
        place: Place,
        *,
        headers: dict[bytes, bytes],
        send: Send,
        streams: Streams,
        news: asyncio.Event,
    ) -> None:
        self._bus, self._bus_id = bus, bus_id
        self._caller = caller
        self._asked = asked
        self._passes = compile_filter(asked.filter, now=time.time_ns() // 1000)
        self._masked: tuple[str, ...] = ()  # the paths that are masked for the reader, as of the page at hand
        self._place, self._position = place, place.after
        self._headers = headers
        self._send = send
        self._streams = streams
        self._news = news
        self._limit = FIRST_PAGE
        self._told_at = time.monotonic()  # when the reader last learned of its position
        self._recheck_at = self._told_at + recheck_seconds(headers)

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
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_SECONDS):
                    await self._send({"type": "http.response.body", "body": words, "more_body": False})

    async def _page(self) -> bool:
        """Send the next events; tell whether there may be more."""
        await self._check()
        self._news.clear()
        limit = self._limit
        try:
            page = await self._streams.read(self._bus_id, self._position, limit)
        except Exception as error:
            log.warning("stream.reading_failed", extra={"fields": {"error": str(error)}})
            raise EndedError("unavailable", "the journal cannot be read now: resume later") from error
        if page:
            self._masked = await self._streams.apart(masked_now, self._caller, self._bus_id)
            try:
                check_asked(self._asked, self._masked)
            except RefusedError as refused:  # marked as sensitive by now
                raise EndedError("forbidden", str(refused)) from None
        start = 0
        while start < len(page):
            part, start = await self._streams.apart(self._part, page, start)
            if part:
                await self._write(part)
                self._told_at = time.monotonic()
        if page:
            self._position = page[-1].position
        self._limit = next_limit(limit, sum(len(stored.event.detail) for stored in page))
        quiet = time.monotonic() - self._told_at
        if quiet >= (MARK_SECONDS if page else blocks.HEARTBEAT_SECONDS):
            await self._write(blocks.mark(self._position))
            self._told_at = time.monotonic()
        return len(page) == limit

    def _part(self, page: list[StoredEvent], start: int) -> tuple[bytes, int]:
        """Return the blocks of what the reader asked for, from ``start`` on, and where the next part starts.

        A part is what is written at once. One is made at a time: the text of a whole page would be held for
        as long as its reader is slow.
        """
        part: list[bytes] = []
        size = 0
        while start < len(page) and size < WRITE_BYTES:
            block = self._block(page[start])
            part.append(block)
            size += len(block)
            start += 1
        return b"".join(part), start

    def _block(self, stored: StoredEvent) -> bytes:
        event = stored.event
        if event.accepted_at < self._place.since:
            return b""
        if self._asked.filter.node is not None and not self._passes(_view(event)):
            return b""
        envelope = envelope_of(event)
        if self._asked.pattern is not None:
            verdict = match(self._asked.pattern, envelope.decoded())
            if verdict is Verdict.TOO_COMPLEX:
                message = "asking the pattern of this event was given up: it is too complex for it"
                return blocks.notice("skipped", {"event": str(event.id), "message": message})
            if verdict is Verdict.NO_MATCH:
                return b""
        if self._masked:
            event = replace(event, detail=mask(event.detail, self._masked))
            envelope = envelope_of(event)
        return blocks.event(stored.position, self._written(event, envelope))

    def _written(self, event: NewEvent, envelope: Envelope) -> bytes:
        if self._asked.form is PayloadFormat.EVENTBRIDGE:
            return envelope.as_bytes()
        return render(self._asked.form, envelope, jsontext.decode(event.attributes)).body

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), BACKSTOP_SECONDS)

    async def _write(self, body: bytes) -> None:
        """Hand text to the server, which waits for the reader; raises EndedError if that takes too long."""
        await self._check()
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await self._send({"type": "http.response.body", "body": body, "more_body": True})
        except TimeoutError:
            said = f"what was sent {STALLED_SECONDS:g} s ago is not read yet: resume with the last id you got"
            raise EndedError("too-slow", said) from None

    async def _check(self) -> None:
        """Raise EndedError if the stream has to end."""
        if self._streams.stopping:
            raise EndedError("stopping", "the server stops: resume in a moment")
        if parts().keeper.current.buses.get(self._bus) != self._bus_id:
            raise EndedError("bus-deleted", f"bus {self._bus!r} was deleted")
        now = time.monotonic()
        if now < self._recheck_at:
            return
        self._recheck_at = now + recheck_seconds(self._headers)
        try:
            caller = await who_still_may(self._headers, self._bus_id)
        except django.db.Error as error:  # not known now: asked again soon
            log.warning("stream.recheck_failed", extra={"fields": {"error": type(error).__name__}})
            return
        if caller is None:
            raise EndedError("forbidden", "the key or session ended, or may not read this bus any more")
        self._caller = caller


def _view(event: NewEvent) -> EventView:
    return EventView(
        id=event.id.hex,
        bus=event.bus,
        source=event.source,
        type=event.detail_type,
        accepted_at=event.accepted_at,
        key=event.key,
        detail=event.detail,
        attributes=event.attributes,
    )


def next_limit(limit: int, page_bytes: int) -> int:
    """Return how many events to read after a page that held so many bytes.

    >>> next_limit(8, 1_000), next_limit(40, 40_000), next_limit(8, 8 * 262_144), next_limit(1, 262_144)
    (16, 50, 2, 2)
    """
    if page_bytes > PAGE_BYTES:
        return max(1, limit * PAGE_BYTES // page_bytes)
    return min(PAGE, limit * 2)
