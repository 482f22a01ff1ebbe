"""Accepting: entries become events, durably, before anybody is told so.

Every door hands its entries to ``Acceptor.accept``. They are checked on the event loop, given ids, and wait
for the commit in a group: while one list is being made durable, all requests that arrive join the next one,
so the cost of a commit is shared by as many as there are, and a lone request waits for nobody.

    requests ─ check ─┐                     ┌─ answered
    requests ─ check ─┼─ one journal.append ┼─ answered      (one wake-up of the loop per commit)
    requests ─ check ─┘                     └─ answered
"""

import asyncio
import logging
import os
import random
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from itertools import islice

from django.conf import settings

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.domain import jsontext
from eventhub.domain.cause import cause_of
from eventhub.domain.entry import RESERVED_SOURCE, Entry, Fault, Rejected, check_entry
from eventhub.domain.identity import event_id
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.flow.sender import from_account
from eventhub.journal.port import UNKNOWN_BUS, Appended, Journal, JournalUnavailable, NewEvent
from eventhub.models.rule import SCHEDULED_SOURCE, SCHEDULED_TYPE

log = logging.getLogger("eventhub.accept")

# One append holds about this many events (whole requests), so that a commit stays in tens of milliseconds.
EVENTS_PER_APPEND = 4000
# What may wait for the next commit. Beyond it a disk that stalls would be paid for in memory: answer 503.
MAX_WAITING_BYTES = 64 * 2**20
# After checking this much `detail`, others get their turn on the loop: about 3 ms of ordinary JSON.
CHECKED_AT_ONCE = 512 * 1024
RANDOM_BITS = 74  # of an event's id


class Acceptor:
    """Takes entries of many requests at once. Lives on one event loop; doors call ``accept``."""

    def __init__(self, journal: Journal, keeper: RulebookKeeper, loop: asyncio.AbstractEventLoop) -> None:
        self._journal = journal
        self._keeper = keeper
        self._loop = loop
        # An id is no secret, and a system call for each request gives the interpreter's lock away.
        self._random = random.Random(os.urandom(32))  # noqa: S311 - as said
        self._waiting: list[_Request] = []
        self._waiting_bytes = 0
        self._is_busy = False  # an append is under way, or about to be

    async def accept(
        self,
        entries: Sequence[Entry | Rejected],
        *,
        caller: Caller,
        keeps_unknown_bus: bool = False,
        is_partner: bool = False,
    ) -> list[Appended | Rejected]:
        """Make events of entries and return, in order, what became of each once that is durable.

        An entry for a bus that does not exist is rejected, or with ``keeps_unknown_bus`` kept as an event of
        no bus. Reserved sources are for administrators; ``is_partner`` says that the door has checked them:
        they are a partner's. Raises JournalUnavailable, with nothing stored, if no commit is possible or too
        many wait.
        """
        results: list[Appended | Rejected | None] = []
        events: list[NewEvent] = []
        buses: dict[str, int | Rejected] = {}
        accepted_at = time.time_ns() // 1000
        who = caller.who
        sources = caller.sources
        may_reserved = is_partner or caller.may(Scope.ADMIN)
        max_bytes: int = settings.MAX_ENTRY_BYTES
        size = checked = 0
        for entry in entries:
            result = entry if isinstance(entry, Rejected) else check_entry(entry, max_bytes=max_bytes)
            if result is None and isinstance(entry, Entry):
                if (bus := buses.get(entry.bus)) is None:
                    bus = buses[entry.bus] = self._bus(entry.bus, caller, keeps_unknown_bus)
                if isinstance(bus, Rejected):
                    result = bus
                elif not caller.may_put(bus, source=entry.source, detail_type=entry.detail_type):
                    refused = f"the policy of bus {entry.bus} does not let account {caller.account} put this"
                    result = Rejected(Fault.FORBIDDEN, refused)
                elif sources is not None and not sources.hold(entry.source):
                    refused = f"this key may not put events of source {entry.source!r}"
                    result = Rejected(Fault.FORBIDDEN_SOURCE, refused, "source")
                elif entry.source == SCHEDULED_SOURCE and entry.detail_type == SCHEDULED_TYPE:
                    result = Rejected(
                        Fault.RESERVED_SOURCE,
                        f'"{SCHEDULED_TYPE}" of source "{SCHEDULED_SOURCE}" is made by schedules alone',
                        "source",
                    )
                elif entry.source.startswith(RESERVED_SOURCE) and not may_reserved:
                    result = Rejected(
                        Fault.RESERVED_SOURCE,
                        f'a source that begins with "{RESERVED_SOURCE}" needs an administrator\'s key',
                        "source",
                    )
                else:
                    bits = self._random.getrandbits(RANDOM_BITS)
                    events.append(
                        build_event(
                            _from(entry, caller.account),
                            bus_id=bus,
                            accepted_at=accepted_at,
                            who=who,
                            random_bits=bits,
                        )
                    )
                checked += len(entry.detail)
                size += len(entry.detail)
            results.append(result)
            if checked > CHECKED_AT_ONCE:
                checked = 0
                await asyncio.sleep(0)
        if events:
            appended = iter(await self._appended(events, size))
            return [next(appended) if result is None else result for result in results]
        return [result for result in results if result is not None]

    def _bus(self, name: str, caller: Caller, keeps_unknown: bool) -> int | Rejected:
        bus_id = self._keeper.current.buses.get(name, UNKNOWN_BUS)
        if not caller.may(Scope.EVENTS_PUT, bus_id):
            return Rejected(Fault.FORBIDDEN, f"this key may not put events on bus {name!r}")
        if bus_id == UNKNOWN_BUS and not keeps_unknown:
            return Rejected(Fault.UNKNOWN_BUS, f"there is no bus {name!r}")
        return bus_id

    async def _appended(self, events: list[NewEvent], size: int) -> list[Appended]:
        if self._waiting and self._waiting_bytes + size > MAX_WAITING_BYTES:
            raise JournalUnavailable("too much waits to be stored already")
        request = _Request(events, size, self._loop.create_future())
        self._waiting.append(request)
        self._waiting_bytes += size
        if not self._is_busy:
            self._is_busy = True
            # Soon, not now: requests that the loop has ready in this same turn come along.
            self._loop.call_soon(self._append)
        return await request.answer

    def _append(self) -> None:
        group = self._next_group()
        try:
            handed_in = self._journal.append([event for request in group for event in request.events])
        except Exception as error:  # whatever it is, these requests must hear of it
            self._fail(group, error)
            self._go_on()
            return
        handed_in.add_done_callback(lambda done: self._wake(group, done))

    def _next_group(self) -> list["_Request"]:
        events = taken = 0
        while taken < len(self._waiting) and events < EVENTS_PER_APPEND:
            events += len(self._waiting[taken].events)
            self._waiting_bytes -= self._waiting[taken].size
            taken += 1
        group, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return group

    def _wake(self, group: list["_Request"], done: "Future[list[Appended]]") -> None:
        try:
            self._loop.call_soon_threadsafe(self._committed, group, done)
        except RuntimeError:  # the loop is closed: the process ends, and nobody waits for an answer any more
            log.debug("accept.nobody_waits", extra={"fields": {"requests": len(group)}})

    def _committed(self, group: list["_Request"], done: "Future[list[Appended]]") -> None:
        self._go_on()  # first: the disk works on the next group while this one is answered
        if error := done.exception():
            self._fail(group, error)
            return
        appended = iter(done.result())
        for request in group:
            answers = list(islice(appended, len(request.events)))
            if not request.answer.done():
                request.answer.set_result(answers)

    def _go_on(self) -> None:
        self._is_busy = bool(self._waiting)
        if self._is_busy:
            self._append()

    @staticmethod
    def _fail(group: list["_Request"], error: BaseException) -> None:
        for request in group:
            if not request.answer.done():
                request.answer.set_exception(error)


class _Request:
    """The events of one request, and the promise of an answer."""

    __slots__ = ("answer", "events", "size")

    def __init__(self, events: list[NewEvent], size: int, answer: "asyncio.Future[list[Appended]]") -> None:
        self.events = events
        self.size = size
        self.answer = answer


def _from(entry: Entry, account: str) -> Entry:
    return replace(entry, attributes=from_account(entry.attributes, account)) if account else entry


def build_event(entry: Entry, *, bus_id: int, accepted_at: int, who: str, random_bits: int) -> NewEvent:
    """Return the event that a checked entry becomes.

    ``accepted_at`` is in microseconds since 1970; of ``random_bits``, the lowest 74 make the id.
    """
    return NewEvent(
        id=event_id(accepted_at // 1000, random_bits),
        bus_id=bus_id,
        bus=entry.bus,
        source=entry.source,
        detail_type=entry.detail_type,
        time=accepted_at if entry.time is None else entry.time,
        accepted_at=accepted_at,
        resources=jsontext.encode(list(entry.resources)) if entry.resources else b"[]",
        detail=entry.detail,
        attributes=jsontext.encode(entry.attributes) if entry.attributes else b"{}",
        key=entry.key,
        who=who,
        cause_id=cause_of(entry.attributes) if entry.attributes else None,
    )
