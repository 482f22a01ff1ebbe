"""The audit trail over REST: found by thing, actor, door and time, page by page."""

from collections.abc import Callable
from typing import Any

import pytest

from eventhub.access.scopes import Scope
from eventhub.models import Bus, Door, doing
from tests.rest.conftest import Api, assert_problem

pytestmark = pytest.mark.django_db(transaction=True)

TARGET = {"name": "crm", "kind": "webhook", "url": "http://127.0.0.1:9/"}


def items(api: Api, query: str = "") -> list[dict[str, Any]]:
    response = api("GET", f"/audit{query}")
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["items"]
    return found


def test_a_change_over_rest_is_recorded_with_its_key(api: Api) -> None:
    assert api("POST", "/targets", TARGET).status_code == 201
    assert api("PATCH", "/targets/crm", {"url": "http://127.0.0.1:10/"}).status_code == 200

    changed, made = items(api, "?kind=target")

    key = api.headers["Authorization"].removeprefix("Bearer ").partition(".")[0]
    assert changed["who"] == made["who"] == f"key:{key}"
    assert changed["door"] == "rest"
    assert (made["action"], changed["action"]) == ("created", "changed")
    assert changed["differences"] == [
        {
            "path": "url",
            "how": "changed",
            "before": "http://127.0.0.1:9/",
            "after": "http://127.0.0.1:10/",
        }
    ]


def test_a_patterns_difference_keeps_the_text_of_numbers(api: Api) -> None:
    rule = {"bus": "default", "name": "large", "pattern": '{"detail": {"n": [1.50]}}'}
    made = api("POST", "/rules", rule).json()
    api("PATCH", f"/rules/{made['id']}", {"pattern": '{"detail": {"n": [2.50]}}'})

    response = api("GET", f"/audit?object=rule:{made['id']}&action=changed")

    assert b'"before":1.50' in response.content
    assert b'"after":2.50' in response.content


def test_one_entry_has_all_of_before_and_after(api: Api) -> None:
    api("POST", "/targets", TARGET)
    [made] = items(api, "?kind=target")

    whole = api("GET", f"/audit/{made['id']}").json()

    assert whole["before"] is None
    assert whole["after"]["url"] == TARGET["url"]
    assert_problem(api("GET", "/audit/999999"), 404)


def test_entries_are_found_by_thing_actor_door_and_time(api: Api) -> None:
    with doing("user:ann", Door.ADMIN):
        bus = Bus.objects.create(name="shop")
    api("POST", "/targets", TARGET)

    assert [one["name"] for one in items(api, f"?object=bus:{bus.pk}")] == ["shop"]
    assert [one["name"] for one in items(api, "?who=user:ann")] == ["shop"]
    assert [one["name"] for one in items(api, "?door=rest")] == ["crm"]
    assert [one["name"] for one in items(api, f"?bus_id={bus.pk}")] == ["shop"]
    assert items(api, "?until=2020-01-01T00:00:00Z") == []
    assert len(items(api, "?since=2020-01-01T00:00:00Z&kind=bus&name=shop")) == 1


def test_pages_neither_repeat_nor_miss_an_entry(api: Api) -> None:
    for number in range(5):
        Bus.objects.create(name=f"bus-{number}")

    names, path = [], "/audit?kind=bus&limit=2"
    while path:
        answer = api("GET", path).json()
        names += [one["name"] for one in answer["items"]]
        Bus.objects.create(name=f"meanwhile-{len(names)}")
        path = (answer["next"] or "").removeprefix("/api")

    assert names == [f"bus-{number}" for number in reversed(range(5))]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("?door=window", "door"),
        ("?door=", "door"),
        ("?order=who", "order"),
        ("?object=7", "object"),
        ("?bus_id=x", "bus_id"),
        ("?since=yesterday", "since"),
        ("?until=2020-01-01T00:00:00", "until"),
        ("?actor=ann", "actor"),
        ("?limit=0", "limit"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(api: Api, query: str, path: str) -> None:
    assert [one["path"] for one in assert_problem(api("GET", f"/audit{query}"), 400)["errors"]] == [path]


def test_the_trail_is_for_administrators(key_api: Callable[..., Api]) -> None:
    for scope in set(Scope) - {Scope.ADMIN}:
        assert_problem(key_api(scope)("GET", "/audit"), 403)


def test_a_key_limited_to_buses_sees_what_belongs_to_them(key_api: Callable[..., Api]) -> None:
    bus = Bus.objects.create(name="shop")
    Bus.objects.create(name="other")

    limited = key_api(Scope.ADMIN, buses=(bus,))

    assert {one["name"] for one in items(limited)} == {"shop"}
