"""A webhook that answers at once, but on ``/hang`` never, and notes how long each event was on its way.

Runs as a process of its own (``python -m tests.bench.receiver``). Prints its port; then, for every line on
standard input, a JSON object: how many came, when the last did (monotonic seconds), and the sorted
milliseconds from sending to receiving since the line before.
"""

import asyncio
import json
import re
import sys
import threading
import time

import uvloop

SENT = re.compile(rb'"sent":(\d+)')
ANSWER = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


class Receiver(asyncio.Protocol):
    took_ms: list[float] = []
    last = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            head, found, body = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])  # type: ignore[index]  # we sent it
            if len(body) < length:
                return
            self.buffer = body[length:]
            if head.startswith(b"POST /hang "):
                continue
            now = time.monotonic_ns()
            stamp = SENT.search(body)
            Receiver.took_ms.append((now - int(stamp[1])) / 1e6 if stamp else 0.0)
            Receiver.last = now / 1e9
            self.transport.write(ANSWER)  # type: ignore[attr-defined]  # a stream's transport


def answer_questions() -> None:
    for _ in sys.stdin:
        took, Receiver.took_ms = Receiver.took_ms, []
        print(json.dumps({"count": len(took), "last": Receiver.last, "took_ms": sorted(took)}), flush=True)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=answer_questions, daemon=True).start()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
