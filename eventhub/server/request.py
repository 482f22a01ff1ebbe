"""One HTTP request: its ASGI scope, and the response written with as few steps as the protocol needs.

Daphne's own path builds a generator, a deferred, two header maps and five log lines per request. Only the
upgrade to a WebSocket still goes through it.
"""

import io
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from daphne.http_protocol import WebRequest
from daphne.utils import HEADER_NAME_RE, INVALID_HEADER_VALUE_BYTES

if TYPE_CHECKING:
    from eventhub.server.channel import Channel

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
_BODILESS = frozenset({204, 304})
_BAD_IN_VALUE = re.compile(b"[" + re.escape(bytes(sorted(INVALID_HEADER_VALUE_BYTES))) + b"]").search
_BAD_IN_HEADER = (b"\r", b"\n", b"\0")


class Request(WebRequest):
    """A request as our server handles it."""

    channel: "Channel | None"
    _response_started: bool
    _head = b""
    bodiless = False  # HEAD, 204, 304

    # -- receiving ---------------------------------------------------------------------------------

    def gotLength(self, _length: int | None) -> None:
        """Keep the body in memory: it is bounded, and Twisted's temporary files are not."""
        self.content = io.BytesIO()

    def parseCookies(self) -> None:
        """Leave cookies to the application."""

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Take the whole request; forms are the application's to parse."""
        self.method, self.uri, self.clientproto = command, path, version
        self.path, _, self.query_string = path.partition(b"?")
        self.process()

    def process(self) -> None:
        """Start the application, or hand a WebSocket's handshake on."""
        assert self.channel is not None
        if self._wants_websocket():
            self.channel.upgraded()
            super().process()
        elif (headers := self._headers()) is not None:
            client, server = self.client, self.host
            scope = {
                "type": "http",
                "http_version": self.clientproto[5:].decode("ascii"),
                "method": self.method.decode("ascii"),
                "path": unquote(self.path.decode("ascii")),
                "raw_path": self.path,
                "root_path": "",
                "scheme": "http",
                "query_string": self.query_string,
                "headers": headers,
                "client": [client.host, client.port],
                "server": [server.host, server.port],
            }
            self.application_queue = self.server.create_application(self, scope)
            body = self.content.getvalue()
            self.application_queue.put_nowait({"type": "http.request", "body": body, "more_body": False})

    def _headers(self) -> list[tuple[bytes, bytes]] | None:
        """Return the headers as ASGI has them, or None after a refusal."""
        if not self.path.isascii() or not self.query_string.isascii():
            self.refuse("the path or its query is not ASCII")
            return None
        headers = []
        for name, values in self.requestHeaders.getAllRawHeaders():
            if not HEADER_NAME_RE.fullmatch(name):
                self.refuse(f"not a header's name: {name!r}")
                return None
            if any(map(_BAD_IN_VALUE, values)):
                self.refuse(f"a control character in the header {name!r}")
                return None
            # An underscore would be taken for a hyphen by WSGI-minded code (CVE-2015-0219).
            if b"_" not in name:
                lowered = name.lower()
                headers.extend([(lowered, value) for value in values])
        return headers

    def _wants_websocket(self) -> bool:
        values = self.requestHeaders.getRawHeaders(b"upgrade")
        return bool(values) and values[0].lower() == b"websocket"

    def refuse(self, detail: str) -> None:
        """Answer 400 and end the connection."""
        if self.channel is not None:
            self.channel.refuse(400, "malformed", detail)

    # -- answering ---------------------------------------------------------------------------------

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Send a part of the application's response."""
        if self.finished or self.channel is None:
            return
        kind = message["type"]
        if kind == "http.response.start":
            self._begin(message["status"], message.get("headers", ()))
        elif kind == "http.response.body":
            self._continue(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise ValueError(f"wanted http.response.start or http.response.body, found {kind!r}")

    def _begin(self, status: int, headers: Any) -> None:
        if self._response_started:
            raise ValueError("the response has been started already")
        lines = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d Unknown\r\n" % status]
        has_length = False
        for name, value in headers:
            if any(bad in value or bad in name for bad in _BAD_IN_HEADER):
                raise ValueError(f"a line break or NUL in the response header {name!r}")
            lowered = name.lower()
            if lowered == b"content-length":
                has_length = True
            elif lowered in {b"connection", b"transfer-encoding"}:
                continue  # the server's own
            lines.append(name + b": " + value + b"\r\n")
        assert self.channel is not None
        self.bodiless = self.method == b"HEAD" or status in _BODILESS or status < 200
        if not has_length and not self.bodiless:
            if self.clientproto == b"HTTP/1.1":
                self.chunked = 1
                lines.append(b"Transfer-Encoding: chunked\r\n")
            else:
                self.channel.persistent = 0
        if self.server.ending:
            self.channel.persistent = 0
        if not self.channel.persistent:
            lines.append(b"Connection: close\r\n")
        lines.append(self.server.date_line)  # the last of the head: it ends with the empty line
        self._response_started = True
        self.code = status
        self._head = b"".join(lines)  # sent with the first part of the body: one packet where both are small

    def _continue(self, body: bytes, *, more: bool) -> None:
        if not self._response_started:
            raise ValueError("wanted http.response.start first, found http.response.body")
        assert self.channel is not None
        if self.bodiless:
            body = b""
        elif self.chunked and body:
            body = b"%x\r\n%b\r\n" % (len(body), body)
        if self.chunked and not more:
            body += b"0\r\n\r\n"
        if self._head:
            body, self._head = self._head + body, b""
        self.startedWriting = 1
        if self.channel.overfull():
            self.channel.transport.abortConnection()
            return
        if body:
            self.channel.write(body)
        if not more:
            self._finish()

    def _finish(self) -> None:
        self.finished = 1
        self.send_disconnect()
        self.server.protocol_disconnected(self)
        self._cleanup()

    # -- when the application fails ------------------------------------------------------------------

    def handle_exception(self, _exception: BaseException) -> None:
        """Answer 500, or break off a response that has begun: a cut answer must not look whole."""
        if self.finished or self.channel is None:
            return
        if self.startedWriting:
            self.channel.transport.abortConnection()
        else:
            self.channel.refuse(500, "internal", "the application failed; the server's log says how")

    def basic_error(self, status: int, _status_text: bytes, body: str) -> None:
        """Answer what daphne's own checks of a handshake find."""
        if self.channel is not None:
            self.channel.refuse(status, "malformed" if status < 500 else "internal", body)

    def check_timeouts(self) -> None:
        """Nothing: the server's sweep cuts connections, the application bounds itself."""
