"""Ordinary requests, and malformed ones, over real sockets."""

import contextlib

import pytest

from tests.server.serving_process import Serving, is_closed, read_answer, serving

GET = b"GET /a%20b?q=1 HTTP/1.1\r\nHost: h\r\n\r\n"


def test_application_sees_the_request_as_sent(echo: Serving) -> None:
    answer = echo.ask(
        b"POST /a%20b?q=1 HTTP/1.1\r\nHost: h\r\nX-Two: 1\r\nX-Two: 2\r\nContent-Length: 2\r\n\r\nhi"
    )

    assert answer.status == 200
    assert answer.json == {
        "method": "POST",
        "path": "/a b",
        "query": "q=1",
        "headers": [["host", "h"], ["x-two", "1"], ["x-two", "2"], ["content-length", "2"]],
        "body": "hi",
    }


def test_chunked_body_arrives_whole(echo: Serving) -> None:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert echo.ask(head + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n").json["body"] == "abcde"


def test_connection_is_kept_for_the_next_request(echo: Serving) -> None:
    with echo.connect() as connection:
        for _ in range(3):
            connection.sendall(GET)
            assert read_answer(connection).status == 200


def test_pipelined_requests_are_answered_in_order(echo: Serving) -> None:
    with echo.connect() as connection:
        connection.sendall(b"".join(GET.replace(b"q=1", b"q=%d" % number) for number in range(5)))
        data = b""
        while data.count(b'"query": "q=') < 5:
            data += connection.recv(65_536)

    assert [data.index(b'"q=%d"' % number) for number in range(5)] == sorted(
        data.index(b'"q=%d"' % number) for number in range(5)
    )


def test_old_client_gets_its_answer_and_the_end_of_the_connection(echo: Serving) -> None:
    with echo.connect() as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")

        assert read_answer(connection).headers["connection"] == "close"
        assert is_closed(connection)


def test_head_has_the_headers_alone(echo: Serving) -> None:
    with echo.connect() as connection:
        connection.sendall(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + GET)
        data = connection.recv(65_536)
        while data.count(b"HTTP/1.1 200") < 2:
            data += connection.recv(65_536)

    assert data.split(b"\r\n\r\n")[1].startswith(b"HTTP/1.1 200")


def test_header_with_an_underscore_is_not_taken_for_one_with_a_hyphen(echo: Serving) -> None:
    answer = echo.ask(b"GET / HTTP/1.1\r\nHost: h\r\nX_Forwarded_For: 1.2.3.4\r\n\r\n")

    assert answer.json["headers"] == [["host", "h"]]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: h\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nX: a\nb\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nX: a\x0bb\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_malformed_request_is_refused_with_a_problem(echo: Serving, request_bytes: bytes) -> None:
    with echo.connect() as connection:
        connection.sendall(request_bytes)
        answer = read_answer(connection)

        assert answer.status == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["status"] == 400
        assert is_closed(connection)


def test_failing_application_is_answered_for(capfd: pytest.CaptureFixture[str]) -> None:
    with serving("broken") as server:
        assert server.ask(b"GET /raise HTTP/1.1\r\nHost: h\r\n\r\n").status == 500
        assert server.ask(b"GET /return HTTP/1.1\r\nHost: h\r\n\r\n").status == 500

        with server.connect() as connection:
            connection.sendall(b"GET /half HTTP/1.1\r\nHost: h\r\n\r\n")
            data = b""
            with contextlib.suppress(ConnectionResetError):
                while part := connection.recv(65_536):
                    data += part
        assert not data.endswith(b"0\r\n\r\n")  # a cut answer must not look whole

    assert "as asked" in capfd.readouterr().err


def test_request_in_flight_is_finished_before_the_server_ends() -> None:
    with serving("slow") as server, server.connect() as connection, server.connect() as idle:
        connection.sendall(GET)
        server.ask(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")  # by now the first is in hand
        connection.sendall(GET)
        assert read_answer(connection).body == b"done"
        assert server.process.stdin
        server.process.stdin.close()

        assert read_answer(connection).body == b"done"
        assert is_closed(connection)
        assert is_closed(idle)
        assert server.process.wait(timeout=10) == 0
