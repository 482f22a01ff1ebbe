"""The driver against a real receiver."""

import queue
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventhub.domain.addresses import AddressGuard
from eventhub.targets import webhook
from eventhub.targets.handle import MAX_BODY_BYTES
from eventhub.targets.http import Reply, Request
from eventhub.targets.transfer import Transfers
from eventhub.targets.verdict import Fault
from tests import receiver as answers
from tests.certificates import make_certificate, tls_before
from tests.receiver import Receiver

LOOPBACK = AddressGuard(loopback_allowed=True)


class Driver:
    """Transfers, with a way to wait for the next reply."""

    def __init__(self, guard: AddressGuard = LOOPBACK) -> None:
        self.replies: queue.Queue[tuple[str, Reply]] = queue.Queue()
        self.transfers: Transfers[str] = Transfers(
            guard, lambda done: [self.replies.put(one) for one in done] and None
        )
        self.transfers.start()

    def post(
        self, url: str, body: bytes = b'{"a":1}', *, timeout_seconds: float = 5.0, name: str = "one"
    ) -> None:
        headers = ["Content-Type: application/json", f"webhook-id: {name}", webhook.EXPECT]
        self.transfers.submit([(name, Request(url, headers, body, timeout_seconds))])

    def next(self) -> tuple[str, Reply]:
        return self.replies.get(timeout=10)

    def reply_to(self, url: str, body: bytes = b'{"a":1}', *, timeout_seconds: float = 5.0) -> Reply:
        self.post(url, body, timeout_seconds=timeout_seconds)
        return self.next()[1]


@pytest.fixture
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.transfers.stop(0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def test_a_post_arrives_as_it_was_meant(driver: Driver, receiver: Receiver):
    reply = driver.reply_to(receiver.url("/orders?x=1"), b'{"source":"shop"}')

    [received] = receiver.requests
    assert (received.method, received.path, received.json) == ("POST", "/orders?x=1", {"source": "shop"})
    assert received.headers["content-type"] == "application/json"
    assert received.headers["webhook-id"] == "one"
    assert (reply.status, reply.reason, reply.body, reply.fault) == (200, "OK", b"ok", None)
    assert ("Content-Type", "text/plain") in reply.headers


def test_phases_tell_where_the_time_went(driver: Driver, receiver: Receiver):
    receiver.answer("/", answers.ok(after=0.1))

    first = driver.reply_to(receiver.url())
    second = driver.reply_to(receiver.url())

    assert first.phases["connect"] > 0
    assert 90 < first.phases["first_byte"] < 1000
    assert "connect" not in second.phases
    took = (first.ended_at - first.started_at) / 1000
    assert sum(first.phases.values()) <= took + 1


def test_connections_are_kept(driver: Driver, receiver: Receiver):
    for _ in range(20):
        assert driver.reply_to(receiver.url()).status == 200

    assert receiver.connections == 1


def test_a_large_body_needs_no_permission_first(driver: Driver, receiver: Receiver):
    assert driver.reply_to(receiver.url(), b"x" * 3_000_000).status == 200
    assert "expect" not in receiver.requests[0].headers


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(driver: Driver, receiver: Receiver, code: int):
    receiver.answer("/", answers.redirect(receiver.url("/elsewhere"), code))

    assert driver.reply_to(receiver.url()).status == code
    assert receiver.on("/elsewhere") == []


def test_a_hang_ends_by_its_time_out(driver: Driver, receiver: Receiver):
    receiver.answer("/", answers.hang())

    reply = driver.reply_to(receiver.url(), timeout_seconds=0.2)

    assert (reply.status, reply.fault) == (None, Fault.TIMEOUT)
    assert 200_000 <= reply.ended_at - reply.started_at < 2_000_000


def test_a_drip_ends_by_its_time_out(driver: Driver, receiver: Receiver):
    receiver.answer("/", answers.drip(b"x" * 1000, every=0.02))

    reply = driver.reply_to(receiver.url(), timeout_seconds=0.2)

    assert (reply.status, reply.fault) == (200, Fault.TIMEOUT)


def test_a_hang_does_not_hold_up_others(driver: Driver, receiver: Receiver):
    receiver.answer("/hang", answers.hang())
    for number in range(50):
        driver.post(receiver.url("/hang"), name=f"hang {number}", timeout_seconds=30)

    driver.post(receiver.url("/quick"), name="quick")

    assert driver.next()[0] == "quick"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (answers.reset(), Fault.BROKEN),
        (answers.cut(), Fault.BROKEN),
        (answers.garbage(), Fault.NOT_HTTP),
        (answers.garbage(b"HTTP/1.1 abc OK\r\n\r\n"), Fault.NOT_HTTP),
        (answers.garbage(b"HTTP/1.1 99 OK\r\n\r\n"), Fault.NOT_HTTP),
        (answers.garbage(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), Fault.NOT_HTTP),
        (answers.garbage(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Fault.NOT_HTTP),
    ],
)
def test_a_broken_answer_is_a_fault(driver: Driver, receiver: Receiver, answer: answers.Answer, fault: Fault):
    receiver.answer("/", answer)

    reply = driver.reply_to(receiver.url())

    assert reply.fault is fault
    assert reply.error


def test_a_closed_port_is_a_fault_of_connecting(driver: Driver):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    reply = driver.reply_to(f"http://127.0.0.1:{port}/")

    assert reply.fault is Fault.CONNECT
    assert reply.error == f"Failed to connect to 127.0.0.1:{port}: Could not connect to server"


def test_a_name_that_does_not_exist_is_a_fault_of_dns(driver: Driver):
    assert driver.reply_to("http://no-such-host.invalid/", timeout_seconds=20).fault is Fault.DNS


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "nonsense://"]
)
def test_only_http_and_https_are_spoken(driver: Driver, url: str):
    assert driver.reply_to(url).fault is Fault.INVALID


@pytest.mark.parametrize(
    ("size", "cut"), [(MAX_BODY_BYTES, False), (MAX_BODY_BYTES + 1, True), (5_000_000, True)]
)
def test_of_a_long_answer_the_first_64_kib_are_kept(driver: Driver, receiver: Receiver, size: int, cut: bool):
    receiver.answer("/", answers.ok(b"x" * size))

    reply = driver.reply_to(receiver.url())

    assert (reply.status, reply.fault, reply.cut) == (200, None, cut)
    assert len(reply.body) == MAX_BODY_BYTES


def test_of_many_headers_the_first_8_kib_are_kept(driver: Driver, receiver: Receiver):
    receiver.answer("/", answers.answered(200, b"", {f"X-{number}": "y" * 1000 for number in range(20)}))

    assert 5 <= len(driver.reply_to(receiver.url()).headers) <= 9


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "2130706433",
        "0x7f.1",
        "127.1",
        "[::]",
    ],
)
def test_loopback_is_refused_in_every_spelling_unless_it_is_allowed(receiver: Receiver, host: str):
    guarded = Driver(AddressGuard())
    try:
        reply = guarded.reply_to(f"http://{host}:{receiver.port}/")
    finally:
        guarded.transfers.stop(0)

    assert reply.fault is Fault.REFUSED
    assert "EVENTHUB_ALLOWED_NETWORKS" in reply.error
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "10.0.0.1",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "224.0.0.1",
    ],
)
def test_private_addresses_are_refused_before_anything_is_sent(driver: Driver, host: str):
    reply = driver.reply_to(f"http://{host}/latest/meta-data/")

    assert reply.fault is Fault.REFUSED
    assert reply.ended_at - reply.started_at < 1_000_000


def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch):
    with Receiver() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        driver = Driver()
        try:
            assert driver.reply_to(receiver.url()).status == 200
        finally:
            driver.transfers.stop(0)

        assert proxy.requests == []


def test_a_certificate_that_nobody_vouches_for_is_a_fault_of_tls(driver: Driver, tls_port: int):
    reply = driver.reply_to(f"https://127.0.0.1:{tls_port}/")

    assert reply.fault is Fault.TLS
    assert "certificate" in reply.error.lower()


def test_the_authorities_that_the_operator_names_are_trusted(
    tls_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
    driver = Driver()
    try:
        # The server ends the connection after the handshake, which is as far as this test wants to come.
        assert driver.reply_to(f"https://127.0.0.1:{tls_port}/").fault is Fault.BROKEN
    finally:
        driver.transfers.stop(0)


def test_a_connection_that_the_receiver_closed_meanwhile_is_no_fault(driver: Driver, receiver: Receiver):
    receiver.answer("/", answers.Answer(answers.ok().chunks, then="close"))

    assert [driver.reply_to(receiver.url()).status for _ in range(5)] == [200] * 5


def test_stop_lets_exchanges_finish_within_the_grace(receiver: Receiver):
    driver = Driver()
    receiver.answer("/slow", answers.ok(after=0.2))
    driver.post(receiver.url("/slow"))
    receiver.wait_for(1)

    assert driver.transfers.stop(5) == []
    assert driver.next()[1].status == 200


def test_stop_gives_back_what_did_not_finish(receiver: Receiver):
    driver = Driver()
    receiver.answer("/hang", answers.hang())
    driver.post(receiver.url("/hang"), name="hung", timeout_seconds=30)
    receiver.wait_for(1)

    began = time.monotonic()
    assert driver.transfers.stop(0.1) == ["hung"]
    assert time.monotonic() - began < 2


def test_a_receiver_that_does_not_take_the_connection_is_given_up_early(driver: Driver):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        # What is beyond the queue of the system gets no answer at all to its first packet.
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        request = Request(f"http://127.0.0.1:{address[1]}/", [], b"", 30.0, connect_timeout_seconds=0.3)
        began = time.monotonic()

        driver.transfers.submit([("one", request)])
        reply = driver.next()[1]

        assert reply.fault is Fault.TIMEOUT
        assert time.monotonic() - began < 10
        for one in waiting:
            one.close()


@pytest.fixture
def tls_port(tmp_path: Path) -> Iterator[int]:
    """A TLS server with a certificate of its own making, which hangs up after the handshake."""
    with tls_before(None, make_certificate(tmp_path / "both.pem")) as port:
        yield port


def test_an_unsendable_header_is_refused_at_once(driver: Driver, receiver: Receiver):
    driver.transfers.submit([("bad", Request(receiver.url(), ["x: \x00"], b"", 1.0))])

    assert driver.next()[1].fault is Fault.INVALID
