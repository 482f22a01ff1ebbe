"""The server: listens, counts connections, sweeps deadlines, and ends in order."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from functools import partial
from typing import Any, TypeVar

from eventhub.server import reactor as _reactor  # isort: skip  # before anything of Twisted or daphne
from daphne.http_protocol import HTTPFactory
from daphne.server import Server as DaphneServer
from twisted.internet import reactor
from twisted.internet.protocol import Protocol

from eventhub.server.channel import Channel
from eventhub.server.limits import Limits
from eventhub.server.refusal import refusal
from eventhub.server.request import Request
from eventhub.server.sockets import Socket, socket_factory

log = logging.getLogger("eventhub.server")

Application = Callable[..., Coroutine[Any, Any, None]]
loop = _reactor.loop
T = TypeVar("T")


class Server(DaphneServer):
    """Daphne's server on our loop, with our protocols; ``start`` and ``stop`` replace its ``run``."""

    def __init__(self, application: Application, limits: Limits) -> None:
        super().__init__(application, endpoints=["ours"], signal_handlers=False, server_name="")
        self.limits = limits
        self.connections: dict[Any, dict[str, Any]] = {}  # daphne's: protocol → when and which application
        self.channels: dict[Any, Channel] = {}  # by transport, upgraded ones too
        self.bodies_bytes = 0  # of all bodies held now
        self.ending = False
        self.date_line = b"\r\n"  # the last of every head
        self.ws_factory = socket_factory(self, max_message_bytes=limits.max_message_bytes)
        self.http_factory = Factory(self)
        self._port: Any = None
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self, listening: socket.socket) -> None:
        """Take connections from a listening socket, which becomes ours."""
        self._port = reactor.adoptStreamPort(listening.fileno(), listening.family, self.http_factory)
        listening.close()  # the port has a duplicate
        self._sweeping = asyncio.create_task(self._sweep(), name="sweep")

    async def stop(self, grace_seconds: float) -> None:
        """Stop listening, let requests in flight finish within ``grace_seconds``, then close all."""
        self.ending = True
        if self._port is not None:
            await self._port.stopListening().asFuture(asyncio.get_running_loop())
        for channel in list(self.channels.values()):
            if channel.idle:
                channel.loseConnection()
        for protocol in list(self.connections):
            if isinstance(protocol, Socket) and protocol.state == Socket.STATE_OPEN:
                protocol.sendCloseFrame(
                    code=1001, isReply=False
                )  # going away: browsers connect again by themselves
        until = time.monotonic() + grace_seconds
        while self.connections and time.monotonic() < until:
            await asyncio.sleep(0.02)
        running = [details.get("application_instance") for details in self.connections.values()]
        tasks = [task for task in running if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for transport in list(self.channels):
            transport.abortConnection()
        if self._sweeping is not None:
            self._sweeping.cancel()
        await asyncio.sleep(0)  # lets aborted transports close

    # -- connections -------------------------------------------------------------------------------

    def opened(self, transport: Any, channel: Channel) -> None:
        """Count a connection."""
        self.channels[transport] = channel

    def closed(self, transport: Any) -> None:
        """Count a connection no longer."""
        self.channels.pop(transport, None)

    async def _sweep(self) -> None:
        while True:
            self.date_line = f"Date: {formatdate(usegmt=True)}\r\n\r\n".encode()
            now = time.monotonic()
            for channel in list(self.channels.values()):
                channel.sweep(now)
            for protocol, details in list(self.connections.items()):
                if "disconnected" in details:
                    self._end_late(details)
                elif isinstance(protocol, Socket):
                    protocol.check_timeouts()
            await asyncio.sleep(self.limits.sweep_seconds)

    def _end_late(self, details: dict[str, Any]) -> None:
        """Cancel an application that still runs long after its client went away."""
        if time.time() - details["disconnected"] > self.application_close_timeout:
            details["application_instance"].cancel()

    # -- applications ------------------------------------------------------------------------------

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> asyncio.Queue[dict[str, Any]]:
        """Start the application for one request or socket; its end comes to ``_ended``, not to a sweep."""
        inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        owner: Any = protocol.channel if isinstance(protocol, Request) else protocol
        scope["asgi"] = {"version": "3.0"}
        scope["extensions"] = {"eventhub.drain": {"drain": owner.drain}}
        send = partial(self.handle_reply, protocol)
        task = loop.create_task(self.application(scope, inbox.get, send))
        self.connections[protocol]["application_instance"] = task
        task.add_done_callback(partial(self._ended, protocol))
        return inbox

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Send a part of the application's answer, and wait for its reader if there is more to come."""
        details = self.connections.get(protocol)
        if details is None or "disconnected" in details:
            # Nobody listens. A loop that only sends must hear of it, and must not keep our loop to itself.
            await asyncio.sleep(0)
            if message.get("more_body"):
                raise ConnectionResetError("the client is gone")
            return
        protocol.handle_reply(message)
        if message.get("more_body") and protocol.channel is not None:
            await protocol.channel.drain()

    def protocol_disconnected(self, protocol: Any) -> None:
        """Note that a client is gone, or has its answer; forget it if its application has ended too."""
        details = self.connections.get(protocol)
        if details is None:
            return
        if "application_instance" in details:
            details.setdefault("disconnected", time.time())
        else:
            del self.connections[protocol]

    def _ended(self, protocol: Any, task: "asyncio.Task[None]") -> None:
        details = self.connections.get(protocol)
        if details is None:
            return
        details.pop("application_instance", None)
        gone = "disconnected" in details
        if gone:
            del self.connections[protocol]
        error = None if task.cancelled() else task.exception()
        if error is not None and not (gone and isinstance(error, ConnectionResetError)):
            log.error(
                "server.application_failed", exc_info=error, extra={"fields": {"path": _path(protocol)}}
            )
        if not gone:
            # Ended without a whole answer: say so, instead of letting the client wait.
            protocol.handle_exception(error or RuntimeError("the application ended without an answer"))


class Factory(HTTPFactory):
    """Makes our channels, up to the cap."""

    def buildProtocol(self, _address: Any) -> Protocol:
        """Return a channel, or what answers 503 where there are too many."""
        if len(self.server.channels) >= self.server.limits.max_connections:
            return OneTooMany()
        channel = Channel(self.server)
        channel.factory = self
        channel.requestFactory = Request
        return channel

    def startFactory(self) -> None:
        """Open no access log: doors and deliveries log what matters."""

    def stopFactory(self) -> None:
        """Close nothing, as nothing was opened."""


class OneTooMany(Protocol):
    """A connection over the cap: told so, and closed."""

    def connectionMade(self) -> None:
        """Answer before the request is read."""
        self.transport.write(refusal(503, "too-many-connections", "all connections are in use: try again"))
        self.transport.loseConnection()


def _path(protocol: Any) -> str:
    return protocol.path.decode("ascii", "replace") if getattr(protocol, "path", None) else ""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on our loop, with Twisted's reactor beside it, and return what it returns."""
    asyncio.set_event_loop(loop)
    reactor.startRunning(installSignalHandlers=False)
    return loop.run_until_complete(main)
