"""One key at every door: concurrent, in one request, over processes and restarts; and where it is told."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import Running, running_hub, running_web

pytestmark = pytest.mark.whole

ENTRY: dict[str, Any] = {"source": "shop", "detail-type": "order placed", "detail": {}}
EVENT = {"specversion": "1.0", "source": "shop", "type": "order.placed"}


def bearer(process: Running, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {process.key}", **more}


def put(process: Running, entries: Any, door: str = "events", **headers: str) -> list[dict[str, Any]]:
    answer = httpx.post(
        f"{process.url}/api/buses/default/{door}",
        headers=bearer(process, **{name.replace("_", "-"): value for name, value in headers.items()}),
        content=json.dumps(entries),
    )
    assert answer.status_code == 202, answer.text
    entries_of: list[dict[str, Any]] = answer.json()["entries"]
    return entries_of


def repeated(process: Running, event_id: str) -> Any:
    answer = httpx.get(f"{process.url}/api/events/{event_id}", headers=bearer(process))
    return answer.raise_for_status().json()["repeated"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_hub(tmp_path_factory.mktemp("once")) as hub:
        yield hub


def test_every_door_knows_the_key_of_the_others(hub: Running) -> None:
    [first] = put(hub, {**ENTRY, "id": "door"})

    again = [
        *put(hub, ENTRY, Idempotency_Key="door"),
        *put(hub, {**EVENT, "id": "door"}, "cloudevents", content_type="application/cloudevents+json"),
        *put(
            hub, [{**EVENT, "id": "door"}], "cloudevents", content_type="application/cloudevents-batch+json"
        ),
        *put(
            hub,
            None,
            "cloudevents",
            ce_id="door",
            ce_source="shop",
            ce_type="t",
            ce_specversion="1.0",
        ),
    ]

    assert again == [{"id": first["id"], "duplicate": True}] * 4
    assert repeated(hub, first["id"])["times"] == 4


def test_the_same_key_twice_in_one_request_is_one_event(hub: Running) -> None:
    twice = [{**ENTRY, "id": "twice"}, {**ENTRY, "source": "other", "id": "twice"}, {**ENTRY, "id": "twice"}]
    first, other, again = put(hub, twice)
    event = {**EVENT, "source": "batch", "id": "twice"}
    one, two = put(hub, [event, event], "cloudevents", content_type="application/cloudevents-batch+json")

    assert again == {"id": first["id"], "duplicate": True}
    assert "duplicate" not in other
    assert two == {"id": one["id"], "duplicate": True}


def test_an_event_that_was_seen_once_says_nothing_of_it(hub: Running) -> None:
    [first] = put(hub, {**ENTRY, "id": "once"})

    assert repeated(hub, first["id"]) is None


def race(processes: list[Running]) -> None:
    """Put 40 keys, each from many threads at once, and expect an event for each key and no more."""
    posts = [
        (process, f"k{number}")
        for number in range(40)
        for process, _ in zip(cycle(processes), range(6), strict=False)
    ]
    with ThreadPoolExecutor(24) as threads:
        answers = list(threads.map(lambda post: (post[1], put(post[0], {**ENTRY, "id": post[1]})[0]), posts))

    for number in range(40):
        of_key = [answer for key, answer in answers if key == f"k{number}"]
        assert len({answer["id"] for answer in of_key}) == 1
        assert sum("duplicate" not in answer for answer in of_key) == 1
        assert repeated(processes[-1], of_key[0]["id"])["times"] == 5


def test_posts_of_one_key_at_once_make_one_event(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        race([hub])
        [before] = put(hub, {**ENTRY, "id": "k0"})
        hub.kill()
        hub.start()

        assert put(hub, {**ENTRY, "id": "k0"}) == [before]


def test_posts_of_one_key_to_two_processes_make_one_event(tmp_path: Path, postgres_url: str) -> None:
    env = {"EVENTHUB_DATABASE_URL": postgres_url}
    with running_web(tmp_path / "a", **env) as first, running_web(tmp_path / "b", **env) as second:
        race([first, second])
