"""WebSockets over real sockets: bounded in both directions, told to leave at the end."""

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.server.serving_process import Serving, is_closed, read_answer, serving
from tests.until import until

MIB = 2**20
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def test_message_of_16_kib_is_echoed(echo: Serving) -> None:
    with connect(f"ws://127.0.0.1:{echo.port}/ws", max_size=None) as socket:
        socket.send("x" * 16_384)

        assert socket.recv(timeout=10) == "x" * 16_384


def test_message_beyond_16_kib_ends_the_socket(echo: Serving) -> None:
    with connect(f"ws://127.0.0.1:{echo.port}/ws") as socket:
        socket.send("x" * 16_385)

        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1009  # message too big


def test_socket_that_does_not_read_is_closed_at_1_mib(echo: Serving) -> None:
    before = echo.resident_bytes()
    with echo.connect(receive_buffer=4096) as stalled:
        stalled.sendall(UPGRADE)
        assert stalled.recv(4096).startswith(b"HTTP/1.1 101")
        stalled.sendall(b"\x81\x85\0\0\0\0flood")  # a masked text frame

        assert is_closed(stalled)
    assert echo.resident_bytes() - before < 8 * MIB


def test_closed_socket_gives_its_place_back() -> None:
    with serving("echo", max_connections=1) as server:
        with connect(f"ws://127.0.0.1:{server.port}/ws") as socket:
            socket.send("hi")
            assert socket.recv(timeout=10) == "hi"
            with server.connect() as other:
                assert read_answer(other).status == 503

        def has_room() -> bool:
            with server.connect() as other:
                other.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                return read_answer(other).status == 200

        until(has_room, what="the place to be given back")


def test_ending_server_tells_sockets_to_come_back() -> None:
    with serving("echo") as server, connect(f"ws://127.0.0.1:{server.port}/ws") as socket:
        socket.send("hi")
        assert socket.recv(timeout=10) == "hi"
        assert server.process.stdin
        server.process.stdin.close()

        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1001  # going away
        assert server.process.wait(timeout=10) == 0
