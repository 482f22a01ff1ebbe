"""Opening the socket as a browser or a program does, without a server in between."""

import json
from types import TracebackType
from typing import Any

from channels.testing import WebsocketCommunicator

from eventhub.live.consumers import LiveConsumer
from eventhub.live.frames import SUBPROTOCOL

PUBLIC = "http://127.0.0.1:8000"


class Socket:
    """A socket to ``/ws/live``; an asynchronous context."""

    def __init__(
        self,
        cookie: str = "",
        *,
        origin: str | None = PUBLIC,
        host: str = "127.0.0.1:8000",
        bearer: str = "",
        subprotocols: tuple[str, ...] = (SUBPROTOCOL,),
    ) -> None:
        headers = [(b"host", host.encode())]
        if cookie:
            headers.append((b"cookie", f"theme=dark; sessionid={cookie}".encode()))
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        if bearer:
            headers.append((b"authorization", f"Bearer {bearer}".encode()))
        application = LiveConsumer.as_asgi()
        self._wire = WebsocketCommunicator(application, "/ws/live", headers, list(subprotocols))

    async def __aenter__(self) -> "Socket":
        accepted, self.subprotocol = await self._wire.connect()
        assert accepted
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._wire.disconnect()

    async def say(self, **message: Any) -> None:
        """Send a message."""
        await self._wire.send_to(text_data=json.dumps(message))

    async def say_raw(self, *, text: str | None = None, data: bytes | None = None) -> None:
        """Send what may be no message at all."""
        await self._wire.send_to(text_data=text, bytes_data=data)

    async def hear(self) -> dict[str, Any]:
        """Return the next message."""
        heard: dict[str, Any] = json.loads(await self._wire.receive_from(timeout=5))
        return heard

    async def closed(self) -> int:
        """Return the code with which the server closes, after what it says before."""
        while (message := await self._wire.receive_output(timeout=5))["type"] != "websocket.close":
            pass
        code: int = message["code"]
        return code
