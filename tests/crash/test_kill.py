"""Each kind of process killed 50 times under load, with a hostile receiver: nothing is lost or stuck.

Doubled is only what was under way in the killed process: sent, answered, and not yet recorded.
"""

import os
import random
import time
from pathlib import Path

import pytest

from tests.bench.api import Api
from tests.crash.hostile import Hostile
from tests.crash.producer import Producer
from tests.receiver import Receiver
from tests.running import Running, running_hub, running_web, running_worker
from tests.until import takes_effect_everywhere, until

pytestmark = [pytest.mark.whole, pytest.mark.timeout(400)]

KILLS = int(os.environ.get("KILLS", "50"))
# A success that is not recorded this long after it came was not about to be: a slow commit on a busy machine.
UNDER_WAY_SECONDS = 5.0
dice = random.Random(50)  # the same moments in every run


def test_hub_killed_50_times_loses_no_acknowledged_event(tmp_path: Path) -> None:
    hostile = Hostile(1)
    with Receiver(answers=hostile) as receiver, running_hub(tmp_path) as hub:
        watch_everything(hub, receiver)
        with Producer(lambda: hub.port, hub.key) as producer:
            kills = [kill(hub, producer) for _ in range(KILLS)]
            let_some_pass(producer)

        assert_all_end_well(hub, producer, receiver, hostile)
        assert_doubled_only_near(kills, hostile)


@pytest.mark.parametrize("kind", ["web", "worker"])
def test_scaled_process_killed_50_times_loses_no_acknowledged_event(
    kind: str, scaled: dict[str, str], tmp_path: Path
) -> None:
    hostile = Hostile(2)
    with (
        Receiver(answers=hostile) as receiver,
        running_web(tmp_path / "web-1", **scaled) as first,
        running_web(tmp_path / "web-2", **scaled) as second,
        running_worker(tmp_path / "worker-1", **scaled) as third,
        running_worker(tmp_path / "worker-2", **scaled) as fourth,
    ):
        watch_everything(first, receiver)
        victims = [first, second] if kind == "web" else [third, fourth]
        # Slower than at the hub: five processes start and work on the same cores.
        with Producer(lambda: dice.choice([first, second]).port, first.key, pause_seconds=0.03) as producer:
            kills = [kill(victims[number % 2], producer) for number in range(KILLS)]
            let_some_pass(producer)

        assert_all_end_well(first, producer, receiver, hostile)
        assert_doubled_only_near(kills if kind == "worker" else [], hostile)


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


def kill(victim: Running, producer: Producer) -> float:
    """Let some events pass, kill, start again; return the moment of the kill."""
    let_some_pass(producer)
    victim.kill()
    at = time.time()
    victim.start()
    return at


def let_some_pass(producer: Producer) -> None:
    """Wait until some more events are acknowledged: the kill comes at any moment of the next ones."""
    wanted = len(producer.acknowledged) + dice.randint(3, 120)
    until(lambda: len(producer.acknowledged) >= wanted, seconds=60, what="acknowledged events")


def assert_all_end_well(web: Running, producer: Producer, receiver: Receiver, hostile: Hostile) -> None:
    """Every acknowledged event is delivered or a dead letter, and no delivery is stuck."""
    hostile.healed = True
    assert len(producer.acknowledged) > 10 * KILLS
    api = Api(web)
    until(
        lambda: not api.get("/api/deliveries?state=pending")["items"],
        seconds=90,
        what="pending deliveries to end",
    )
    taken = {identifier[:36] for identifier in hostile.taken}
    dead = {letter["event_id"] for letter in every(api, "/api/dead-letters")}
    lost = sorted(producer.acknowledged - taken - dead)
    assert not lost, f"{len(lost)} of {len(producer.acknowledged)}: {api.get(f'/api/events/{lost[0]}')}"


def assert_doubled_only_near(kills: list[float], hostile: Hostile) -> None:
    """What was taken twice was first taken right before a kill."""
    far = [at for at in hostile.doubled() if not any(0 <= when - at < UNDER_WAY_SECONDS for when in kills)]
    assert not far, f"{len(far)} of {len(hostile.taken)} were sent again though their process went on"


def every(api: Api, path: str) -> list[dict[str, str]]:
    """Return all items of a list, page by page."""
    items: list[dict[str, str]] = []
    page = api.get(path)
    while True:
        items += page["items"]
        if not page.get("next"):
            return items
        page = api.get(page["next"].replace(api.hub.url, ""))


@pytest.fixture
def scaled(postgres_url: str, redis_url: str) -> dict[str, str]:
    """Return the settings of an installation on PostgreSQL and Redis."""
    return {"EVENTHUB_DATABASE_URL": postgres_url, "EVENTHUB_REDIS_URL": redis_url}
