"""The RabbitMQ kind against a real broker."""

from collections.abc import Iterator
from typing import Any

import pika
import pytest

from eventhub.targets.kind import Result
from eventhub.targets.rabbitmq import RabbitMqKind
from tests.targets.orders import EVENT, LOOPBACK, PUBLIC_ONLY, TRACE, TRACED, close_kept, order_for, sent_by

pytestmark = pytest.mark.whole


@pytest.fixture
def channel(rabbitmq_port: int) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq_port))
    channel = connection.channel()
    channel.exchange_declare("events", "topic")
    channel.queue_declare("orders")
    channel.queue_purge("orders")
    channel.queue_bind("orders", "events", "shop.#")
    yield channel
    connection.close()


def sent(port: int, settings: dict[str, Any] | None = None, guard: Any = LOOPBACK, **changes: Any) -> Result:
    kind = RabbitMqKind()
    given = {
        "host": "localhost",
        "port": port,
        "user_name": "guest",
        "password": "guest",
        "exchange": "events",
        **(settings or {}),
    }
    return sent_by(kind, given, guard, **changes)


def test_an_event_is_published_by_its_source_and_type(rabbitmq_port: int, channel: Any):
    result = sent(rabbitmq_port, attributes={"ERROR_CODE": "x"}, traces=TRACED)

    assert result.verdict.decision == "delivered"
    assert result.response == {"confirmed": True}
    method, properties, body = channel.basic_get("orders", auto_ack=True)
    assert (method.routing_key, body) == ("shop.order placed", EVENT.envelope)
    assert properties.message_id.endswith("-7")
    assert properties.headers["ERROR_CODE"] == "x"
    assert properties.headers["traceparent"] == TRACE
    assert "guest" not in str(result)


def test_connections_are_kept(rabbitmq_port: int, channel: Any):
    kind = RabbitMqKind()
    settings = {"host": "localhost", "port": rabbitmq_port, "user_name": "guest", "password": "guest"}
    order = order_for(kind, settings | {"exchange": "events"})

    results = [kind.send(order, LOOPBACK) for _ in range(20)]

    assert {one.verdict.decision for one in results} == {"delivered"}
    assert kind._kept._count == 1
    close_kept(kind)


@pytest.mark.parametrize(
    ("settings", "decision", "fault", "reason"),
    [
        ({"routing_key": "nobody"}, "retry", "receiver", "no queue is bound"),
        ({"exchange": "missing"}, "give-up", "receiver", "404"),
        ({"password": "wrong"}, "give-up", "receiver", "refuses this user name"),
        ({"virtual_host": "missing"}, "give-up", "receiver", "virtual host"),
        ({"port": 1}, "retry", "network", "not reached"),
        ({"tls": True}, "retry", "network", "TLS"),
    ],
)
def test_what_goes_wrong_is_told_apart(
    rabbitmq_port: int, channel: Any, settings: dict[str, Any], decision: str, fault: str, reason: str
):
    verdict = sent(rabbitmq_port, settings).verdict

    assert (verdict.decision, verdict.fault) == (decision, fault), verdict
    assert reason in verdict.reason


def test_the_guard_is_asked(rabbitmq_port: int):
    assert sent(rabbitmq_port, guard=PUBLIC_ONLY).verdict.fault == "ours"
