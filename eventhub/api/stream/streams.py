"""The readers of this process: how many there may be, what wakes them, and reading the journal for them."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

from eventhub.journal.port import Hint, Journal, Position, StoredEvent

MAX_READERS = 200
MAX_READERS_EACH = 8
# Commits come by the thousand: readers are woken together, so that one read serves all that have kept up.
PACE_SECONDS = 0.02
# Looking without a hint finds what a lost one missed.
BACKSTOP_SECONDS = 1.0
THREADS = 2

P = ParamSpec("P")
T = TypeVar("T")


class Streams:
    """Who reads, and what they share. All methods belong to the event loop."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.stopping = False
        self._loop = asyncio.get_running_loop()
        self._readers: dict[asyncio.Event, str] = {}  # what wakes a reader → who it is
        self._reads: dict[tuple[int, Position, int], asyncio.Future[list[StoredEvent]]] = {}
        self._hinted = False
        self._threads = ThreadPoolExecutor(THREADS, "stream")
        journal.watch(self._hear)

    def stop(self) -> None:
        """End all streams; the server waits for their last words."""
        self.stopping = True
        self._ring()

    def close(self) -> None:
        """Let go of the threads: when no stream is left."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def join(self, who: str) -> asyncio.Event | None:
        """Take a reader in; return what is set when there may be news, or None if there is no room."""
        if len(self._readers) >= MAX_READERS or Counter(self._readers.values())[who] >= MAX_READERS_EACH:
            return None
        news = asyncio.Event()
        self._readers[news] = who
        return news

    def leave(self, news: asyncio.Event) -> None:
        """Let a reader go."""
        self._readers.pop(news, None)

    async def read(self, bus_id: int, after: Position, limit: int) -> list[StoredEvent]:
        """Return a bus's next events; asked by several at once, the journal is read once."""
        key = (bus_id, after, limit)
        reading = self._reads.get(key)
        if reading is None:
            reading = asyncio.ensure_future(self.apart(self.journal.read, bus_id, after, limit))
            self._reads[key] = reading
            reading.add_done_callback(lambda _: self._reads.pop(key, None))
        return await asyncio.shield(reading)  # a reader that goes must not take it from the others

    async def apart(self, what: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call something that blocks, in a thread of the streams."""
        return await self._loop.run_in_executor(self._threads, lambda: what(*args, **kwargs))

    def _hear(self, hint: Hint) -> None:
        """Take a hint, from any thread."""
        if hint is Hint.EVENTS and self._readers and not self._hinted:
            self._hinted = True
            with suppress(RuntimeError):  # the loop was closed in this moment
                self._loop.call_soon_threadsafe(self._loop.call_later, PACE_SECONDS, self._ring)

    def _ring(self) -> None:
        self._hinted = False
        for news in self._readers:
            news.set()
