"""The NATS kind against a real server with JetStream."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import nats
import pytest

from eventhub.targets.kind import Result
from eventhub.targets.kinds import check_settings
from eventhub.targets.nats import NatsKind
from tests.targets.orders import EVENT, LOOPBACK, PUBLIC_ONLY, TRACE, TRACED, sent_by

pytestmark = pytest.mark.whole
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def with_stream(port: int, subject: str) -> None:
    client = await nats.connect(f"nats://secret@127.0.0.1:{port}")
    await client.jetstream().add_stream(name=subject.upper(), subjects=[f"{subject}.>"])
    await client.close()


async def stored(port: int, subject: str) -> list[Any]:
    client = await nats.connect(f"nats://secret@127.0.0.1:{port}")
    stream = client.jetstream()
    count = (await stream.stream_info(subject.upper())).state.messages
    found = [await stream.get_msg(subject.upper(), number + 1) for number in range(count)]
    await client.close()
    return found


def sent(port: int, settings: dict[str, Any] | None = None, guard: Any = LOOPBACK, **changes: Any) -> Result:
    kind = NatsKind()
    given = {"host": "localhost", "port": port, "password": "secret", **(settings or {})}
    return sent_by(kind, given, guard, **changes)


def test_a_stream_stores_each_event_once(nats_port: int):
    run(with_stream(nats_port, "once"))
    subject = {"subject": "once.{source}.{detail-type}"}

    first, again = sent(nats_port, subject, traces=TRACED), sent(nats_port, subject)

    assert first.verdict.decision == "delivered"
    assert (first.response["stream"], first.response["duplicate"]) == ("ONCE", False)
    assert again.response["duplicate"] is True
    [message] = run(stored(nats_port, "once"))
    assert (message.subject, message.data) == ("once.shop.order_placed", EVENT.envelope)
    assert (message.headers["traceparent"], message.headers["tracestate"]) == (TRACE, "shop=1")
    assert "secret" not in str(first)


def test_without_a_stream_the_server_takes_it(nats_port: int):
    result = sent(nats_port, {"subject": "nobody.{source}", "jetstream": False})

    assert result.response == {"flushed": True}


@pytest.mark.parametrize(
    ("settings", "decision", "fault", "reason"),
    [
        ({"subject": "nobody.listens"}, "retry", "receiver", "no stream listens"),
        ({"password": "wrong"}, "give-up", "receiver", "refuses these credentials"),
        ({"port": 1}, "retry", "network", "not reached"),
    ],
)
def test_what_goes_wrong_is_told_apart(
    nats_port: int, settings: dict[str, Any], decision: str, fault: str, reason: str
):
    verdict = sent(nats_port, settings).verdict

    assert (verdict.decision, verdict.fault) == (decision, fault), verdict
    assert reason in verdict.reason


def test_the_guard_is_asked(nats_port: int):
    assert sent(nats_port, guard=PUBLIC_ONLY).verdict.fault == "ours"


@pytest.mark.parametrize("subject", ["a b", "a\r\nPUB evil 2", "a..b", ".a", "a.>"])
def test_a_subject_that_nats_refuses_is_not_saved(subject: str):
    wrong = check_settings(NatsKind(), {"host": "localhost", "subject": subject})

    assert list(wrong) == ["subject"]
