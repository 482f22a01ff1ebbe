"""Clients that want too much: what each is told, and that it costs little."""

import socket
import time

import pytest

from tests.server.serving_process import Serving, is_closed, read_answer, serving
from tests.until import until

MIB = 2**20
GIB = 2**30
HEAD = b"POST / HTTP/1.1\r\nHost: h\r\n"


def pour(connection: socket.socket, data: bytes, total: int) -> int:
    """Send ``data`` again and again until the other side ends it; return how much went out."""
    sent = 0
    try:
        while sent < total:
            sent += connection.send(data[sent % len(data) :])
    except (ConnectionError, TimeoutError):
        pass
    return sent


@pytest.mark.parametrize("chunked", [False, True], ids=["Content-Length", "chunked"])
def test_1_gib_post_is_answered_after_less_than_1_mib_was_read(echo: Serving, chunked: bool) -> None:
    part = b"10000\r\n" + b"x" * 65_536 + b"\r\n" if chunked else b"x" * 65_536
    head = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % GIB
    before = echo.resident_bytes()
    with echo.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        connection.settimeout(3)
        connection.sendall(HEAD + head + b"\r\n\r\n")
        # What the kernels hold between us, the server has not read: it tells what it read.
        pour(connection, part, GIB)
        connection.settimeout(10)
        answer = read_answer(connection)

    assert answer.status == 413
    assert "wanted" in str(answer.json["detail"])
    assert echo.resident_bytes() - before < 4 * MIB


def test_declared_length_over_the_limit_is_refused_before_any_body_is_sent(echo: Serving) -> None:
    # Nor is the client told to go on.
    answer = echo.ask(HEAD + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % GIB)

    assert answer.status == 413


@pytest.mark.parametrize(
    "header",
    [b"X: " + b"x" * 20_000, b"\r\n".join([b"X: y"] * 200), b"X: y\r\n" * 50 + b"Y: " + b"z" * 17_000],
)
def test_header_beyond_its_limits_is_refused(echo: Serving, header: bytes) -> None:
    assert echo.ask(b"GET / HTTP/1.1\r\nHost: h\r\n" + header + b"\r\n\r\n").status == 431


def test_endless_request_line_is_refused(echo: Serving) -> None:
    assert echo.ask(b"GET /" + b"x" * 20_000).status == 431


def test_all_bodies_together_are_bounded() -> None:
    with serving("echo", max_bodies_bytes=100_000) as server:
        with server.connect() as first:
            first.sendall(HEAD + b"Content-Length: 200000\r\n\r\n" + b"x" * 90_000)

            def refused() -> bool:
                return server.ask(HEAD + b"Content-Length: 60000\r\n\r\n" + b"x" * 60_000).status == 503

            until(refused, what="the second body to be refused")
        until(lambda: not refused(), what="the room to be given back")


def test_slow_loris_is_cut_at_the_header_deadline() -> None:
    with (
        serving("echo", header_seconds=0.5, sweep_seconds=0.1) as server,
        server.connect() as silent,
        server.connect() as dripping,
    ):
        began = time.monotonic()
        dripping.sendall(b"GET / HT")
        dripping.settimeout(0.1)
        answer = b""
        while not answer:
            try:
                answer = dripping.recv(4096)
            except TimeoutError:
                dripping.sendall(b"x")  # never silent, never done

        assert answer.startswith(b"HTTP/1.1 408")
        assert is_closed(silent)
        assert time.monotonic() - began < 5


def test_dripping_body_is_cut() -> None:
    with serving("echo", body_grace_seconds=0.3, sweep_seconds=0.1) as server, server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\nx")
        answer = read_answer(connection)

    assert answer.status == 408
    assert answer.json["detail"] == "wanted at least 8192 body bytes per second"


def test_idle_connection_is_closed() -> None:
    with serving("echo", idle_seconds=0.3, sweep_seconds=0.1) as server, server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        read_answer(connection)

        assert connection.recv(10) == b""


def test_connection_over_the_cap_is_told_so() -> None:
    with serving("echo", max_connections=2) as server:
        first, second = server.connect(), server.connect()
        with second:
            with first:
                for connection in (first, second):
                    connection.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                    assert read_answer(connection).status == 200
                with server.connect() as third:
                    answer = read_answer(third)
                    assert answer.status == 503
                    assert answer.headers["retry-after"] == "1"
                    assert is_closed(third)

            def has_room() -> bool:
                with server.connect() as fourth:
                    fourth.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                    return read_answer(fourth).status == 200

            until(has_room, what="the place to be given back")


def test_stalled_stream_reader_holds_less_than_1_mib_and_is_closed() -> None:
    with serving("stream", stalled_seconds=0.5, sweep_seconds=0.1) as server:
        before = server.resident_bytes()
        with server.connect(receive_buffer=4096) as stalled:
            stalled.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            sent = [-1]

            def settled() -> bool:
                answer = server.ask(b"GET /sent HTTP/1.1\r\nHost: h\r\n\r\n")
                sent.append(int(answer.body))
                return sent[-1] > 0 and sent[-1] == sent[-2]

            until(settled, what="the stream to wait for its reader")
            assert server.resident_bytes() - before < 4 * MIB
            until(lambda: is_reset(stalled), what="the stalled reader to be cut off")


def is_reset(connection: socket.socket) -> bool:
    """Tell, without reading, whether the other side has ended the connection."""
    try:
        connection.send(b"x")
    except ConnectionError:
        return True
    return False


def test_reader_that_is_slow_but_reads_gets_the_stream() -> None:
    with (
        serving("stream", stalled_seconds=0.5, sweep_seconds=0.1) as server,
        server.connect(receive_buffer=4096) as slow,
    ):
        slow.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        read, began = 0, time.monotonic()
        while time.monotonic() - began < 1.5:
            part = slow.recv(4096)
            assert part
            read += len(part)

    assert read > MIB
