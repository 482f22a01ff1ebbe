"""The load: a bare HTTP/1.1 client over kept connections, so that the server is measured and not the client.

Runs as a process of its own (``python -m tests.bench.load``): one JSON object of orders on standard input,
one of figures on standard output.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle

import uvloop


class Connection(asyncio.Protocol):
    """One kept connection; asks ``next_request`` for the next bytes whenever an answer is complete."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.buffer = b""
        self.asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def ask(self, request: bytes) -> None:
        self.asked_at = time.monotonic()
        self.transport.write(request)  # type: ignore[attr-defined]  # a stream's transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 : (head + b"\r\n").find(b"\r\n", at)]) if at >= 0 else 0
        if len(body) < length:
            return
        self.buffer = b""
        if b"connection: close" in head.lower():
            self.transport.close()
        self.load.answered(self, int(head[9:12]), body)

    def connection_lost(self, error: Exception | None) -> None:
        self.load.lost += 1
        if not self.load.done.is_set():  # a server that closes after each answer is asked on a new connection
            self.load.replace(self)


@dataclass
class Load:
    """Posts as fast as ``connections`` allow (closed loop), or at a rate (open loop), for some seconds."""

    connections: int
    seconds: float
    request: Callable[[], bytes]
    rate: float = 0.0
    most: int = 0  # stop after so many requests (0: no limit)
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    idle: list[Connection] = field(default_factory=list)
    waiting: int = 0
    sent: int = 0
    lost: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, host: str, port: int) -> dict[str, object]:
        self.address = (host, port)
        loop = asyncio.get_running_loop()
        for _ in range(self.connections):
            self.idle.append(await self._connect())
        began = time.monotonic()
        loop.call_later(self.seconds, self.stop)
        if self.rate:
            await self._at_rate(began)
        else:
            for connection in list(self.idle):
                self._ask(connection)
        await self.done.wait()
        took = time.monotonic() - began
        return {
            "requests": len(self.latencies),
            "seconds": took,
            "statuses": self.statuses,
            "latencies": sorted(self.latencies),
            "lost": self.lost,
        }

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(lambda: Connection(self), *self.address))[1]

    def replace(self, connection: Connection) -> None:
        if connection in self.idle:
            self.idle.remove(connection)
        task = asyncio.ensure_future(self._connect())
        task.add_done_callback(lambda done: self.done.is_set() or self._ask(done.result()))

    def _ask(self, connection: Connection) -> None:
        if self.most and self.sent >= self.most:
            if len(self.latencies) >= self.most:
                self.stop()
            return
        self.sent += 1
        connection.ask(self.request())

    async def _at_rate(self, began: float) -> None:
        due = 0
        while not self.done.is_set():
            now = time.monotonic() - began
            while due <= now * self.rate:
                due += 1
                if self.idle:
                    self._ask(self.idle.pop())
                else:
                    self.waiting += 1
            await asyncio.sleep(0.001)

    def answered(self, connection: Connection, status: int, body: bytes) -> None:
        self.latencies.append(time.monotonic() - connection.asked_at)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status >= 300 and self.statuses[status] == 1:
            sys.stderr.write(f"load: {status} {body[:300]!r}\n")
        if self.done.is_set() or connection.transport.is_closing():
            return
        if not self.rate:
            self._ask(connection)
        elif self.waiting:
            self.waiting -= 1
            self._ask(connection)
        else:
            self.idle.append(connection)

    def stop(self) -> None:
        self.done.set()


def event(stamp: bool) -> bytes:
    """Return one entry of about 300 bytes; stamped with the moment it is sent, if asked."""
    sent = b"%d" % time.monotonic_ns() if stamp else b"0"
    return (
        b'{"source":"bench.shop","detail-type":"Order Placed","detail":{"order":"W-10412","customer":"Ada",'
        b'"amount":120.5,"currency":"EUR","items":[{"sku":"A-1","quantity":2},{"sku":"B-7","quantity":1}],'
        b'"address":{"street":"Harbour Road 12","city":"Port Town","country":"XX"},"sent":' + sent + b"}}"
    )


def http(path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def main() -> None:
    orders = json.load(sys.stdin)
    batch = orders.get("batch", 1)
    if "requests" in orders:  # fixed ones, for instance signed, in turn
        fixed = cycle(http("/", one["headers"], one["body"].encode()) for one in orders["requests"])

        def request() -> bytes:
            return next(fixed)

    else:

        def request() -> bytes:
            entries = [event(stamp=True) for _ in range(batch)]
            body = entries[0] if batch == 1 else b"[" + b",".join(entries) + b"]"
            return http(orders["path"], orders["headers"], body)

    load = Load(
        orders["connections"], orders["seconds"], request, orders.get("rate", 0.0), orders.get("most", 0)
    )
    figures = uvloop.run(load.run(orders["host"], orders["port"]))
    latencies = figures.pop("latencies")
    assert isinstance(latencies, list)
    for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99)):
        figures[name] = 1000 * latencies[int(share * (len(latencies) - 1))] if latencies else None
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()
