"""Each kind of process killed again and again under load, with a hostile receiver: nothing is lost or stuck.

What is sent more often than attempts are recorded was under way in the killed process.
"""

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.bench.api import Api
from tests.crash.hostile import Hostile
from tests.crash.producer import Producer
from tests.receiver import Receiver
from tests.running import Running, running_hub, running_web, running_worker
from tests.until import takes_effect_everywhere, until

pytestmark = [pytest.mark.whole, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("KILLS", "50"))
# A web and a worker start in about 8 s beside two others on two cores: KILLS=50 asks for all of them.
SCALED_KILLS = int(os.environ.get("KILLS", "15"))
# How long an attempt may be under way: its time-out of 2 s, and a commit on a busy machine.
UNDER_WAY_SECONDS = 6.0
# Within one attempt libcurl sends again, on a new connection, if a kept one is reset before an answer.
AT_ONCE_SECONDS = 0.5
dice = random.Random(50)  # the same moments in every run


def test_a_killed_hub_loses_no_acknowledged_event(tmp_path: Path) -> None:
    hostile = Hostile(1)
    with Receiver(answers=hostile) as receiver, running_hub(tmp_path) as hub:
        watch_everything(hub, receiver)
        with Producer(lambda: hub.port, hub.key) as producer:
            kills = [kill(producer, hub) for _ in range(KILLS)]
            let_some_pass(producer)

        assert_all_end_well(hub, producer, hostile)
        assert_repeated_only_near(hub, kills, hostile)


def test_killed_webs_and_workers_lose_no_acknowledged_event(scaled: dict[str, str], tmp_path: Path) -> None:
    hostile = Hostile(2)
    with (
        Receiver(answers=hostile) as receiver,
        running_web(tmp_path / "web-1", **scaled) as first,
        running_web(tmp_path / "web-2", **scaled) as second,
        running_worker(tmp_path / "worker-1", **scaled) as third,
        running_worker(tmp_path / "worker-2", **scaled) as fourth,
    ):
        watch_everything(first, receiver)
        victims = [(first, third), (second, fourth)]
        # Slower than at the hub: five processes start and work on the same cores.
        with Producer(lambda: dice.choice([first, second]).port, first.key, pause_seconds=0.03) as producer:
            kills = [kill(producer, *victims[number % 2]) for number in range(SCALED_KILLS)]
            let_some_pass(producer)

        assert_all_end_well(first, producer, hostile)
        assert_repeated_only_near(first, kills, hostile)


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


def kill(producer: Producer, *victims: Running) -> float:
    """Let some events pass, kill, start again; return the moment of the kill."""
    let_some_pass(producer)
    for victim in victims:
        victim.kill()
    at = time.time()
    with ThreadPoolExecutor() as starting:
        list(starting.map(Running.start, victims))
    return at


def let_some_pass(producer: Producer) -> None:
    """Wait until some more events are acknowledged: the kill comes at any moment of the next ones."""
    wanted = len(producer.acknowledged) + dice.randint(3, 120)
    until(lambda: len(producer.acknowledged) >= wanted, seconds=60, what="acknowledged events")


def assert_all_end_well(web: Running, producer: Producer, hostile: Hostile) -> None:
    """Every acknowledged event was sent and is delivered: none is lost, stuck or, at 8 % trouble, dead."""
    hostile.healed = True
    assert len(producer.acknowledged) > 10 * SCALED_KILLS
    api = Api(web)
    until(
        lambda: not api.get("/api/deliveries?state=pending")["items"],
        seconds=90,
        what="pending deliveries to end",
    )
    sent = {identifier[:36] for identifier in hostile.sent}
    lost = sorted(producer.acknowledged - sent)
    assert not lost, f"{len(lost)} of {len(producer.acknowledged)}: {api.get(f'/api/events/{lost[0]}')}"
    letters = api.get("/api/dead-letters")["items"]
    assert not letters, letters[0]


def assert_repeated_only_near(web: Running, kills: list[float], hostile: Hostile) -> None:
    """What was sent without its attempt being recorded was sent right before a kill."""
    api = Api(web)
    for identifier, sent in hostile.sent.items():
        moments = [
            at for at, before in zip(sent, [0.0, *sent], strict=False) if at - before > AT_ONCE_SECONDS
        ]
        if len(moments) == 1:
            continue
        recorded = api.get(f"/api/deliveries/{identifier[37:]}")["attempt_count"]
        near = [at for at in moments if any(0 <= when - at < UNDER_WAY_SECONDS for when in kills)]
        assert len(moments) - recorded <= len(near), (identifier, moments, recorded)


@pytest.fixture
def scaled(postgres_url: str, redis_url: str) -> dict[str, str]:
    """Return the settings of an installation on PostgreSQL and Redis."""
    return {"EVENTHUB_DATABASE_URL": postgres_url, "EVENTHUB_REDIS_URL": redis_url}
