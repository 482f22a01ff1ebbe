"""Event types over REST."""

from collections.abc import Callable

import pytest

from eventhub.access.scopes import Scope
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus
from tests.journal.build import append, new_event, route
from tests.rest.conftest import Api, assert_problem


@pytest.fixture
def bus(journal: SqliteJournal) -> Bus:
    bus = Bus.objects.create(name="shop")
    events = [
        new_event(bus_id=bus.pk, bus="shop", source=f"web.{n % 3}", detail_type="paid") for n in range(7)
    ]
    append(journal, *events, new_event(bus_id=99, bus="gone", source="crm"))
    route(journal, bus_id=bus.pk)
    route(journal, bus_id=99)
    return bus


def test_types_are_listed_by_bus_source_and_type(api: Api, bus: Bus) -> None:
    listed = api("GET", "/event-types?bus=shop&order=source").json()["items"]

    assert [(one["bus"], one["source"], one["events"]) for one in listed] == [
        ("shop", "web.0", 3),
        ("shop", "web.1", 2),
        ("shop", "web.2", 2),
    ]
    assert api("GET", f"/event-types/{listed[0]['id']}").json() == listed[0]
    assert api("GET", "/event-types?source=crm").json()["items"][0]["bus"] is None
    assert len(api("GET", "/event-types?prefix=web&detail-type=paid").json()["items"]) == 3
    assert_problem(api("GET", "/event-types?order=size"), 400)
    assert_problem(api("GET", "/event-types/999"), 404)


def test_pages_hold_still_while_types_come(journal: SqliteJournal, api: Api, bus: Bus) -> None:
    path, seen = "/event-types?limit=1&order=-source", []
    while path:
        page = api("GET", path).json()
        seen += [one["source"] for one in page["items"]]
        append(journal, new_event(bus_id=bus.pk, bus="shop", source=f"zz.{len(seen)}"))
        route(journal, bus_id=bus.pk)
        path = (page["next"] or "").removeprefix("/api")

    assert seen == ["web.2", "web.1", "web.0", "crm"]


def test_a_key_limited_to_a_bus_sees_the_types_of_that_bus(key_api: Callable[..., Api], bus: Bus) -> None:
    limited = key_api(Scope.EVENTS_READ, buses=(bus,))

    assert len(limited("GET", "/event-types").json()["items"]) == 3
    assert_problem(key_api(Scope.RULES_READ)("GET", "/event-types"), 403)
