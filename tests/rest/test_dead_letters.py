"""Dead letters over REST: filtered, grouped, and redriven."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from eventhub.access.scopes import Scope
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import OutcomeState, RedriveState
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Rule, Target
from tests.journal.build import now_us
from tests.live.world import World
from tests.rest.conftest import Api, assert_problem


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    """Make a world of which five deliveries of ``paid`` to mail and two of ``all`` to books are dead."""
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    buried(world, 5, (world.paid, world.mail))
    buried(world, 2, (world.all, world.books))
    yield world
    process.uninstall()


def buried(world: World, count: int, *matches: tuple[Rule, Target]) -> None:
    world.accept(count)
    world.route(*matches)
    world.settle(world.claim(), OutcomeState.DEAD)


@pytest.fixture
def api(world: World, key_api: Callable[..., Api]) -> Api:
    return key_api(Scope.EVENTS_READ, Scope.RULES_WRITE)


def listed(api: Api, query: str) -> list[dict[str, Any]]:
    answer = api("GET", f"/dead-letters{query}")
    assert answer.status_code == 200, answer.content
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def take_back(world: World, redrive_id: int) -> None:
    """Do one chunk of a redrive, as its consumer does."""
    world.journal.redrive(redrive_id, limit=100, now=now_us(), refusal=lambda _letter: "")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 7),
        ("?target=mail", 5),
        ("?rule=all", 2),
        ("?bus=default&target=books", 2),
        ("?bus=other", 0),
        ("?reason_class=receiver", 7),
        ("?reason_class=network", 0),
        ("?status=503", 7),
        ("?status=404", 0),
        ("?since=2020-01-01T00:00:00Z", 7),
        ("?until=2020-01-01T00:00:00Z", 0),
        ("?reason=receiver%20answered%20503", 7),
        ("?redriven=true", 0),
    ],
)
def test_a_filter_leaves_what_was_asked_for(api: Api, query: str, count: int) -> None:
    assert len(listed(api, query)) == count


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?status=five", "wanted the status of an answer"),
        ("?since=yesterday", "wanted a moment with its zone"),
        ("?since=2026-01-01T00:00:00", "wanted a moment with its zone"),
        ("?reason_class=theirs", "wanted one of network, ours, receiver"),
        ("?redriven=perhaps", "wanted true or false"),
        ("?event_id=7", "wanted an id such as an event's"),
        ("?reasn=x", "unknown; known are"),
        ("/groups?by=colour", "wanted some of target, rule, error"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_where_it_is(api: Api, query: str, said: str) -> None:
    assert said in assert_problem(api("GET", f"/dead-letters{query}"), 400)["detail"]


def test_groups_count_by_target_rule_and_error(api: Api) -> None:
    first, second = api("GET", "/dead-letters/groups").json()["items"]

    assert [first["count"], second["count"]] == [5, 2]
    assert (first["target"], first["bus"], first["rule"]) == ("mail", "default", "paid")
    assert (first["reason_class"], first["reason"]) == ("receiver", "receiver answered 503")
    assert len(listed(api, "?" + "&".join(f"{name}={value}" for name, value in first["filter"].items()))) == 5


def test_groups_may_leave_some_of_it_open(api: Api) -> None:
    answer = api("GET", "/dead-letters/groups?by=error").json()

    [group] = answer["items"]
    assert (group["count"], group["target"], group["rule"], answer["more"]) == (7, None, None, False)
    assert group["filter"] == {"reason_class": "receiver", "reason": "receiver answered 503"}


def test_a_dry_run_counts_and_does_nothing(world: World, api: Api) -> None:
    body = {"filter": {"target": "mail", "status": 503}, "rate_per_second": 0.5, "dry_run": True}

    assert api("POST", "/redrives", body).json() == {"dry_run": True, "count": 5}
    assert world.journal.running_redrives() == []


def test_a_redrive_takes_what_its_filter_lists_and_tells_its_progress(world: World, api: Api) -> None:
    made = api("POST", "/redrives", {"filter": {"target": "mail"}, "rate_per_second": 1000})

    assert made.status_code == 201
    assert (made.json()["state"], made.json()["total"], made.json()["done"]) == ("running", 5, 0)
    take_back(world, made.json()["id"])
    after = api("GET", f"/redrives/{made.json()['id']}").json()
    assert (after["state"], after["done"], after["filter"]) == ("done", 5, {"target": "mail"})
    assert after["made_by"].startswith("key:")
    assert {one["target"] for one in listed(api, "?redriven=false")} == {"books"}
    assert {one["target"] for one in listed(api, "?redriven=true")} == {"mail"}
    assert [group["target"] for group in api("GET", "/dead-letters/groups").json()["items"]] == ["books"]
    assert len(world.claim()) == 5


def test_single_letters_are_redriven_by_their_numbers(world: World, api: Api) -> None:
    two = [one["id"] for one in listed(api, "?target=mail")[:2]]

    made = api("POST", "/redrives", {"ids": two}).json()

    assert (made["total"], made["ids"], made["filter"]) == (2, sorted(two), None)


def test_a_redrive_is_paused_resumed_and_cancelled(world: World, api: Api) -> None:
    number = api("POST", "/redrives", {"filter": {}}).json()["id"]

    for action, state in [("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")]:
        assert api("POST", f"/redrives/{number}/{action}", {}).json()["state"] == state
    assert "is cancelled" in assert_problem(api("POST", f"/redrives/{number}/resume", {}), 409)["detail"]
    assert_problem(api("POST", f"/redrives/{number + 1}/pause", {}), 404)
    assert [one["id"] for one in api("GET", "/redrives").json()["items"]] == [number]


def test_a_redrive_and_its_steering_are_in_the_audit_trail(
    world: World, api: Api, key_api: Callable[..., Api]
) -> None:
    number = api("POST", "/redrives", {"filter": {"target": "mail"}}).json()["id"]
    for action in ("pause", "resume", "cancel"):
        api("POST", f"/redrives/{number}/{action}", {})
    assert_problem(api("POST", f"/redrives/{number}/pause", {}), 409)

    entries = key_api(Scope.ADMIN)("GET", f"/audit?object=redrive:{number}").json()["items"]

    assert [one["action"] for one in entries] == ["cancelled", "resumed", "paused", "started"]
    assert {one["path"]: one["after"] for one in entries[-1]["differences"]}["target"] == "mail"


def test_redrives_are_listed_page_by_page(api: Api) -> None:
    numbers = [api("POST", "/redrives", {"filter": {}}).json()["id"] for _ in range(5)]

    path, seen = "/redrives?limit=2", []
    while path:
        page = api("GET", path).json()
        seen += [one["id"] for one in page["items"]]
        path = (page["next"] or "").removeprefix("/api")

    assert seen == numbers[::-1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "ids: wanted ids or filter, found neither"),
        ({"ids": []}, "ids: wanted 1 to 1000 numbers of dead letters, found 0"),
        ({"ids": [1, "2"]}, "ids: wanted 1 to 1000 numbers"),
        ({"ids": [True]}, "ids: wanted 1 to 1000 numbers"),
        ({"ids": [1], "filter": {}}, "found both"),
        ({"filter": {"targets": "mail"}}, "filter.targets: unknown; known are"),
        ({"filter": {"status": "no"}}, "filter.status: wanted"),
        ({"filter": {"target": None}}, "filter.target: wanted a text"),
        (b'{"filter": {}, "rate_per_second": 1e400}', "rate_per_second: wanted a number from 0.1 to 10000"),
        ({"filter": {}, "rate_per_second": 0}, "rate_per_second: wanted a number from 0.1 to 10000"),
        ({"filter": {}, "dry_run": "yes"}, "dry_run: wanted true"),
        ({"filter": {}, "speed": 1}, "speed: unknown"),
    ],
)
def test_what_cannot_be_redriven_is_refused_where_it_is(world: World, api: Api, body: Any, said: str) -> None:
    assert said in assert_problem(api("POST", "/redrives", body), 400)["detail"]
    assert world.journal.running_redrives() == []


def test_a_key_limited_to_a_bus_redrives_that_bus_alone(world: World, key_api: Callable[..., Api]) -> None:
    theirs = key_api(Scope.ADMIN)("POST", "/redrives", {"filter": {}}).json()
    world.journal.steer_redrive(theirs["id"], RedriveState.CANCELLED, now=now_us())
    other = key_api(Scope.EVENTS_READ, Scope.RULES_WRITE, buses=(world.other,))
    ours = key_api(Scope.EVENTS_READ, Scope.RULES_WRITE, buses=(world.default,))
    one = listed(ours, "")[0]["id"]

    for body in ({"filter": {}}, {"filter": {"bus": "default"}}, {"ids": [one]}):
        assert other("POST", "/redrives", {**body, "dry_run": True}).json()["count"] == 0
    assert other("GET", "/dead-letters/groups").json()["items"] == []
    assert ours("POST", "/redrives", {"filter": {}, "dry_run": True}).json()["count"] == 7
    assert_problem(ours("GET", f"/redrives/{theirs['id']}"), 404)
    made = ours("POST", "/redrives", {"filter": {}}).json()
    assert [each["id"] for each in ours("GET", "/redrives").json()["items"]] == [made["id"]]
    assert made["filter"] == {}
