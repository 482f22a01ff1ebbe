"""The Kafka kind against a real broker."""

from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from eventhub.targets.kafka import KafkaKind
from eventhub.targets.kind import Result
from eventhub.targets.kinds import check_settings
from tests.targets.orders import EVENT, LOOPBACK, PUBLIC_ONLY, TRACE, TRACED, order_for


def sent(
    servers: str, settings: dict[str, Any] | None = None, guard: Any = LOOPBACK, **changes: Any
) -> Result:
    kind = KafkaKind()
    return kind.send(
        order_for(kind, {"servers": servers, "topic": "orders", **(settings or {})}, **changes), guard
    )


@pytest.mark.whole
def test_an_event_is_a_record_with_its_key(kafka_servers: str):
    admin = AdminClient({"bootstrap.servers": kafka_servers})
    admin.create_topics([NewTopic("orders", 1, 1)])["orders"].result(30)

    result = sent(
        kafka_servers,
        {"key": "$.detail.order.id"},
        attributes={"ERROR_CODE": "x"},
        traces=TRACED,
        timeout_seconds=30.0,
    )

    assert result.verdict.decision == "delivered", result
    assert result.response == {"partition": 0, "offset": 0}
    consumer = Consumer({"bootstrap.servers": kafka_servers, "group.id": "test"})
    consumer.assign([TopicPartition("orders", 0, 0)])
    record = consumer.poll(30)
    consumer.close()
    assert record is not None
    assert (record.key(), record.value()) == (b"17", EVENT.envelope)
    headers = dict(record.headers() or [])
    assert headers["message-id"].endswith(b"-7")
    assert headers["ERROR_CODE"] == b"x"
    assert headers["traceparent"].decode() == TRACE


@pytest.mark.whole
def test_a_record_that_the_broker_does_not_take_is_given_up(kafka_servers: str):
    verdict = sent(kafka_servers, {"topic": "a b"}, timeout_seconds=30.0).verdict

    assert verdict.decision == "give-up", verdict


def test_a_broker_that_is_not_there_runs_into_the_time_out():
    verdict = sent("127.0.0.1:1", timeout_seconds=1.0).verdict

    assert (verdict.decision, verdict.fault) == ("retry", "network")


def test_the_guard_is_asked():
    assert sent("127.0.0.1:1", guard=PUBLIC_ONLY).verdict.fault == "ours"


@pytest.mark.parametrize("servers", ["kafka", "kafka:0", "kafka:1,", ":9092"])
def test_servers_are_checked_when_saved(servers: str):
    assert "wanted host:port" in check_settings(KafkaKind(), {"servers": servers, "topic": "t"})["servers"]


def test_sasl_needs_its_user():
    settings = {"servers": "kafka:9092", "topic": "t", "protocol": "SASL_SSL"}

    assert check_settings(KafkaKind(), settings) == {"user_name": "SASL needs a user name"}
