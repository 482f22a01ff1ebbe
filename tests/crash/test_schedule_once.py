"""Three workers on PostgreSQL look at the same runs; each run makes one event and one delivery."""

from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.bench.api import Api
from tests.receiver import Receiver
from tests.running import running_web, running_worker
from tests.until import until

pytestmark = [pytest.mark.whole, pytest.mark.timeout(300)]

RULES = 40
COUNT = """
import django; django.setup()
from eventhub.models import NextRun
print(NextRun.objects.count())
"""
# As if a day had gone by: all runs fall due in the same moment.
FALL_DUE = """
import django; django.setup()
from datetime import UTC, datetime
from eventhub.models import NextRun
print(NextRun.objects.update(at=datetime.now(UTC)))
"""


def test_each_run_makes_one_event_however_many_workers_look(postgres_url: str, tmp_path: Path) -> None:
    settings = {"EVENTHUB_DATABASE_URL": postgres_url, "EVENTHUB_ALLOWED_NETWORKS": "127.0.0.0/8"}
    with (
        Receiver() as receiver,
        running_web(tmp_path / "web", **settings) as web,
        running_worker(tmp_path / "worker-1", **settings),
        running_worker(tmp_path / "worker-2", **settings),
        running_worker(tmp_path / "worker-3", **settings),
    ):
        api = Api(web)
        api.post("/api/targets", {"name": "till", "kind": "webhook", "url": receiver.url("/till")})
        for number in range(RULES):
            rule = {"bus": "default", "name": f"tick-{number}", "schedule_expression": "rate(1 day)"}
            made = api.post("/api/rules", rule | {"targets": ["till"]})
            assert (made["pattern"], len(made["next_runs"])) == (None, 10)

        until(lambda: web.manage("shell", "-c", COUNT).strip().endswith(str(RULES)), what="all rows")
        web.manage("shell", "-c", FALL_DUE)
        until(lambda: len(receiver.requests) >= RULES, seconds=60, what="all deliveries")
        # A look takes each worker a second at most: when a later event has come, all of them have looked.
        web.manage("shell", "-c", FALL_DUE)
        until(lambda: len(receiver.requests) >= 2 * RULES, seconds=60, what="the next runs")

        answer = httpx.get(
            f"{web.url}/api/events",
            headers={"Authorization": f"Bearer {web.key}"},
            params={"source": "aws.events", "limit": 200},
        )
    runs = Counter(one["resources"][0] for one in answer.raise_for_status().json()["items"])
    assert len(runs) == RULES
    assert set(runs.values()) == {2}
    assert len(receiver.requests) == 2 * RULES
