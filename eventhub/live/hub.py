"""The hub: one per web process, on its event loop. Reads each tick while anybody watches; serves sessions."""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import close_old_connections, connections

from eventhub.access.caller import Caller
from eventhub.access.sensitive import searched_masks
from eventhub.domain.filter import FilterError, parse
from eventhub.flow.find import asks_for_masked
from eventhub.flow.rulebook import Rulebook, RulebookKeeper
from eventhub.journal.port import Hint, Journal, Search
from eventhub.live import frames
from eventhub.live.frames import CloseCode
from eventhub.live.hints import Hints
from eventhub.live.listing import LISTED
from eventhub.live.live_filters import MOST_FILTERS, NOTHING, found_rows, read_extra
from eventhub.live.messages import Refusal, Sub
from eventhub.live.picture import AnyChannel, Picture
from eventhub.live.rows_channel import EventChannel
from eventhub.live.session import MAX_INFLIGHT, Session, Subscription
from eventhub.live.snapshot import read_start
from eventhub.live.sums import one_row, read_backlogs, recent_rows
from eventhub.live.view import View, view_of
from eventhub.live.window import WINDOW_SECONDS

log = logging.getLogger("eventhub.live")

TICK_SECONDS = 0.1
BUSY_TICK_SECONDS = 0.2
BUSY_SESSIONS = 50
BUSY_SHARE = 0.4  # of the tick, taken by one beat
IDLE_SECONDS = 1.0  # the beat without hints: finds what a lost hint missed, moves the window on
LINGER_SECONDS = 60.0  # how long the picture is kept for those who come back
READ_LIMIT = 5000  # rows of one table in one beat
MAX_SESSIONS = 500
MAX_SESSIONS_EACH = 8
MAX_SUBSCRIPTIONS = 16

P = ParamSpec("P")
T = TypeVar("T")


class Hub:
    """Everything that is watched in this process. All methods belong to its event loop."""

    def __init__(
        self, journal: Journal, keeper: RulebookKeeper, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._journal = journal
        self._keeper = keeper
        self._clock = clock
        self._sessions: dict[int, Session] = {}
        self._picture: Picture | None = None
        self._epoch = ""
        self._lock = (
            asyncio.Lock()
        )  # one beat, waking or new channel at a time: the tail stands still meanwhile
        self._news = asyncio.Event()
        self._awake = asyncio.Event()
        self._hinted = False
        self._failing = False
        self._period = TICK_SECONDS
        self._beat_at = 0.0
        self._watched_at = 0.0
        self._backlogs_due_at = 0.0
        self._reader = ThreadPoolExecutor(1, "live")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hints = Hints(self._heard)
        self._tasks: list[asyncio.Task[None]] = []
        self._asides: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to serve; costs nothing until somebody watches."""
        self._loop = asyncio.get_running_loop()
        self._journal.watch(self._hint)
        self._keeper.on_change(self._changed)
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._hints.listen())]

    async def stop(self) -> None:
        """Close all sockets and end."""
        self._loop = None
        for session in list(self._sessions.values()):
            session.close(CloseCode.STOPPING, "the server stops")
        tasks = [*self._tasks, *self._asides]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._picture = None
        with suppress(RuntimeError):  # already stopped
            await asyncio.get_running_loop().run_in_executor(self._reader, connections.close_all)
        self._reader.shutdown()

    @property
    def is_awake(self) -> bool:
        """Tell whether anything is read: somebody watches, or did a moment ago."""
        return self._picture is not None

    # -- sessions --------------------------------------------------------------------------------

    def has_room_for(self, who: str) -> bool:
        """Tell whether one more socket of this caller may come."""
        counts = Counter(session.caller.who for session in self._sessions.values())
        return len(self._sessions) < MAX_SESSIONS and counts[who] < MAX_SESSIONS_EACH

    def join(self, session: Session) -> None:
        """Take a session in."""
        self._sessions[id(session)] = session

    def leave(self, session: Session) -> None:
        """Let a session go."""
        for number in list(session.subscriptions):
            session.unsubscribe(number, self._clock())
        self._sessions.pop(id(session), None)
        self._watched_at = self._clock()

    async def greet(self, session: Session) -> None:
        """Answer a ``hello``, waking up if nobody watched; raises what reading the journal raises."""
        async with self._lock:
            picture = self._picture or await self._wake()
            everything = picture.flow(view_of(session.caller), self._clock())
        session.greeted = True
        session.send(
            frames.welcome(
                epoch=self._epoch,
                tick=picture.tick,
                topology=everything.version,
                period=self._period,
                inflight=MAX_INFLIGHT,
                window=WINDOW_SECONDS,
                user=session.caller.name,
            )
        )

    async def subscribe(self, session: Session, asked: Sub) -> Refusal | None:
        """Subscribe a session that was greeted; return why not, if not."""
        number = asked.id
        if len(session.subscriptions) >= MAX_SUBSCRIPTIONS and number not in session.subscriptions:
            return Refusal("too-many-subscriptions", f"wanted at most {MAX_SUBSCRIPTIONS} a socket", number)
        async with self._lock:
            picture = self._picture or await self._wake()
            found = await self._channel(picture, session, asked)
            if isinstance(found, Refusal):
                return found
            session.subscribe(number, self._resumed(found, asked.cur), self._clock())
            session.flush(picture.tick, self._clock())
        return None

    def served(self, session: Session) -> None:
        """See to a session whose credits, visibility or rate changed: it may get what waits for it."""
        if self._picture is not None and session.has_news:
            self._news.set()

    def reconfigured(self, rulebook: Rulebook) -> None:
        """Take a new rulebook, and tell other processes of it."""
        if self._picture is not None:
            self._picture.reconfigured(rulebook)
            self._news.set()
        self._aside(self._hints.tell(rulebook.version))

    def _resumed(self, channel: AnyChannel, cursor: str) -> Subscription:
        """Return a subscription that goes on from ``cursor``, if that is one of ours; else from a snap."""
        epoch, _, text = cursor.partition(":")
        tick = int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else -1
        if not cursor or epoch != self._epoch:
            return Subscription(channel, 0, "epoch" if cursor else "sub")
        return Subscription(channel, tick, None if 0 <= tick <= channel.last else "too-old")

    async def _channel(self, picture: Picture, session: Session, asked: Sub) -> AnyChannel | Refusal:
        if asked.ch == "event":
            return await self._event(picture, session, asked)
        refusal = _refusal(picture, session, asked)
        if refusal is not None:
            return refusal
        bus_id = None if asked.bus is None else picture.rulebook.buses[asked.bus]
        view = view_of(session.caller, bus_id)
        if asked.ch != "rows":
            return self._drawn(picture, view, asked)
        if asked.q.strip():
            return await self._filtered(picture, session.caller, asked, view)
        channel = picture.channels.get(("rows", view))
        if channel is None:
            rows = await self._read(recent_rows, 50, bus_ids=view.shown, tail=picture.tail)
            channel = picture.rows(view, rows[::-1])
        return channel

    def _drawn(self, picture: Picture, view: View, asked: Sub) -> AnyChannel:
        if asked.ch == "head":
            return picture.head(view, self._clock())
        base = picture.flow(view, self._clock())
        # Only what is a group now: nobody fills our memory with views of nothing.
        if asked.group not in base.graph.nodes:
            return base
        return picture.flow(view._replace(opened=asked.group), self._clock())

    async def _filtered(
        self, picture: Picture, caller: Caller, asked: Sub, view: View
    ) -> AnyChannel | Refusal:
        try:
            filter_ = parse(asked.q)
        except FilterError as error:
            return Refusal("bad-filter", str(error), asked.id, error.at)
        masked = await self._read(searched_masks, caller, view.shown)
        if why := asks_for_masked(filter_.node, masked):
            return Refusal("bad-filter", why, asked.id, 0)
        channel = picture.filters.channels.get((str(filter_), view.shown))
        if channel is not None:
            return channel
        if not picture.filters.has_room_for(filter_):
            return Refusal("too-many-filters", f"wanted at most {MOST_FILTERS} different filters", asked.id)
        now = int(self._clock() * 1_000_000)
        search = Search(filter_, now=now, limit=LISTED, bus_ids=view.shown)
        rows = await self._read(found_rows, self._journal, search, picture.tail)
        bus = None if asked.bus is None else asked.bus
        return picture.filters.begin(filter_, view.shown, bus, picture.tick, rows[::-1])

    async def _event(self, picture: Picture, session: Session, asked: Sub) -> AnyChannel | Refusal:
        if asked.ev is None:
            return Refusal("bad-message", '"ev": wanted the id of an event', asked.id)
        channel = picture.channels.get(("event", asked.ev))
        if channel is None:
            row = await self._read(one_row, asked.ev)
            if row is None or not session.may_watch(row.bus_id):
                return _unknown_event(asked.ev, asked.id)
            return picture.event(row)
        assert isinstance(channel, EventChannel)
        return channel if session.may_watch(channel.row.bus_id) else _unknown_event(asked.ev, asked.id)

    # -- beating ---------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            await self._wait()
            try:
                await self.beat()
            except Exception as error:  # a journal that is away comes back; whatever it raised
                self._note(error)
                await asyncio.sleep(IDLE_SECONDS)

    async def _wait(self) -> None:
        """Wait for the next tick that has something to do: news, someone's turn, or the second."""
        await self._awake.wait()
        waiting = any(session.has_news for session in self._sessions.values())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), self._period if waiting else IDLE_SECONDS)
        await asyncio.sleep(self._beat_at + self._period - time.monotonic())

    async def beat(self) -> None:
        """Read what is new, work it in, and give every session its frame."""
        self._beat_at = time.monotonic()
        self._news.clear()
        self._hinted = False
        async with self._lock:
            picture, now = self._picture, self._clock()
            if picture is None:
                return
            if not self._sessions and now >= self._watched_at + LINGER_SECONDS:
                self._picture = None
                self._awake.clear()
                return
            feed = await self._read(self._journal.feed, picture.tail, READ_LIMIT)
            if now >= self._backlogs_due_at:
                await self._read_backlogs(picture, now)
            wanted = picture.filters.wanted(feed)
            extra = await self._read(read_extra, wanted) if wanted.documents or wanted.rows else NOTHING
            picture.advance(feed, now, extra)
            for session in list(self._sessions.values()):
                session.flush(picture.tick, now)
        if feed.more:
            self._news.set()
        self._failing = False
        busy = time.monotonic() - self._beat_at > BUSY_SHARE * TICK_SECONDS
        self._period = BUSY_TICK_SECONDS if busy or len(self._sessions) > BUSY_SESSIONS else TICK_SECONDS

    async def _wake(self) -> Picture:
        now = self._clock()
        known, rows = await self._read(read_start, self._journal, now)
        picture = Picture(known, rows[::-1], self._keeper.current, now)
        await self._read_backlogs(picture, now)
        self._picture, self._epoch = picture, secrets.token_hex(4)
        self._watched_at = now
        self._awake.set()
        return picture

    async def _read_backlogs(self, picture: Picture, now: float) -> None:
        began = time.monotonic()
        picture.pile_up(await self._read(read_backlogs, picture.rulebook.paused, now))
        # A long queue takes long to count; it may take a twentieth of the time.
        self._backlogs_due_at = now + max(IDLE_SECONDS, 20 * (time.monotonic() - began))

    async def _read(self, what: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call something that blocks, in the reading thread."""

        def call() -> T:
            close_old_connections()
            return what(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._reader, call)

    def _note(self, error: Exception) -> None:
        if not self._failing:
            log.error("live.reading_failed", extra={"fields": {"error": str(error)}}, exc_info=error)
            text = frames.error("unavailable", "the journal cannot be read now; the frames go on later")
            for session in self._sessions.values():
                session.send(text)
        self._failing = True

    # -- hints, from any thread --------------------------------------------------------------------

    def _hint(self, _hint: Hint) -> None:
        if self._picture is not None and not self._hinted:
            self._hinted = True  # once a tick is enough: waking a loop costs more than the rest of a commit
            self._soon(self._news.set)

    def _changed(self, rulebook: Rulebook) -> None:
        self._soon(self.reconfigured, rulebook)

    def _soon(self, callback: Callable[P, None], *args: P.args, **_: P.kwargs) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop was closed in this moment
                loop.call_soon_threadsafe(callback, *args)

    def _heard(self, version: int) -> None:
        if version > self._keeper.current.version:
            self._aside(asyncio.to_thread(self._refresh))

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    def _refresh(self) -> None:
        try:
            self._keeper.refresh()
        except Exception as error:  # a database that is away: the keeper's own poll tries again
            log.warning("live.refresh_failed", extra={"fields": {"error": str(error)}})
        finally:
            close_old_connections()


def _refusal(picture: Picture, session: Session, asked: Sub) -> Refusal | None:
    """Return why a session cannot have the flow, its head or the rows that it asked for."""
    if asked.ch not in {"flow", "head", "rows"}:
        return Refusal("unknown-channel", '"ch": wanted flow, head, rows or event', asked.id)
    if asked.q.strip() and asked.ch != "rows":
        return Refusal("bad-filter", f"{asked.ch} takes no filter", asked.id, 0)
    if asked.bus is not None:
        bus_id = picture.rulebook.buses.get(asked.bus)
        # Who may not see a bus is not told that it is there.
        if bus_id is None or not session.may_watch(bus_id):
            return Refusal("unknown-bus", f"there is no bus {asked.bus[:256]!r}", asked.id)
    return None


def _unknown_event(event_id: UUID, number: int) -> Refusal:
    return Refusal("unknown-event", f"there is no event {event_id}", number)
