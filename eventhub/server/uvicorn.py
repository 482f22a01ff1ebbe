"""The same application on uvicorn, for heavy ingest: its own limits, comparable to ours, where it has them.

It has no body limit, deadline or rate: put a proxy in front of a public listener. The doors count bodies
themselves, and its ``send`` waits for the reader.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import uvloop
from django.core.exceptions import ImproperlyConfigured

from eventhub.server.limits import Limits

try:
    import uvicorn
except ImportError as error:
    raise ImproperlyConfigured(
        "--server uvicorn: uvicorn is not installed; it is an extra: pip install 'eventhub[uvicorn]'"
    ) from error


class Server:
    """Uvicorn under the roles' start and stop."""

    def __init__(self, application: Callable[..., Awaitable[None]], limits: Limits) -> None:
        config = uvicorn.Config(
            application,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the application reads them, from trusted proxies only
            limit_concurrency=limits.max_connections,
            timeout_keep_alive=int(limits.idle_seconds),
            timeout_graceful_shutdown=5,
            h11_max_incomplete_event_size=limits.max_header_bytes,
            ws_max_size=limits.max_message_bytes,
        )
        self._server = uvicorn.Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self, listening: socket.socket) -> None:
        """Take connections from a listening socket."""
        self._serving = asyncio.create_task(
            self._server._serve([listening])
        )  # serve() would take our signals
        while not self._server.started and not self._serving.done():
            await asyncio.sleep(0.01)

    async def stop(self, _grace_seconds: float) -> None:
        """Stop listening and let requests in flight finish."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run ``main`` on a uvloop loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
