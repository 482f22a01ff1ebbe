"""Accepting: requests share commits, and each gets its own answer."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import Scope
from eventhub.domain.entry import Entry, Rejected
from eventhub.flow import accept
from eventhub.flow.accept import Acceptor
from eventhub.flow.rulebook import EMPTY, Rulebook, RulebookKeeper
from eventhub.journal.port import Appended, JournalUnavailable, NewEvent

CALLER = Caller(CallerKind.KEY, "K", frozenset({Scope.EVENTS_PUT}))


class SlowJournal:
    """A journal whose commits end when the test says so; only what accepting asks of it."""

    def __init__(self) -> None:
        self.appends: list[tuple[Sequence[NewEvent], Future[list[Appended]]]] = []

    def append(self, events: Sequence[NewEvent]) -> "Future[list[Appended]]":
        self.appends.append((events, Future()))
        return self.appends[-1][1]

    def commit(self) -> None:
        """End the oldest commit that is under way."""
        events, future = next(append for append in self.appends if not append[1].done())
        future.set_result([Appended(event.id) for event in events])

    def sources(self) -> list[list[str]]:
        return [[event.source for event in events] for events, _ in self.appends]


def entry(source: str, *, size: int = 0) -> Entry:
    return Entry("default", source, "t", b'{"a":"' + b"x" * size + b'"}')


def acceptor(journal: Any) -> Acceptor:
    book = Rulebook(**{name: getattr(EMPTY, name) for name in Rulebook.__slots__} | {"buses": {"default": 1}})
    return Acceptor(journal, RulebookKeeper(current=book), asyncio.get_running_loop())


def start(coroutine: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
    return asyncio.get_running_loop().create_task(coroutine)


async def turns(number: int = 10) -> None:
    """Let everything on the loop that is ready go on."""
    for _ in range(number):
        await asyncio.sleep(0)


def test_requests_that_wait_share_the_next_commit() -> None:
    async def main() -> None:
        journal = SlowJournal()
        door = acceptor(journal)
        first = start(door.accept([entry("a")], caller=CALLER))
        await turns()
        others = [start(door.accept([entry(name)], caller=CALLER)) for name in "bcd"]
        await turns()
        assert journal.sources() == [["a"]]  # one list at a time

        journal.commit()
        await turns()

        assert first.done()
        assert not any(task.done() for task in others)
        assert journal.sources() == [["a"], ["b", "c", "d"]]
        journal.commit()
        results = await asyncio.gather(*others)
        assert [result[0].id for result in results] == [event.id for event in journal.appends[1][0]]

    asyncio.run(main())


def test_requests_of_one_turn_of_the_loop_are_one_commit() -> None:
    async def main() -> None:
        journal = SlowJournal()
        door = acceptor(journal)
        tasks = [start(door.accept([entry(name)] * 2, caller=CALLER)) for name in "abc"]
        await turns()

        journal.commit()

        await asyncio.gather(*tasks)
        assert journal.sources() == [["a", "a", "b", "b", "c", "c"]]

    asyncio.run(main())


def test_commit_is_bounded_and_keeps_requests_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accept, "EVENTS_PER_APPEND", 3)

    async def main() -> None:
        journal = SlowJournal()
        door = acceptor(journal)
        tasks = [start(door.accept([entry(name)] * 2, caller=CALLER)) for name in "abc"]
        await turns()
        journal.commit()
        await turns()
        journal.commit()

        await asyncio.gather(*tasks)
        assert journal.sources() == [["a", "a", "b", "b"], ["c", "c"]]

    asyncio.run(main())


def test_rejected_entries_keep_their_place_and_cost_no_commit() -> None:
    async def main() -> None:
        journal = SlowJournal()
        door = acceptor(journal)
        wrong = Rejected("wrong-type", "as the door found", "source")

        assert await door.accept([wrong, entry("")], caller=CALLER) == [
            wrong,
            Rejected("missing", "source is required and must not be empty", "source"),
        ]
        assert journal.appends == []

        task = start(door.accept([wrong, entry("a"), entry(""), entry("b")], caller=CALLER))
        await turns()
        journal.commit()
        first, second, third, last = await task
        assert (first, third.code) == (wrong, "missing")
        assert [second.id, last.id] == [event.id for event in journal.appends[0][0]]

    asyncio.run(main())


def test_failed_commit_is_told_to_its_requests_and_to_no_other() -> None:
    async def main() -> None:
        journal = SlowJournal()
        door = acceptor(journal)
        first = start(door.accept([entry("a")], caller=CALLER))
        await turns()
        second = start(door.accept([entry("b")], caller=CALLER))
        await turns()

        journal.appends[0][1].set_exception(JournalUnavailable("the disk is full"))
        await turns()
        journal.commit()

        with pytest.raises(JournalUnavailable, match="the disk is full"):
            await first
        assert len(await second) == 1

    asyncio.run(main())


def test_journal_that_refuses_at_once_is_heard_and_asked_again() -> None:
    class Closed(SlowJournal):
        def append(self, events: Sequence[NewEvent]) -> "Future[list[Appended]]":
            raise JournalUnavailable("closed")

    async def main() -> None:
        door = acceptor(Closed())
        for _ in range(2):
            with pytest.raises(JournalUnavailable, match="closed"):
                await door.accept([entry("a")], caller=CALLER)

    asyncio.run(main())


def test_more_than_memory_should_hold_is_refused_while_the_disk_stalls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(accept, "MAX_WAITING_BYTES", 1000)

    async def main() -> None:
        journal = SlowJournal()
        door = acceptor(journal)
        under_way = start(door.accept([entry("a", size=600)], caller=CALLER))
        await turns()
        waiting = start(door.accept([entry("b", size=600)], caller=CALLER))
        await turns()

        with pytest.raises(JournalUnavailable, match="too much waits"):
            await door.accept([entry("c", size=600)], caller=CALLER)

        journal.commit()
        await turns()
        after = start(door.accept([entry("d", size=600)], caller=CALLER))
        await turns()
        journal.commit()
        await turns()
        journal.commit()
        await asyncio.gather(under_way, waiting, after)
        assert journal.sources() == [["a"], ["b"], ["d"]]

    asyncio.run(main())


def test_client_that_went_away_does_not_hinder_the_others() -> None:
    async def main() -> None:
        journal = SlowJournal()
        door = acceptor(journal)
        gone = start(door.accept([entry("a")], caller=CALLER))
        stays = start(door.accept([entry("b")], caller=CALLER))
        await turns()
        gone.cancel()
        await turns()

        journal.commit()

        assert len(await stays) == 1
        assert journal.sources() == [["a", "b"]]

    asyncio.run(main())


def test_large_request_lets_others_on_the_loop_between() -> None:
    async def main() -> None:
        journal = SlowJournal()
        door = acceptor(journal)
        large = start(door.accept([entry("a", size=250_000)] * 20, caller=CALLER))
        small = start(door.accept([entry("b")], caller=CALLER))
        await turns(4)
        journal.commit()
        await turns(2)
        assert small.done()
        await turns(20)
        journal.commit()
        assert len(await large) == 20

    asyncio.run(main())
