"""One HTTP/1.1 connection: what is refused before the application hears of it, and who is cut off.

Deadlines are moments on the monotonic clock that the server's sweep compares twice a second: a timer per
connection, reset with every read as Twisted does, costs more and never cuts a client that drips bytes.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Any

from twisted.web.http import HTTPChannel

from eventhub.server.refusal import refusal

if TYPE_CHECKING:
    from eventhub.server.run import Server

NEVER = float("inf")


class Channel(HTTPChannel):
    """Twisted's parser under our limits."""

    timeOut = None  # deadlines are swept
    server: "Server"

    def __init__(self, server: "Server") -> None:
        super().__init__()
        self.server = server
        self.maxHeaders = server.limits.max_headers + 1  # ours answers first, with the right status
        self.totalHeadersSize = self.MAX_LENGTH = server.limits.max_header_bytes
        self.deadline = NEVER
        self._begun = False  # the first byte of a request has come
        self._body_at: float | None = None  # since when a body is being received
        self._body_bytes = 0
        self._refused = False
        self._discarded = 0
        self._readable = asyncio.Event()  # the reader takes what we write: nothing to speak of waits
        self._readable.set()
        self._stalled_at = 0.0
        self._stalled_bytes = 0
        self._host: Any = None

    # -- from the network ------------------------------------------------------------------------

    def connectionMade(self) -> None:
        """Begin to wait for a request's header."""
        super().connectionMade()
        self.server.opened(self.transport, self)
        self.deadline = time.monotonic() + self.server.limits.header_seconds

    def getHost(self) -> Any:
        """Return our own end's address, asked of the system once: each request wants to know."""
        if self._host is None:
            self._host = super().getHost()
        return self._host

    def dataReceived(self, data: bytes) -> None:
        """Parse what came, or discard it after a refusal."""
        if self._refused:
            self._discarded += len(data)
            if self._discarded > self.server.limits.linger_bytes:
                self.transport.pauseProducing()
            return
        if not self._begun and not self._handlingRequest:
            self._begun = True
            self.deadline = time.monotonic() + self.server.limits.header_seconds
        super().dataReceived(data)

    def connectionLost(self, reason: Any) -> None:
        """Give back what the connection held."""
        self._forget_body()
        self.deadline = NEVER
        self._readable.set()
        super().connectionLost(reason)
        self.server.closed(self.transport)

    # -- the parser's steps, under our limits ------------------------------------------------------

    def lineReceived(self, line: bytes) -> None:
        """Take a line of the header, if there is room for it."""
        if self._refused:
            return
        if self._receivedHeaderSize + len(line) > self.server.limits.max_header_bytes:
            self.lineLengthExceeded(line)
        else:
            super().lineReceived(line)

    def lineLengthExceeded(self, _line: bytes) -> None:
        """Refuse a header that is too long."""
        self.refuse(
            431, "header-too-large", f"wanted at most {self.server.limits.max_header_bytes} bytes of header"
        )

    def headerReceived(self, line: bytes) -> bool:
        """Take one header, if it is not one too many."""
        if self._refused:
            return False
        if self._receivedHeaderCount >= self.server.limits.max_headers:
            self.refuse(431, "too-many-headers", f"wanted at most {self.server.limits.max_headers} headers")
            return False
        taken: bool = super().headerReceived(line)
        return taken

    def allHeadersReceived(self) -> None:
        """Decide by the header alone whether the body may come."""
        limits = self.server.limits
        hosts = self.requests[-1].requestHeaders.getRawHeaders(b"host", ())
        if self._refused:
            return
        if len(hosts) > 1 or (not hosts and self._version == b"HTTP/1.1"):
            self.refuse(400, "host", f"wanted one Host header, found {len(hosts)}")
        elif self.length is not None and self.length > limits.max_body_bytes:
            wanted = f"wanted a body of at most {limits.max_body_bytes} bytes, found {self.length}"
            self.refuse(413, "body-too-large", wanted)
        else:
            if self.length != 0:
                self._body_at = time.monotonic()
                self.deadline = NEVER  # the body has a rate instead
            super().allHeadersReceived()

    def rawDataReceived(self, data: bytes) -> None:
        """Take a part of the body, counting what came without a length."""
        if self._refused:
            return
        if self._body_at is not None:
            self._body_bytes += len(data)
            self.server.bodies_bytes += len(data)
            limit = self.server.limits.max_chunked_bytes
            if self.length is None and self._body_bytes > limit:
                wanted = f"wanted at most {limit} bytes of a body without Content-Length"
                self.refuse(413, "body-too-large", wanted)
                return
            if self.server.bodies_bytes > self.server.limits.max_bodies_bytes:
                self.refuse(503, "busy", "too many bodies are being received at once: try again")
                return
        super().rawDataReceived(data)

    def allContentReceived(self) -> None:
        """Hand a whole request to the application, if none of it was refused."""
        if not self._refused:
            self._begun = False
            self.deadline = NEVER
            self._body_at = None  # but it counts as held until it was answered
            super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        """Wait for the next request, or close."""
        self._forget_body()
        self.deadline = time.monotonic() + self.server.limits.idle_seconds
        if self.server.ending:
            self.persistent = 0
        super().requestDone(request)

    def _forget_body(self) -> None:
        self.server.bodies_bytes -= self._body_bytes
        self._body_bytes = 0
        self._body_at = None

    # -- refusing ------------------------------------------------------------------------------

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(400, "malformed", "the request is not HTTP/1.1 as RFC 9112 has it")

    def refuse(self, status: int, kind: str, detail: str) -> None:
        """Answer with a problem and end the connection, reading on for a moment.

        Closing with unread bytes makes the kernel reset the connection, which can take the answer with it.
        """
        if self._refused:
            return
        self._refused = True
        self._forget_body()
        self._buffer = b""
        self._networkProducer.unregisterProducer()
        self.transport.write(refusal(status, kind, detail))
        self.transport.loseWriteConnection()
        self.deadline = time.monotonic() + self.server.limits.linger_seconds

    # -- the reader ------------------------------------------------------------------------------

    def unsent(self) -> int:
        """Return how many bytes wait for the reader, beside those in the kernel."""
        transport = self.transport
        waiting: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        return waiting

    def pauseProducing(self) -> None:
        """Note that the reader lags (Twisted: more than 64 KiB wait)."""
        if self._readable.is_set():
            self._readable.clear()
            self._stalled_at = time.monotonic()
            self._stalled_bytes = self.unsent()
        super().pauseProducing()

    def resumeProducing(self) -> None:
        """Note that the reader has taken all."""
        self._readable.set()
        if self.idle and self.deadline is not NEVER:
            self.deadline = time.monotonic() + self.server.limits.idle_seconds
        super().resumeProducing()

    async def drain(self) -> None:
        """Wait until the reader has taken what was sent, if more than 64 KiB of it wait, or is gone."""
        await self._readable.wait()

    def overfull(self) -> bool:
        """Tell whether more waits for the reader than may when more comes: it is not reading."""
        return not self._readable.is_set() and self.unsent() > self.server.limits.max_unsent_bytes

    def sweep(self, now: float) -> None:
        """Cut the connection off if a deadline has passed."""
        limits = self.server.limits
        if self._refused:
            if now > self.deadline:
                self.transport.abortConnection()
        elif not self._readable.is_set():
            if (unsent := self.unsent()) < self._stalled_bytes:
                self._stalled_at = now
            self._stalled_bytes = unsent
            if now - self._stalled_at > limits.stalled_seconds:
                self.transport.abortConnection()
        elif now > self.deadline:
            if self._begun:
                self.refuse(408, "too-slow", f"wanted the whole header within {limits.header_seconds:g} s")
            else:
                self.loseConnection()
        elif self._body_at is not None and self._drips(now - self._body_at):
            self.refuse(408, "too-slow", f"wanted at least {limits.min_body_rate} body bytes per second")

    def _drips(self, taken_seconds: float) -> bool:
        limits = self.server.limits
        late = taken_seconds > limits.body_grace_seconds
        return late and self._body_bytes < taken_seconds * limits.min_body_rate

    def upgraded(self) -> None:
        """Let go of the connection's HTTP side: a WebSocket has it now."""
        self._forget_body()

    @property
    def idle(self) -> bool:
        """Tell whether the connection waits for a request of which nothing came yet."""
        return not self._begun and not self._handlingRequest
