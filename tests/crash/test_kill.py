"""Each kind of process killed 20 times under load: every acknowledged event is delivered."""

import random
from pathlib import Path

import pytest

from tests.bench.api import Api
from tests.crash.producer import Producer
from tests.receiver import Receiver
from tests.running import Running, running_hub, running_web, running_worker
from tests.until import takes_effect_everywhere, until

pytestmark = [pytest.mark.whole, pytest.mark.timeout(300)]

KILLS = int(__import__("os").environ.get("KILLS", "20"))
dice = random.Random(20)  # the same moments in every run


def test_hub_killed_20_times_loses_no_acknowledged_event(tmp_path: Path) -> None:
    with Receiver() as receiver, running_hub(tmp_path) as hub:
        watch_everything(hub, receiver)
        with Producer(lambda: hub.port, hub.key) as producer:
            for _ in range(KILLS):
                let_some_pass(producer)
                hub.kill()
                hub.start()
            let_some_pass(producer)

        assert_all_arrive(hub, producer, receiver)


@pytest.mark.parametrize("kind", ["web", "worker"])
def test_scaled_process_killed_20_times_loses_no_acknowledged_event(
    kind: str, scaled: dict[str, str], tmp_path: Path
) -> None:
    with (
        Receiver() as receiver,
        running_web(tmp_path / "web-1", **scaled) as first,
        running_web(tmp_path / "web-2", **scaled) as second,
        running_worker(tmp_path / "worker-1", **scaled) as third,
        running_worker(tmp_path / "worker-2", **scaled) as fourth,
    ):
        watch_everything(first, receiver)
        victims = [first, second] if kind == "web" else [third, fourth]
        with Producer(lambda: dice.choice([first, second]).port, first.key) as producer:
            for round_number in range(KILLS):
                let_some_pass(producer)
                victims[round_number % 2].kill()
                victims[round_number % 2].start()
            let_some_pass(producer)

        assert_all_arrive(first, producer, receiver)


def watch_everything(web: Running, receiver: Receiver) -> None:
    """Deliver every event to the receiver; a short time-out makes for short leases."""
    api = Api(web)
    api.post(
        "/api/targets", {"name": "all", "kind": "webhook", "url": receiver.url("/"), "timeout_seconds": 2}
    )
    api.post(
        "/api/rules", {"bus": "default", "name": "all", "pattern": {"source": ["crash"]}, "targets": ["all"]}
    )
    takes_effect_everywhere()


def let_some_pass(producer: Producer) -> None:
    """Wait until some more events are acknowledged: the kill comes at any moment of the next ones."""
    wanted = len(producer.acknowledged) + dice.randint(3, 120)
    until(lambda: len(producer.acknowledged) >= wanted, seconds=60, what="acknowledged events")


def assert_all_arrive(web: Running, producer: Producer, receiver: Receiver) -> None:
    def missing() -> set[str]:
        return producer.acknowledged - {received.json["id"] for received in list(receiver.requests)}

    assert len(producer.acknowledged) > 10 * KILLS
    api = Api(web)
    try:
        until(lambda: not missing(), seconds=60, what=f"the last of {len(producer.acknowledged)} events")
    except AssertionError as error:
        lost = sorted(missing())
        raise AssertionError(
            f"{error}; {len(lost)} missing, the first: {api.get(f'/api/events/{lost[0]}')}"
        ) from error
    until(
        lambda: not api.get("/api/deliveries?state=pending")["items"],
        seconds=30,
        what="pending deliveries to end",
    )
    assert api.get("/api/dead-letters")["items"] == []


@pytest.fixture
def scaled(postgres_url: str, redis_url: str) -> dict[str, str]:
    """Return the settings of an installation on PostgreSQL and Redis."""
    return {"EVENTHUB_DATABASE_URL": postgres_url, "EVENTHUB_REDIS_URL": redis_url}
