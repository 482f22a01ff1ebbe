"""The socket on the real server, with real frames over TCP."""

import asyncio
import base64
import contextlib
import json
import os
import socket
import statistics
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.live.page import Page
from tests.running import Running, running_hub

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run one hub for all tests of this module."""
    yield from _hub(tmp_path_factory.mktemp("hub"))


def _hub(folder: Path) -> Iterator[Running]:
    with running_hub(folder) as running:
        yield running


def post(hub: Running, count: int) -> None:
    """Put events on the default bus."""
    entry = {"source": "shop", "detail-type": "order.paid", "detail": {"n": 1}}
    request = urllib.request.Request(
        f"{hub.url}/api/buses/default/events",
        json.dumps([entry] * count).encode(),
        {"Authorization": f"Bearer {hub.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer)["failed"] == 0


def open_socket(hub: Running) -> "connect":
    """Open the socket as a program does."""
    return connect(
        f"ws://127.0.0.1:{hub.port}/ws/live",
        subprotocols=[Subprotocol("flow.v1")],
        additional_headers={"Authorization": f"Bearer {hub.key}"},
        compression=None,
    )


class Reader:
    """A page over a real connection, which shows the newest rows."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.page = Page()
        self.delays: list[float] = []

    async def begin(self) -> None:
        """Say hello and subscribe."""
        await self.connection.send('{"t":"hello"}')
        await self.connection.send('{"t":"sub","id":2,"ch":"rows"}')

    async def read(self, seconds: float) -> None:
        """Show what comes for so long, or until the socket is closed."""
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            async with asyncio.timeout(seconds):
                async for text in self.connection:
                    await self._take(json.loads(text))

    async def read_until(self, seen: int) -> None:
        """Show what comes until so many events were counted."""
        async with asyncio.timeout(20):
            while self.page.seen < seen:
                await self._take(json.loads(await self.connection.recv()))

    async def _take(self, message: dict[str, Any]) -> None:
        if message["t"] == "snap":
            self.page.snap(message)
        for part in message.get("s", ()):
            self.page.part(part)
            self.delays += [time.time() - row[1] / 1000 for row in part.get("r", ())]
        if "n" in message:
            await self.connection.send(json.dumps({"t": "ack", "n": message["n"]}))


def stuck_socket(hub: Running) -> socket.socket:
    """Open the socket, subscribe to everything, and never read."""
    raw = socket.create_connection(("127.0.0.1", hub.port), timeout=10)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /ws/live HTTP/1.1",
        f"Host: 127.0.0.1:{hub.port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Protocol: flow.v1",
        f"Authorization: Bearer {hub.key}",
    ]
    raw.sendall("\r\n".join([*lines, "", ""]).encode())
    assert b" 101 " in raw.recv(15)
    for message in (b'{"t":"hello"}', b'{"t":"sub","id":1,"ch":"flow"}', b'{"t":"sub","id":2,"ch":"rows"}'):
        say(raw, message)
    return raw


def say(raw: socket.socket, message: bytes) -> None:
    """Send a text frame, masked with zeros."""
    raw.sendall(bytes([0x81, 0x80 | len(message)]) + bytes(4) + message)


def resident_bytes(hub: Running) -> int:
    """Return the memory of the process."""
    status = Path(f"/proc/{hub.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))


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


def ended(raw: socket.socket) -> bool:
    """Tell whether the server ended the connection; reads what it had sent."""
    raw.settimeout(10)
    try:
        while raw.recv(65_536):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    finally:
        raw.close()
    return True


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
