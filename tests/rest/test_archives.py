"""Archives and replays as resources."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventhub.access.scopes import Scope
from eventhub.flow import process
from eventhub.flow.replay import Replayer
from eventhub.flow.route import Router
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Archive, Bus, Rule
from tests.journal.build import append, new_event
from tests.rest.conftest import Api, assert_problem
from tests.until import until

WINDOW = {
    "since": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
    "until": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
}


@pytest.fixture
def running(journal: SqliteJournal) -> Iterator[SqliteJournal]:
    """A journal that is routed and replayed."""
    keeper = RulebookKeeper(poll_seconds=0.05)
    keeper.start()
    process.install(process.Parts(journal, keeper))
    consumers = [Router(journal, keeper), Replayer(journal, keeper)]
    for one in consumers:
        one.start()
    yield journal
    for one in consumers:
        one.stop()
    keeper.stop()
    process.uninstall()


@pytest.fixture
def sales(running: SqliteJournal, api: Api) -> dict[str, Any]:
    """An archive with three events."""
    made = api("POST", "/archives", {"name": "sales", "bus": "default", "retention_days": 9})
    assert made.status_code == 201, made.content
    bus = Bus.objects.get(name="default")
    append(running, *(new_event(bus_id=bus.pk) for _ in range(3)))
    until(lambda: api("GET", "/archives/sales").json()["events"] == 3, what="three kept events")
    shown: dict[str, Any] = api("GET", "/archives/sales").json()
    return shown


def test_an_archive_tells_what_it_holds(sales: dict[str, Any], api: Api):
    assert (sales["bus"], sales["pattern"], sales["retention_days"]) == ("default", None, 9)
    assert sales["bytes"] > 0

    changed = api("PATCH", "/archives/sales", {"pattern": {"source": ["shop"]}, "retention_days": 0})

    assert changed.json()["pattern"] == {"source": ["shop"]}
    assert [one["name"] for one in api("GET", "/archives?bus=default").json()["items"]] == ["sales"]
    assert api("DELETE", "/archives/sales").status_code == 204
    assert_problem(api("GET", "/archives/sales"), 404)


def test_a_dry_run_counts_and_a_replay_puts(sales: dict[str, Any], api: Api):
    asked = {"archive": "sales", **WINDOW}
    counted = api("POST", "/replays", asked | {"dry_run": True})
    assert (counted.status_code, counted.json()) == (200, {"dry_run": True, "count": 3})
    rule = Rule.objects.create(
        bus=Bus.objects.get(name="default"), name="late", pattern='{"source": ["shop"]}'
    )

    made = api("POST", "/replays", asked | {"name": "again", "rules": [rule.name], "rate_per_second": 50})

    assert made.status_code == 201, made.content
    assert (made.json()["state"], made.json()["total"]) == ("starting", 3)
    ended = until(
        lambda: (one := api("GET", "/replays/again").json())["state"] == "completed" and one, what="its end"
    )
    assert (ended["done"], ended["rules"], ended["rate_per_second"]) == (3, ["late"], 50)
    assert api("GET", "/replays").json()["items"] == [ended]
    assert api("GET", "/replays?archive=other").json()["items"] == []
    document = assert_problem(api("POST", "/replays/again/cancel"), 409)
    assert document["detail"] == "the replay is completed"
    assert_problem(api("POST", "/replays", asked | {"name": "again"}), 409)
    events = api("GET", "/events?limit=1").json()["items"]
    shown = api("GET", f"/events/{events[0]['id']}").json()
    assert shown["who"] == "replay:again"


def test_a_replay_that_is_slow_can_be_cancelled(sales: dict[str, Any], api: Api):
    api("POST", "/replays", {"archive": "sales", "name": "slow", "rate_per_second": 0.1} | WINDOW)
    until(lambda: api("GET", "/replays/slow").json()["state"] == "running", what="its first event")

    assert api("POST", "/replays/slow/cancel").json()["state"] == "cancelling"

    ended = until(
        lambda: (one := api("GET", "/replays/slow").json())["state"] == "cancelled" and one, what="its end"
    )
    assert ended["done"] == 1


def test_a_replay_is_in_the_audit_trail(sales: dict[str, Any], api: Api):
    asked = WINDOW | {"name": "slow", "archive": "sales", "rate_per_second": 0.1}
    api("POST", "/replays", asked | {"dry_run": True})
    api("POST", "/replays", asked)
    assert_problem(api("POST", "/replays", asked), 409)
    api("POST", "/replays/slow/cancel")

    cancelled, started = api("GET", "/audit?kind=replay").json()["items"]

    assert (started["action"], started["name"], cancelled["action"]) == ("started", "slow", "cancelled")
    assert {one["path"]: one.get("after") for one in started["differences"]}["events"] == 3


def test_replays_come_in_pages(sales: dict[str, Any], api: Api):
    for name in "abc":
        api("POST", "/replays", {"archive": "sales", "name": name} | WINDOW)

    first = api("GET", "/replays?limit=2&archive=sales").json()
    rest = api("GET", first["next"].removeprefix("/api")).json()

    assert [one["name"] for one in first["items"] + rest["items"]] == ["c", "b", "a"]
    assert rest["next"] is None


def test_what_is_wrong_with_a_replay_is_said_at_once(sales: dict[str, Any], api: Api):
    body = {
        "name": "no name",
        "archive": "none",
        "since": "yesterday",
        "until": "2026-01-01T00:00:00",
        "rate_per_second": 0,
        "speed": 3,
    }

    document = assert_problem(api("POST", "/replays", body), 400)

    assert {one["path"] for one in document["errors"]} == set(body)
    reversed_window = {"since": WINDOW["until"], "until": WINDOW["since"]}
    document = assert_problem(
        api("POST", "/replays", {"archive": "sales", "name": "x"} | reversed_window), 400
    )
    assert [one["path"] for one in document["errors"]] == ["until"]
    document = assert_problem(
        api("POST", "/replays", {"archive": "sales", "name": "x", "rules": ["none", 3]} | WINDOW), 400
    )
    assert [one["path"] for one in document["errors"]] == ["rules[0]", "rules[1]"]


def test_what_is_wrong_with_an_archive_is_said_at_once(sales: dict[str, Any], api: Api):
    document = assert_problem(
        api("POST", "/archives", {"name": "a b", "bus": "none", "pattern": {"a": []}, "retention_days": -1}),
        400,
    )
    assert {one["path"] for one in document["errors"]} >= {"name", "bus", "pattern", "retention_days"}
    Bus.objects.create(name="orders")
    assert_problem(api("PATCH", "/archives/sales", {"bus": "orders"}), 400)
    assert_problem(api("POST", "/archives", {"name": "sales", "bus": "default"}), 400)


def test_a_bus_with_an_archive_stays(running: SqliteJournal, api: Api):
    orders = Bus.objects.create(name="orders")
    Archive.objects.create(name="kept", bus=orders)

    document = assert_problem(api("DELETE", "/buses/orders"), 409)

    assert document["detail"] == "bus orders is kept by archive kept: delete it first"


def test_a_key_sees_the_archives_and_replays_of_its_buses(
    sales: dict[str, Any], api: Api, key_api: Callable[..., Api]
):
    api("POST", "/replays", {"archive": "sales", "name": "again"} | WINDOW)
    other = key_api(Scope.RULES_WRITE, Scope.RULES_READ, buses=(Bus.objects.create(name="orders"),))

    assert other("GET", "/archives").json()["items"] == other("GET", "/replays").json()["items"] == []
    for call in (
        ("GET", "/archives/sales"),
        ("DELETE", "/archives/sales"),
        ("GET", "/replays/again"),
        ("POST", "/replays/again/cancel"),
    ):
        assert_problem(other(*call), 404)
    assert_problem(other("POST", "/archives", {"name": "x", "bus": "default"}), 400)
    assert_problem(other("POST", "/replays", {"archive": "sales", "name": "x"} | WINDOW), 400)
