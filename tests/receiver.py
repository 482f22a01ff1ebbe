"""A real HTTP receiver for tests and benches: it records what arrives and answers as it is told.

    with Receiver() as receiver:
        receiver.answer("/orders", status(503), status(503), ok())  # the last one repeats
        ...
        receiver.wait_for(3, "/orders")
        assert receiver.requests[0].json["source"] == "shop"

Runs on its own event loop in a thread, on a random port of 127.0.0.1. ``python -m tests.receiver`` runs one
in a process of its own, for benches: it prints its port and answers 200 to everything but

- ``GET /arrivals``: ``{"count": n, "arrivals": {event id: microseconds since 1970}}``, and forgets them;
- ``/hang``, ``/status/<n>``, ``/slow/<milliseconds>``: what they say.
"""

import argparse
import asyncio
import json
import socket
import struct
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import uvloop

Closer = Callable[[asyncio.Transport], None]


@dataclass(frozen=True)
class Received:
    """One request as it arrived; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float  # seconds since 1970
    connection: int  # counted from 1

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """How to answer one request: the bytes, sent in chunks, and what happens to the connection."""

    chunks: tuple[bytes, ...]
    first_after_seconds: float = 0.0
    between_seconds: float = 0.0
    then: str = "keep"  # or "close", "reset", "hang"


def answered(
    code: int, body: bytes = b"", headers: Mapping[str, str] | None = None, *, after: float = 0.0
) -> Answer:
    """Answer with this status, body and headers, `after` so many seconds."""
    lines = [f"HTTP/1.1 {code} {_REASONS.get(code, 'Because')}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return Answer(("\r\n".join(lines).encode() + b"\r\n\r\n" + body,), first_after_seconds=after)


def ok(body: bytes = b"ok", *, after: float = 0.0) -> Answer:
    return answered(200, body, {"Content-Type": "text/plain"}, after=after)


def status(code: int, *, retry_after: int | str | None = None, body: bytes = b"no") -> Answer:
    return answered(code, body, {} if retry_after is None else {"Retry-After": str(retry_after)})


def redirect(to: str, code: int = 302) -> Answer:
    return answered(code, b"", {"Location": to})


def hang() -> Answer:
    """Read the request and never answer."""
    return Answer((), then="hang")


def drip(body: bytes = b"drip" * 10, *, every: float = 0.05) -> Answer:
    """Answer a byte at a time."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return Answer((head, *(body[i : i + 1] for i in range(len(body)))), between_seconds=every)


def reset() -> Answer:
    """Reset the connection instead of answering."""
    return Answer((), then="reset")


def cut(sent: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") -> Answer:
    """Close the connection in the middle of the answer."""
    return Answer((sent,), then="close")


def garbage(text: bytes = b"\x00\x01 this is not HTTP \xff\r\n\r\n") -> Answer:
    """Answer something that is not HTTP."""
    return Answer((text,), then="close")


_REASONS = {200: "OK", 201: "Created", 204: "No Content", 302: "Found", 404: "Not Found", 410: "Gone"}
_REASONS |= {429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}
_OK = ok()


@dataclass
class Receiver:
    """The receiver; use it as a context manager. `answers` maps a request to an answer where none was set."""

    answers: Callable[[Received], Answer] = lambda _received: _OK
    port: int = 0
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    open_connections: int = 0
    _plans: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> "Receiver":
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name="receiver", daemon=True)
        self._thread.start()
        assert started.wait(10), "the receiver did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """Return the address of a path."""
        return f"http://{host}:{self.port}{path}"

    def answer(self, path: str, *answers: Answer) -> None:
        """Answer requests for `path` so, one after the other; the last one repeats."""
        self._plans[path] = list(answers)

    def on(self, path: str) -> list[Received]:
        """Return the requests for a path (of the whole path, query included)."""
        return [received for received in list(self.requests) if received.path == path]

    def wait_for(self, count: int, path: str | None = None, *, seconds: float = 10.0) -> list[Received]:
        """Wait until so many requests came (for a path); return them, or fail saying how many there were."""

        def found() -> list[Received]:
            return list(self.requests) if path is None else self.on(path)

        with self._arrived:
            if not self._arrived.wait_for(lambda: len(found()) >= count, seconds):
                raise AssertionError(
                    f"wanted {count} requests for {path or 'any path'}, found {len(found())}"
                )
        return found()

    def next_answer(self, received: Received) -> Answer:
        """Record a request and say how to answer it."""
        with self._arrived:
            self.requests.append(received)
            self._arrived.notify_all()
        plan = self._plans.get(received.path)
        if not plan:
            return self.answers(received)
        return plan.pop(0) if len(plan) > 1 else plan[0]

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        listening = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        self.port = listening.getsockname()[1]
        talks: set[_Talk] = set()
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Talk(self, talks), sock=listening)
        )
        started.set()
        self._loop.run_forever()
        server.close()
        for talk in list(talks):
            talk.transport.abort()
        self._loop.run_until_complete(asyncio.sleep(0))


class _Talk(asyncio.Protocol):
    """One connection: requests one after the other, pipelined ones too."""

    transport: asyncio.Transport

    def __init__(self, receiver: Receiver, talks: "set[_Talk]") -> None:
        self.receiver, self.talks = receiver, talks
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # a stream's transport writes
        self.receiver.connections += 1
        self.receiver.open_connections += 1
        self.number = self.receiver.connections
        self.talks.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self.receiver.open_connections -= 1
        self.talks.discard(self)

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            request, *lines = self.held[:end].decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            whole = end + 4 + int(headers.get("content-length", 0))
            if len(self.held) < whole:
                return
            body, self.held = self.held[end + 4 : whole], self.held[whole:]
            method, path, _version = request.split(" ", 2)
            received = Received(method, path, headers, body, time.time(), self.number)
            self.send(self.receiver.next_answer(received))

    def send(self, answer: Answer, index: int = 0, waited: bool = False) -> None:
        while index < len(answer.chunks):
            wait = answer.between_seconds if index else answer.first_after_seconds
            if wait and not waited:
                asyncio.get_running_loop().call_later(wait, self.send, answer, index, True)
                return
            if self.transport.is_closing():
                return
            self.transport.write(answer.chunks[index])
            index, waited = index + 1, False
        if answer.then == "close":
            self.transport.close()
        elif answer.then == "reset":
            # SO_LINGER with 0 seconds: closing sends RST.
            raw = self.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()


def _bench_answers(arrivals: dict[str, int], forget: Callable[[], None]) -> Callable[[Received], Answer]:
    def answer(received: Received) -> Answer:
        if received.path == "/arrivals":
            body = json.dumps({"count": len(arrivals), "arrivals": arrivals}).encode()
            arrivals.clear()
            forget()
            return answered(200, body, {"Content-Type": "application/json"})
        arrivals[received.body[21:57].decode("latin-1")] = int(received.at * 1e6)
        _, _, word = received.path[1:].partition("/")
        if received.path.startswith("/status/"):
            return status(int(word))
        if received.path.startswith("/slow/"):
            return ok(after=int(word) / 1000)
        return hang() if received.path == "/hang" else _OK

    return answer


def main() -> None:
    """Run until standard input ends."""
    parser = argparse.ArgumentParser(description="A quick HTTP receiver for benches.")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    receiver = Receiver(port=arguments.port)
    receiver.answers = _bench_answers({}, receiver.requests.clear)
    with receiver:
        print(receiver.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
