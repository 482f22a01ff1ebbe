"""100,000 mutated requests at the raw doors: each is answered, none with a 5xx, and memory stays flat."""

import asyncio
import os
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.api.mutations import Mutations, Sent
from tests.running import running_hub

pytestmark = [pytest.mark.whole, pytest.mark.timeout(600)]

REQUESTS = 100_000
CONNECTIONS = 48
AT_ONCE = 12  # requests that are sent before the first answer is read
ONE_IN = 20  # is not even HTTP
PATIENCE_SECONDS = 30.0
MIB = 2**20
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class Run:
    """What came of the requests so far."""

    port: int
    mutations: Mutations
    left: int = REQUESTS
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return self.statuses.total()

    async def connection(self) -> None:
        """Send requests until none is left, on one connection after the other."""
        waiting: list[Sent] = []
        while self.left > 0 or waiting:
            if self.mutations.dice.randrange(ONE_IN) < AT_ONCE / ONE_IN and self.left > 0:
                self.left -= 1
                await self._broken(self.mutations.broken())
            while len(waiting) < AT_ONCE and self.left > 0:
                self.left -= 1
                waiting.append(self.mutations.next())
            waiting = await self._whole(waiting)

    async def _whole(self, sent: list[Sent]) -> list[Sent]:
        """Send requests and read their answers; return those behind an answer that closed the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            while sent:
                writer.write(b"".join(one.as_bytes() for one in sent))
                for place, one in enumerate(sent):
                    try:
                        async with asyncio.timeout(PATIENCE_SECONDS):
                            is_over = await self._answer(reader, one.as_bytes())
                    except TimeoutError:
                        self.faults.append(("no answer", one.as_bytes()))
                        self.statuses[0] += 1
                        is_over = True
                    except (ConnectionError, asyncio.IncompleteReadError):
                        self.faults.append(("closed without an answer", one.as_bytes()))
                        self.statuses[0] += 1
                        is_over = True
                    if is_over:
                        return sent[place + 1 :]
                sent = []
                while len(sent) < AT_ONCE and self.left > 0:
                    self.left -= 1
                    sent.append(self.mutations.next())
        finally:
            writer.transport.abort()
        return []

    async def _answer(self, reader: asyncio.StreamReader, sent: bytes) -> bool:
        """Read an answer; tell whether it was the connection's last."""
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        self._count(status, sent)
        if b"text/event-stream" in head:  # its opening will do
            await reader.readuntil(b"\n\n")
            return True
        if length := _LENGTH.search(head):
            await reader.readexactly(int(length[1]))
        else:
            await reader.readuntil(b"0\r\n\r\n")  # in chunks
        return b"connection: close" in head.lower()

    async def _broken(self, sent: bytes) -> None:
        """Send bytes and then no more; the server has to end it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(sent)
            writer.write_eof()
            async with asyncio.timeout(PATIENCE_SECONDS):
                answer = await reader.read(65_536)
                is_stream = b"text/event-stream" in answer
                while answer and not is_stream and await reader.read(65_536):
                    pass
            self._count(int(answer[9:12]) if answer else 1, sent)
        except ConnectionError:
            self.statuses[1] += 1
        except TimeoutError:
            self.statuses[0] += 1
            self.faults.append(("no end", sent))
        finally:
            writer.transport.abort()

    def _count(self, status: int, sent: bytes) -> None:
        self.statuses[status] += 1
        if status >= 500:
            self.faults.append((str(status), sent))


def resident_bytes(pid: int) -> int:
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match
    return int(match[1]) * 1024


def test_mutated_requests_are_answered_without_an_error_of_ours(tmp_path: Path) -> None:
    seed = int(os.environ.get("FUZZ_SEED", "20261128"))
    print(f"FUZZ_SEED={seed}")
    with running_hub(tmp_path) as hub:
        run = Run(hub.port, Mutations(seed, hub.key))
        sizes: list[int] = []

        async def main() -> None:
            tasks = [asyncio.ensure_future(run.connection()) for _ in range(CONNECTIONS)]
            while not all(task.done() for task in tasks):
                await asyncio.wait(tasks, timeout=1.0)
                if run.answered > REQUESTS / 4:  # by then all code is loaded and all caches are full
                    sizes.append(resident_bytes(hub.process.pid))
            await asyncio.gather(*tasks)

        began = time.monotonic()
        asyncio.run(main())
        took = time.monotonic() - began
        log = hub.log()
        health = httpx.get(f"{hub.url}/readyz", timeout=30).status_code

    grown = (max(sizes[-5:]) - sizes[0]) / MIB
    print(f"{run.answered} requests in {took:.0f} s; statuses {dict(run.statuses)}; {grown:+.1f} MiB")
    assert run.faults[:5] == []
    assert run.answered == REQUESTS
    assert run.statuses[202] > REQUESTS / 10  # what was mutated is often good enough to go through everything
    assert run.statuses[400] > REQUESTS / 10
    assert "Traceback" not in log
    assert health == 200
    assert grown < 32
