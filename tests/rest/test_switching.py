"""Pausing buses, enabling and disabling rules."""

from collections.abc import Callable, Iterator

import pytest

from eventhub.access.scopes import Scope
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, Rule
from tests.journal.build import append, new_event
from tests.rest.conftest import Api, assert_problem

ANYTHING = {"source": [{"exists": True}]}


@pytest.fixture
def keeper(journal: SqliteJournal) -> Iterator[RulebookKeeper]:
    keeper = RulebookKeeper()
    process.install(Parts(journal, keeper))
    yield keeper
    process.uninstall()


def test_a_bus_is_paused_and_resumed_at_once(api: Api, keeper: RulebookKeeper) -> None:
    bus = Bus.objects.get()

    assert api("POST", "/buses/default/pause").json()["paused"] is True
    assert keeper.current.paused == {bus.pk}
    assert api("POST", "/buses/default/resume").json()["paused"] is False
    assert keeper.current.paused == set()
    assert api("PATCH", "/buses/default", {"paused": True}).json()["paused"] is True
    assert keeper.current.paused == {bus.pk}


def test_the_state_of_a_bus_counts_what_waits(
    journal: SqliteJournal, api: Api, keeper: RulebookKeeper
) -> None:
    bus = Bus.objects.get()
    api("POST", "/buses/default/pause")
    append(journal, new_event(bus_id=bus.pk), new_event(bus_id=bus.pk), new_event(bus_id=bus.pk + 1))

    state = api("GET", "/buses/default/state").json()

    assert state.pop("oldest_unrouted_at").endswith("Z")
    assert state == {"bus": "default", "paused": True, "unrouted": 2, "unrouted_more": False}


def test_a_paused_bus_with_events_asks_before_it_is_deleted(
    journal: SqliteJournal, api: Api, keeper: RulebookKeeper
) -> None:
    bus = Bus.objects.create(name="orders", paused=True)
    append(journal, new_event(bus_id=bus.pk, bus="orders"))

    document = assert_problem(api("DELETE", "/buses/orders"), 409)

    assert "events that wait for routing" in document["detail"]
    assert api("DELETE", "/buses/orders?force=true").status_code == 204


@pytest.mark.django_db
def test_a_rule_is_switched_and_each_switch_is_a_version(api: Api) -> None:
    made = api("POST", "/rules", {"bus": "default", "name": "all", "pattern": ANYTHING}).json()

    off = api("POST", f"/rules/{made['id']}/disable").json()
    again = api("POST", f"/rules/{made['id']}/disable").json()
    on = api("POST", f"/rules/{made['id']}/enable").json()

    shown = [(one["enabled"], one["version"]) for one in (off, again, on)]
    assert shown == [(False, 2), (False, 2), (True, 3)]
    versions = Rule.objects.get().versions.order_by("number")
    assert [version.enabled for version in versions] == [True, False, True]


@pytest.mark.django_db
def test_who_may_change_rules_of_a_bus_may_switch_those_alone(key_api: Callable[..., Api], api: Api) -> None:
    ours = Bus.objects.create(name="ours")
    mine = api("POST", "/rules", {"bus": "ours", "name": "all", "pattern": ANYTHING}).json()
    other = api("POST", "/rules", {"bus": "default", "name": "all", "pattern": ANYTHING}).json()
    limited = key_api(Scope.RULES_READ, Scope.RULES_WRITE, buses=(ours,))

    assert limited("POST", f"/rules/{mine['id']}/disable").status_code == 200
    assert_problem(limited("POST", f"/rules/{other['id']}/disable"), 404)
    assert_problem(limited("POST", "/buses/ours/pause"), 403)
    assert_problem(key_api(Scope.RULES_READ)("POST", f"/rules/{mine['id']}/enable"), 403)


@pytest.mark.django_db
def test_a_body_with_members_is_refused(api: Api) -> None:
    assert_problem(api("POST", "/buses/default/pause", {"for": 5}), 400)
