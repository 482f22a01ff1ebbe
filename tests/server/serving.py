"""Serves one of the small applications below on our server: ``python -m tests.server.serving NAME [LIMITS]``.

LIMITS is a JSON object of `Limits`' fields. Prints the port, then serves until its standard input ends.
"""

import asyncio
import json
import sys
from typing import Any

from eventhub.server import run
from eventhub.server.limits import Limits
from eventhub.server.listening import listen

CHUNK = b"x" * 65_536
taken = {"bytes": 0}


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer 200 with what came."""
    if scope["type"] == "websocket":
        await echo_socket(receive, send)
        return
    message = await receive()
    seen = {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "headers": [[name.decode(), value.decode("latin1")] for name, value in scope["headers"]],
        "body": message["body"].decode("latin1"),
    }
    await answer(send, json.dumps(seen).encode())


async def echo_socket(receive: Any, send: Any) -> None:
    """Accept, and send back every text; "flood" sends without end."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message["text"] == "flood":
            while True:
                await send({"type": "websocket.send", "bytes": CHUNK})
                await asyncio.sleep(0)
        await send({"type": "websocket.send", "text": message["text"]})


async def accepted(_scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer 202 at once: what the benchmark measures."""
    await receive()
    await answer(send, b'{"entries":[]}', status=202)


async def stream(_scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Send without end; `taken` tells how much was taken off our hands."""
    if _scope["path"] == "/sent":
        await answer(send, str(taken["bytes"]).encode())
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
        taken["bytes"] += len(CHUNK)


async def broken(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Fail in the way that the path names."""
    if scope["path"] == "/raise":
        raise RuntimeError("as asked")
    if scope["path"] == "/return":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    raise RuntimeError("half-way")


async def slow(_scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Answer after half a second."""
    await asyncio.sleep(0.5)
    await answer(send, b"done")


async def answer(send: Any, body: bytes, *, status: int = 200) -> None:
    """Send a whole answer."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def main(name: str, limits: Limits) -> None:
    """Serve until standard input ends, then stop in order."""
    server = run.Server(globals()[name], limits)
    listening = listen("127.0.0.1", 0)
    print(listening.getsockname()[1], flush=True)
    await server.start(listening)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(grace_seconds=3)
    print("stopped", flush=True)


if __name__ == "__main__":
    run.run(main(sys.argv[1], Limits(**json.loads(sys.argv[2] if len(sys.argv) > 2 else "{}"))))
