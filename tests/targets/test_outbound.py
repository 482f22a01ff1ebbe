"""Attempts of whole kinds against a real receiver."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook

from eventhub.domain.addresses import AddressGuard
from eventhub.domain.signature import private_key, symmetric_secret, verify
from eventhub.targets.callers import Callers
from eventhub.targets.kind import CallKind, EventFacts, Guard, Order, Result
from eventhub.targets.outbound import Outbound, attempt
from eventhub.targets.verdict import Decision
from eventhub.targets.webhook import WebhookKind
from tests import receiver as answers
from tests.receiver import Receiver
from tests.until import until

LOOPBACK = AddressGuard(loopback_allowed=True)
EVENT = EventFacts(UUID(int=7), "default", "shop", "OrderPlaced", b'{"id": "7"}')
OLD, NEW = symmetric_secret(b"o" * 24), symmetric_secret(b"n" * 24)


def order(settings: Mapping[str, Any], *, body: bytes = EVENT.envelope, **members: Any) -> Order:
    return Order(
        **{
            "settings": settings,
            "body": body,
            "content_type": "application/json",
            "headers": (),
            "message_id": "7-1",
            "attempt": 1,
            "now": time.time_ns() // 1000,
            "event": EVENT,
            "timeout_seconds": 5.0,
            **members,
        }
    )


def sent(receiver: Receiver, settings: Mapping[str, Any], **members: Any) -> Result:
    return attempt(WebhookKind(), order({"url": receiver.url("/hook"), **settings}, **members), LOOPBACK)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def test_a_webhook_carries_what_is_configured(receiver: Receiver):
    result = sent(receiver, {"headers": {"X-Shop": "north", "X-Empty": ""}}, headers=[("ce-id", "7")])

    [received] = receiver.requests
    assert (received.method, received.path, received.body) == ("POST", "/hook", EVENT.envelope)
    assert received.headers["x-shop"] == "north"
    assert received.headers["x-empty"] == ""
    assert received.headers["ce-id"] == "7"
    assert received.headers["webhook-id"] == "7-1"
    assert result.verdict.decision is Decision.DELIVERED
    assert result.request["body"] == "envelope"
    assert result.phases["connect"] > 0


def test_a_signature_is_what_the_published_library_expects(receiver: Receiver):
    sent(receiver, {"signing": [{"secret": str(NEW)}]})

    [received] = receiver.requests
    assert Webhook(str(NEW)).verify(received.body.decode(), dict(received.headers)) == {"id": "7"}


def test_while_secrets_overlap_either_verifies_and_an_ended_one_does_not(receiver: Receiver):
    now = time.time_ns() // 1000
    ended = symmetric_secret(b"e" * 24)
    secrets = [
        {"secret": str(NEW)},
        {"secret": str(OLD), "until": now + 1_000_000},
        {"secret": str(ended), "until": now - 1},
    ]
    sent(receiver, {"signing": secrets}, now=now)

    [received] = receiver.requests
    for secret in (OLD, NEW):
        Webhook(str(secret)).verify(received.body.decode(), dict(received.headers))
    assert len(received.headers["webhook-signature"].split()) == 2


def test_an_asymmetric_signature_verifies_by_the_public_half(receiver: Receiver):
    pair = private_key(b"p" * 32)
    sent(receiver, {"signing": [{"secret": str(pair)}]})

    [received] = receiver.requests
    assert received.headers["webhook-signature"].startswith("v1a,")
    verify(received.headers, received.body, [pair.public], now_seconds=time.time())


def test_consent_is_asked_for_once_and_deliveries_name_the_origin(receiver: Receiver):
    consent = answers.answered(
        405, b"", {"WebHook-Allowed-Origin": "hub.example.com", "WebHook-Allowed-Rate": "600"}
    )
    receiver.answers = lambda received: consent if received.method == "OPTIONS" else answers.ok()
    settings = {"handshake": True, "origin": "hub.example.com", "rate_per_second": 10.0}

    assert [sent(receiver, settings).status for _ in range(2)] == [200, 200]

    assert [received.method for received in receiver.requests] == ["OPTIONS", "POST", "POST"]
    asked, delivered, _again = receiver.requests
    assert asked.headers["webhook-request-origin"] == "hub.example.com"
    assert asked.headers["webhook-request-rate"] == "600"
    assert asked.body == b""
    assert delivered.headers["webhook-request-origin"] == "hub.example.com"


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"WebHook-Allowed-Origin": "other.example.com"},
        {"WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "5"},
    ],
)
def test_without_consent_nothing_is_delivered_and_another_try_may_follow(
    receiver: Receiver, said: dict[str, str]
):
    receiver.answers = lambda _received: answers.answered(200, b"", said)

    result = sent(receiver, {"handshake": True, "origin": "hub.example.com", "rate_per_second": 10.0})

    assert [received.method for received in receiver.requests] == ["OPTIONS"]
    assert result.verdict.decision is Decision.RETRY
    assert "does not consent" in result.verdict.reason


def test_orders_that_wait_for_the_same_consent_share_one_question(receiver: Receiver):
    consent = answers.answered(200, b"", {"WebHook-Allowed-Origin": "*"}, after=0.1)
    receiver.answers = lambda received: consent if received.method == "OPTIONS" else answers.ok()
    results: list[tuple[int, Result]] = []
    outbound: Outbound[int] = Outbound(LOOPBACK, results.extend, [].extend)
    outbound.start()
    settings = {"url": receiver.url("/hook"), "handshake": True, "origin": "hub.example.com"}

    outbound.submit([(number, WebhookKind(), order(settings)) for number in range(10)])
    until(lambda: len(results) == 10, what="ten results")

    assert outbound.stop(1) == []
    assert [received.method for received in receiver.requests].count("OPTIONS") == 1
    assert sorted(number for number, _result in results) == list(range(10))


def test_the_time_out_holds_for_all_exchanges_of_an_attempt(receiver: Receiver):
    consent = answers.answered(200, b"", {"WebHook-Allowed-Origin": "*"}, after=0.2)
    receiver.answers = lambda received: consent if received.method == "OPTIONS" else answers.hang()

    result = sent(receiver, {"handshake": True, "origin": "hub.example.com"}, timeout_seconds=0.5)

    assert result.verdict.decision is Decision.RETRY
    assert 450_000 < result.ended_at - result.started_at < 1_500_000


def test_a_receiver_that_is_gone_is_told_apart(receiver: Receiver):
    receiver.answer("/hook", answers.status(410))

    verdict = sent(receiver, {}).verdict

    assert (verdict.decision, verdict.gone) == (Decision.GIVE_UP, True)


def test_what_the_receiver_asks_to_wait_is_passed_on(receiver: Receiver):
    receiver.answer("/hook", answers.status(429, retry_after=30))

    assert sent(receiver, {}).retry_after == "30"


def test_credentials_are_masked_in_what_is_kept(receiver: Receiver):
    receiver.answer("/hook", answers.answered(200, b"", {"Set-Cookie": "id=secret"}))

    result = sent(receiver, {"headers": {"X-Api-Key": "hunter2", "X-Shop": "north"}})

    assert "hunter2" not in str(result)
    assert "id=secret" not in str(result)
    assert result.request["headers"]["X-Shop"] == "north"  # type: ignore[index]


def test_another_payload_than_the_envelope_is_kept_to_a_length(receiver: Receiver):
    result = sent(receiver, {}, body=b'"' + b"x" * 10_000 + b'"')

    assert len(str(result.request["body"])) == 4096
    assert (result.request["cut"], result.request["bytes"]) == (True, 10_002)


def test_why_an_event_is_dead_stands_in_headers(receiver: Receiver):
    sent(receiver, {}, attributes={"ERROR_CODE": "503", "ERROR_MESSAGE": "nächste\r\nX: y"})

    [received] = receiver.requests
    assert received.headers["eventhub-error-code"] == "503"
    assert "x" not in received.headers


def test_an_order_that_cannot_be_made_is_our_fault_and_holds_up_none(receiver: Receiver):
    result = attempt(WebhookKind(), order({}), LOOPBACK)

    assert (result.verdict.decision, result.verdict.fault) == (Decision.RETRY, "ours")


def test_stop_gives_back_what_waits_for_an_errand(receiver: Receiver):
    receiver.answers = lambda _received: answers.hang()
    outbound: Outbound[int] = Outbound(LOOPBACK, lambda _done: None, [].extend)
    outbound.start()
    settings = {"url": receiver.url("/hook"), "handshake": True, "origin": "hub.example.com"}
    outbound.submit([(number, WebhookKind(), order(settings)) for number in range(3)])
    receiver.wait_for(1)

    assert sorted(outbound.stop(0.05)) == [0, 1, 2]


class Held(CallKind):
    """A kind whose calls wait until they are let go."""

    name = "held"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Semaphore(0)

    def call(self, order: Order, guard: Guard) -> Mapping[str, object]:
        self.begun.release()
        if not self.go.wait(order.timeout_seconds):
            raise RuntimeError("never let go")
        return {}

    def shown(self, order: Order) -> Mapping[str, object]:
        return {"method": "HOLD"}


def test_callers_grow_on_demand_to_their_bound_and_end_when_idle():
    kind = Held()
    done: list[tuple[int, Result]] = []
    callers: Callers[int] = Callers(LOOPBACK, done.extend, [].extend, max_threads=3, idle_seconds=0.05)

    callers.submit([(number, kind, order({})) for number in range(5)])
    for _ in range(3):
        assert kind.begun.acquire(timeout=5)
    assert callers.threads == 3
    kind.go.set()

    until(lambda: len(done) == 5, what="five results")
    until(lambda: callers.threads == 0, what="the threads to end")
    assert callers.stop(0) == []


def test_callers_give_back_what_did_not_finish_and_report_it_no_more():
    kind = Held()
    done: list[tuple[int, Result]] = []
    callers: Callers[int] = Callers(LOOPBACK, done.extend, [].extend, max_threads=1)
    callers.submit([(1, kind, order({})), (2, kind, order({}))])
    assert kind.begun.acquire(timeout=5)

    assert sorted(callers.stop(0.05)) == [1, 2]
    kind.go.set()

    until(lambda: callers.threads == 0, what="the thread to end")
    assert done == []


def test_a_bug_in_a_kind_is_a_result():
    kind = Held()

    result = attempt(kind, order({}, timeout_seconds=0.01), LOOPBACK)

    assert result.verdict.reason == "not made: RuntimeError: never let go"
    assert json.dumps(result.request) == "{}"
