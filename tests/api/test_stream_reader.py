"""One reader's stream in this process, with short patience: heartbeats, ends, and what is shared."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from eventhub.access.scopes import Scope
from eventhub.api.stream import Streams, blocks, reader, stream
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.port import Journal, JournalUnavailable
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus
from tests.api.test_ingest import token
from tests.journal.build import append, new_event

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Client:
    """A client of the stream; ``told`` is what it has got so far."""

    def __init__(self) -> None:
        self.status = 0
        self.told = b""
        self.is_over = False
        self.reads = asyncio.Event()  # cleared: it takes nothing
        self.reads.set()
        self._news = asyncio.Event()

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.told += message["body"]
        self.is_over = not message.get("more_body", False)
        self._news.set()
        if not self.is_over:
            await self.reads.wait()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()


async def never() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


def follow(
    journal: Journal, act: Callable[[Client], Coroutine[Any, Any, None]], query: bytes = b""
) -> Client:
    """Open a stream of the default bus, let ``act`` do something, and close it; return the client."""
    bearer = f"Bearer {token(Scope.EVENTS_READ)}".encode()
    keeper = RulebookKeeper()
    keeper.refresh()

    async def main() -> Client:
        streams = Streams(journal)
        process.install(Parts(journal, keeper, streams=streams))
        client = Client()
        scope = {
            "path": "/api/buses/default/stream",
            "query_string": query,
            "headers": [(b"authorization", bearer)],
        }
        serving = asyncio.ensure_future(stream(scope, never, lambda message: client.send(message)))  # noqa: PLW0108 - a test puts another there
        try:
            await act(client)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            streams.close()
            process.uninstall()
        return client

    return asyncio.run(main())


def test_a_silent_bus_is_told_of_by_heartbeats(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(reader, "BACKSTOP_SECONDS", 0.05)

    async def act(client: Client) -> None:
        await client.until(lambda: client.told.count(b": so far\n") >= 4)

    assert follow(journal, act).status == 200


def test_a_pattern_that_lets_all_pass_tells_how_far_it_is(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MARK_SECONDS", 0.0)
    bus = Bus.objects.get(name="default").pk
    append(journal, *(new_event(bus_id=bus) for _ in range(30)))
    last = str(journal.head().events).encode()

    async def act(client: Client) -> None:
        await client.until(lambda: b"id: " + last in client.told)

    query = b"start=2020-01-01T00:00:00Z&pattern=%7B%22source%22:%5B%22nobody%22%5D%7D"
    assert b"data:" not in follow(journal, act, query).told


def test_who_takes_nothing_is_told_so_and_let_go(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "STALLED_SECONDS", 0.1)

    async def act(client: Client) -> None:
        client.reads.clear()
        await client.until(lambda: client.is_over)

    assert b'event: end\ndata: {"reason":"too-slow"' in follow(journal, act).told


def test_a_server_that_waits_even_with_the_last_words_is_not_waited_for(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "STALLED_SECONDS", 0.1)
    monkeypatch.setattr(reader, "LAST_WORDS_SECONDS", 0.1)
    ended = []

    async def act(client: Client) -> None:
        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        client.send = send  # type: ignore[method-assign]  # as uvicorn does
        async with asyncio.timeout(10):
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.gather(task, return_exceptions=True)
        ended.append(True)

    follow(journal, act)
    assert ended


def test_a_journal_that_cannot_be_read_ends_the_stream(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise JournalUnavailable("the database is away")

    async def act(client: Client) -> None:
        await client.until(lambda: b"retry:" in client.told)
        monkeypatch.setattr(journal, "read", away)
        await client.until(lambda: client.is_over)

    assert b'"reason":"unavailable"' in follow(journal, act).told


def test_pages_follow_the_size_of_events(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus.objects.get(name="default").pk
    large = b'{"x":"%b"}' % (b"x" * 262_000)
    append(journal, *(new_event(bus_id=bus, detail=large) for _ in range(24)))
    asked: list[int] = []
    read = journal.read

    def counted(bus_id: int, after: Any, limit: int) -> Any:
        asked.append(limit)
        return read(bus_id, after, limit)

    monkeypatch.setattr(journal, "read", counted)

    async def act(client: Client) -> None:
        await client.until(lambda: client.told.count(b"data: {") == 24)

    follow(journal, act, b"start=2020-01-01T00:00:00Z")
    assert asked[0] == reader.FIRST_PAGE
    assert max(asked[1:6]) <= 4
