"""The Redis stream kind against a real Redis."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from eventhub.targets.kind import Result
from eventhub.targets.redis_stream import RedisStreamKind
from tests.targets.orders import EVENT, LOOPBACK, PUBLIC_ONLY, TRACE, TRACED, sent_by

pytestmark = pytest.mark.whole


@pytest.fixture
def client(redis_port: int) -> Iterator["redis.Redis[bytes]"]:
    with redis.Redis(port=redis_port, password="secret") as client:
        client.flushall()
        yield client


def sent(port: int, settings: dict[str, Any] | None = None, guard: Any = LOOPBACK, **changes: Any) -> Result:
    kind = RedisStreamKind()
    given = {"host": "localhost", "port": port, "password": "secret", "stream": "orders", **(settings or {})}
    return sent_by(kind, given, guard, **changes)


def test_each_event_is_an_entry_with_its_id(redis_port: int, client: "redis.Redis[bytes]"):
    result = sent(redis_port, attributes={"ERROR_CODE": "x"}, traces=TRACED)

    [(entry_id, entry)] = client.xrange("orders")
    assert result.response == {"entry": entry_id.decode()}
    assert entry[b"payload"] == EVENT.envelope
    assert entry[b"message-id"].endswith(b"-7")
    assert entry[b"dead-letter-ERROR_CODE"] == b"x"
    assert entry[b"traceparent"].decode() == TRACE
    assert "secret" not in str(result)


def test_a_stream_is_kept_at_its_length(redis_port: int, client: "redis.Redis[bytes]"):
    client.config_set("stream-node-max-entries", 1)
    for _ in range(20):
        sent(redis_port, {"max_length": 5})

    assert client.xlen("orders") < 20


@pytest.mark.parametrize(
    ("settings", "decision", "fault", "reason"),
    [
        ({"password": "wrong"}, "give-up", "receiver", "invalid username-password"),
        ({"port": 1}, "retry", "network", "not reached"),
        ({"host": "nowhere.invalid"}, "retry", "network", "has no address"),
    ],
)
def test_what_goes_wrong_is_told_apart(
    redis_port: int,
    client: "redis.Redis[bytes]",
    settings: dict[str, Any],
    decision: str,
    fault: str,
    reason: str,
):
    verdict = sent(redis_port, settings).verdict

    assert (verdict.decision, verdict.fault) == (decision, fault)
    assert reason in verdict.reason


def test_another_sort_of_key_is_given_up(redis_port: int, client: "redis.Redis[bytes]"):
    client.set("orders", "text")

    verdict = sent(redis_port).verdict

    assert verdict.decision == "give-up"
    assert "WRONGTYPE" in verdict.reason


def test_a_redis_that_stalls_runs_into_the_time_out(redis_port: int, client: "redis.Redis[bytes]"):
    client.execute_command("CLIENT", "PAUSE", "3000", "ALL")

    verdict = sent(redis_port, timeout_seconds=0.3).verdict

    assert (verdict.decision, verdict.fault) == ("retry", "network")
    assert "in time" in verdict.reason


def test_the_guard_is_asked(redis_port: int):
    verdict = sent(redis_port, guard=PUBLIC_ONLY).verdict

    assert (verdict.decision, verdict.fault) == ("give-up", "ours")
    assert "loopback" in verdict.reason
