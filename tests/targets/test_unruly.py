"""Peers that answer garbage, without end or drop by drop: cut off within bounds, and tried again."""

import resource
import time
from typing import Any

import pytest

from eventhub.targets.email import EmailKind
from eventhub.targets.kind import CallKind, Result
from eventhub.targets.nats import NatsKind
from eventhub.targets.redis_stream import RedisStreamKind
from tests.targets.orders import LOOPBACK, order_for
from tests.targets.unruly import unruly_peer

EMAIL = {"security": "none", "sender": "a@example.com", "recipients": "b@example.com"}
KINDS: dict[str, tuple[CallKind, dict[str, Any]]] = {
    "email": (EmailKind(), EMAIL),
    "redis-stream": (RedisStreamKind(), {"stream": "orders"}),
    "nats": (NatsKind(), {}),
}


def attempted(name: str, port: int, **changes: Any) -> Result:
    kind, settings = KINDS[name]
    return kind.send(order_for(kind, {"host": "127.0.0.1", "port": port, **settings}, **changes), LOOPBACK)


@pytest.mark.parametrize("name", ["email", "redis-stream", "nats"])
def test_garbage_is_the_receivers_fault_and_tried_again(name: str):
    with unruly_peer(b"\x00\x01 this is not it \xff\r\n") as port:
        verdict = attempted(name, port, timeout_seconds=2.0).verdict

    assert (verdict.decision, verdict.fault) in {("retry", "receiver"), ("retry", "network")}
    assert "not made" not in verdict.reason


@pytest.mark.parametrize(
    ("name", "first", "then"),
    [
        ("email", b"", b"220-" + b"x" * 900 + b"\r\n"),
        ("redis-stream", b"$600000000\r\n", b"x" * 65_536),
    ],
)
def test_an_answer_without_end_is_cut_off(name: str, first: bytes, then: bytes):
    with unruly_peer(first, then) as port:
        verdict = attempted(name, port).verdict

    assert (verdict.decision, verdict.fault) == ("retry", "receiver")
    assert "more than 65536 bytes" in verdict.reason


@pytest.mark.parametrize(
    ("name", "drop"), [("email", b"220-hello\r\n"), ("redis-stream", b"+")], ids=["email", "redis-stream"]
)
def test_a_peer_that_drips_is_given_up_in_time(name: str, drop: bytes):
    began = time.monotonic()
    with unruly_peer(drop, drop, pause_seconds=0.05) as port:
        verdict = attempted(name, port, timeout_seconds=0.5).verdict

    assert time.monotonic() - began < 3
    assert (verdict.decision, verdict.fault) == ("retry", "network")
    assert "in time" in verdict.reason


def test_a_nats_server_that_announces_a_huge_message_is_cut_off():
    info = b'INFO {"server_id":"x","version":"2.9.0","max_payload":1048576,"proto":1}\r\n'
    with unruly_peer(info + b"PONG\r\nMSG a 1 600000000\r\n", b"x" * 65_536) as port:
        verdict = attempted("nats", port, timeout_seconds=5.0).verdict

    assert (verdict.decision, verdict.fault) == ("retry", "network")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 800_000  # KiB
