"""The receiver that the other suites trust does what it says."""

import socket
import time

import pytest

from tests import receiver as answers
from tests.receiver import Receiver


def posted(to: Receiver, path: str, body: bytes = b'{"a": 1}', seconds: float = 5.0) -> bytes:
    with socket.create_connection(("127.0.0.1", to.port), timeout=seconds) as talk:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        talk.sendall(head + body)
        found = b""
        while b"ok" not in found and (chunk := talk.recv(65536)):
            found += chunk
        return found


def test_a_request_is_recorded_and_answered():
    with Receiver() as receiver:
        assert posted(receiver, "/here").startswith(b"HTTP/1.1 200 OK\r\n")

        [received] = receiver.wait_for(1, "/here")
        assert (received.method, received.json, received.connection) == ("POST", {"a": 1}, 1)


def test_answers_follow_each_other_and_the_last_repeats():
    with Receiver() as receiver:
        receiver.answer("/", answers.cut(b"HTTP/1.1 503 No\r\n\r\n"), answers.ok())

        assert [posted(receiver, "/")[9:12] for _ in range(3)] == [b"503", b"200", b"200"]


def test_reset_and_cut_end_the_connection():
    with Receiver() as receiver:
        receiver.answer("/reset", answers.reset())
        receiver.answer("/cut", answers.cut())

        with pytest.raises(ConnectionResetError):
            posted(receiver, "/reset")
        assert posted(receiver, "/cut").endswith(b"half")


def test_a_drip_takes_its_time_and_a_hang_never_answers():
    with Receiver() as receiver:
        receiver.answer("/drip", answers.drip(b"12ok", every=0.02))
        receiver.answer("/hang", answers.hang())

        began = time.monotonic()
        assert posted(receiver, "/drip").endswith(b"12ok")
        assert time.monotonic() - began >= 0.08
        with pytest.raises(TimeoutError):
            posted(receiver, "/hang", seconds=0.1)
