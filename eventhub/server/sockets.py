"""One WebSocket connection, bounded in both directions."""

from typing import TYPE_CHECKING, Any

from daphne.ws_protocol import WebSocketFactory, WebSocketProtocol

if TYPE_CHECKING:
    from eventhub.server.run import Server


class Socket(WebSocketProtocol):
    """A WebSocket as our server handles it. The HTTP channel it came from stays its transport's producer."""

    maxMessagePayloadSize: int  # autobahn's

    def sendMessage(self, payload: bytes, *args: Any, **options: Any) -> None:
        """Send a message, or cut a reader off that lets more wait than it may."""
        channel = self.transport.producer
        if channel is not None and channel.overfull():
            self.transport.abortConnection()
        else:
            # The limit is for what comes in; autobahn would hold what we send to it too.
            limit = self.maxMessagePayloadSize
            self.maxMessagePayloadSize = 0
            try:
                super().sendMessage(payload, *args, **options)
            finally:
                self.maxMessagePayloadSize = limit

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Send what the application says; daphne's close knows no reasons and no codes below 3000."""
        if message["type"] == "websocket.close" and self.state == self.STATE_OPEN:
            reason = message.get("reason", "").encode()[:123]
            self.sendCloseFrame(code=message.get("code", 1000), reasonUtf8=reason, isReply=False)
        else:
            super().handle_reply(message)

    async def drain(self) -> None:
        """Wait until the reader has taken what was sent, if more than 64 KiB of it wait, or is gone."""
        channel = self.transport.producer
        if channel is not None:
            await channel.drain()

    def connectionLost(self, reason: Any) -> None:
        """Give back what the connection held."""
        self.factory.server_class.closed(self.transport)
        super().connectionLost(reason)


def socket_factory(server: "Server", *, max_message_bytes: int) -> WebSocketFactory:
    """Return what makes the server's WebSockets."""
    factory = WebSocketFactory(server, server="")
    factory.protocol = Socket
    factory.setProtocolOptions(
        autoPingTimeout=server.ping_timeout,
        allowNullOrigin=True,  # the application compares origins itself
        failByDrop=False,  # tell the client what was wrong
        openHandshakeTimeout=server.websocket_handshake_timeout,
        closeHandshakeTimeout=2,
        maxMessagePayloadSize=max_message_bytes,
        maxFramePayloadSize=max_message_bytes,
    )
    return factory
