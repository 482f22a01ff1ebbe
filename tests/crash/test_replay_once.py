"""A hub is killed again and again while it replays; each archived event is put once, and none is missing."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bench.api import Api
from tests.running import Running, running_hub
from tests.until import until

pytestmark = [pytest.mark.whole, pytest.mark.timeout(300)]

EVENTS = 1200
KILLS = 4


def test_a_killed_hub_replays_each_event_once(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        api = Api(hub)
        api.post("/api/archives", {"name": "all", "bus": "default"})
        for start in range(0, EVENTS, 200):
            entries = [
                {"source": "crash", "detail-type": "counted", "detail": {"n": n}}
                for n in range(start, start + 200)
            ]
            api.post("/api/buses/default/events", entries)
        until(lambda: api.get("/api/archives/all")["events"] == EVENTS, seconds=30, what="kept events")
        now = datetime.now(UTC)
        window = {name: (now + timedelta(hours=h)).isoformat() for name, h in (("since", -1), ("until", 1))}
        api.post("/api/replays", {"name": "again", "archive": "all", "rate_per_second": 200} | window)

        for turn in range(1, KILLS + 1):
            until(
                lambda turn=turn: replay(hub)["done"] >= turn * EVENTS // (KILLS + 1),
                seconds=60,
                what="progress",
            )
            assert replay(hub)["state"] == "running"
            hub.kill()
            hub.start()

        until(lambda: replay(hub)["state"] == "completed", seconds=60, what="the replay's end")
        assert replay(hub)["done"] == EVENTS
        causes = Counter(one["cause_id"] for one in events(hub) if one["who"] == "replay:again")
        firsts = {one["id"] for one in events(hub) if one["who"] != "replay:again"}
        assert causes.keys() == firsts
        assert set(causes.values()) == {1}
        assert Api(hub).get("/api/archives/all")["events"] == EVENTS


def replay(hub: Running) -> Any:
    return Api(hub).get("/api/replays/again")


def events(hub: Running) -> list[Any]:
    found: list[Any] = []
    path: str | None = "/api/events?limit=1000"
    with httpx.Client(base_url=hub.url, headers={"Authorization": f"Bearer {hub.key}"}) as client:
        while path:
            page = client.get(path).raise_for_status().json()
            found += page["items"]
            path = page["next"]
    return found
