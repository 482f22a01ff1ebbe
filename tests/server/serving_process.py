"""A process that serves one of ``serving``'s applications, and a raw connection to it."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Serving:
    """A running server."""

    port: int
    process: subprocess.Popen[str]

    def connect(self, *, receive_buffer: int | None = None) -> socket.socket:
        """Return a new connection; ``receive_buffer`` bytes make a reader that takes little."""
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(15)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def ask(self, request: bytes) -> "Answer":
        """Send bytes on a connection of their own; return the answer."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_answer(connection)

    def resident_bytes(self) -> int:
        """Return the process's resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        match = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert match
        return int(match[1]) * 1024


@dataclass
class Answer:
    """An HTTP response as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        """Return the body's JSON object."""
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value


def read_answer(connection: socket.socket) -> Answer:
    """Read one response with a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        assert part, f"the connection ended after {data!r}"
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", 0)):
        part = connection.recv(65_536)
        assert part, "the connection ended within the body"
        body += part
    return Answer(int(lines[0].split()[1]), headers, body)


def is_closed(connection: socket.socket) -> bool:
    """Read until the other side closes or resets the connection; False if it stays open."""
    try:
        while connection.recv(65_536):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


@contextmanager
def serving(application: str, **limits: float) -> Iterator[Serving]:
    """Serve ``application`` under our limits, some of them changed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.server.serving", application, json.dumps(limits)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield Serving(int(process.stdout.readline()), process)
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=10)
        finally:
            process.kill()  # nothing happens to one that has ended
            process.wait()
            process.stdout.close()


Serve = Callable[..., Serving]


@pytest.fixture(scope="module")
def echo() -> Iterator[Serving]:
    """Serve the echo under the usual limits."""
    with serving("echo") as server:
        yield server
