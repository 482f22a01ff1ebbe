"""Clients of the socket on a real server: one that reads as a page does, and one that never reads."""

import asyncio
import base64
import contextlib
import json
import os
import socket
import time
import urllib.request
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.live.page import Page
from tests.running import Running


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


def open_socket(hub: Running, key: str = "") -> "connect":
    """Open the socket as a program does, with ``key`` or the installation's first."""
    return connect(
        f"ws://127.0.0.1:{hub.port}/ws/live",
        subprotocols=[Subprotocol("flow.v1")],
        additional_headers={"Authorization": f"Bearer {key or hub.key}"},
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
