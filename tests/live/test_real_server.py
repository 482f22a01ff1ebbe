"""The socket on the real server, with real frames over TCP."""

import asyncio
import contextlib
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.live.page import Page
from tests.live.reading import Reader, ended, open_socket, post, resident_bytes, say, stuck_socket
from tests.running import Running, running_hub

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run one hub for all tests of this module."""
    yield from _hub(tmp_path_factory.mktemp("hub"))


def _hub(folder: Path) -> Iterator[Running]:
    with running_hub(folder) as running:
        yield running


def test_an_event_is_seen_within_a_quarter_of_a_second(hub: Running) -> None:
    async def watch() -> Reader:
        async with open_socket(hub) as connection:
            reader = Reader(connection)
            await reader.begin()
            await reader.read(1)
            for number in range(1, 6):
                await asyncio.to_thread(post, hub, 1)
                await reader.read_until(number)
            return reader

    reader = asyncio.run(watch())

    assert len(reader.delays) == 5
    assert max(reader.delays) < 0.25


def test_every_event_is_counted_under_load(hub: Running) -> None:
    async def watch() -> Page:
        async with open_socket(hub) as connection:
            reader = Reader(connection)
            await reader.begin()
            await reader.read(1)
            posting = asyncio.gather(*(asyncio.to_thread(post, hub, 500) for _ in range(20)))
            await reader.read_until(10_000)
            await posting
            await reader.read(0.5)
            return reader.page

    page = asyncio.run(watch())

    assert page.seen == 10_000


def test_a_client_that_never_reads_is_closed_costs_nothing_and_harms_nobody(hub: Running) -> None:
    async def watch() -> tuple[Page, int]:
        async with open_socket(hub) as connection:
            reader = Reader(connection)
            await reader.begin()
            await reader.read(1)
            for _ in range(20):  # what the process takes for this load itself
                await asyncio.to_thread(post, hub, 500)
            await reader.read_until(10_000)
            before = resident_bytes(hub)
            # Two credentials would be needed for more: eight sockets belong to one key.
            reader.delays.clear()
            stuck = [await asyncio.to_thread(stuck_socket, hub) for _ in range(7)]
            end, sent = time.monotonic() + 17, 10_000
            while time.monotonic() < end:
                await asyncio.to_thread(post, hub, 100)
                sent += 100
                for raw in stuck:
                    with contextlib.suppress(OSError):
                        say(raw, b'{"t":"ack","n":5}')  # guessing does not help
                await reader.read(0.1)
            await reader.read_until(sent)
            grown = resident_bytes(hub) - before
            closed = await asyncio.to_thread(lambda: [ended(raw) for raw in stuck])
            assert closed == [True] * 7
            assert statistics.median(reader.delays) < 0.5
            return reader.page, grown

    page, grown = asyncio.run(watch())

    assert grown < 24 * 2**20
    assert page.to is not None


def test_a_foreign_page_is_refused(hub: Running) -> None:
    async def try_it() -> int:
        async with connect(
            f"ws://127.0.0.1:{hub.port}/ws/live",
            subprotocols=[Subprotocol("flow.v1")],
            origin="http://evil.example.com",  # type: ignore[arg-type]  # it is a string
        ) as connection:
            with contextlib.suppress(ConnectionClosed):
                await connection.recv()
            return connection.close_code or 0

    assert asyncio.run(try_it()) == 4003


def test_a_message_of_a_megabyte_ends_its_socket_and_no_other(hub: Running) -> None:
    async def try_it() -> str:
        async with open_socket(hub) as other, open_socket(hub) as connection:
            with contextlib.suppress(ConnectionClosed):
                await connection.send(json.dumps({"t": "hello", "tz": "x" * 2**20}))
                await asyncio.wait_for(connection.recv(), 10)
                pytest.fail("the socket goes on")
            await other.send('{"t":"hello"}')
            return str(json.loads(await other.recv())["t"])

    assert asyncio.run(try_it()) == "welcome"


def test_a_stop_closes_the_sockets(tmp_path: Path) -> None:
    async def watch(running: Running) -> int:
        async with open_socket(running) as connection:
            reader = Reader(connection)
            await reader.begin()
            await reader.read(0.5)
            stopping = asyncio.create_task(asyncio.to_thread(running.stop))
            await reader.read(20)
            assert await stopping == 0
            return connection.close_code or 0

    with running_hub(tmp_path) as running:
        assert asyncio.run(watch(running)) == 4000
