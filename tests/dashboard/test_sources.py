"""The page of sources: rates, types, buses, who is silent, and by which keys their events came."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import Client

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Role
from tests.journal.build import now_us
from tests.live.world import World
from tests.people import browser_of, person

HOUR_US = 3_600_000_000


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


@pytest.fixture
def client() -> Client:
    return browser_of(person("ada", Role.ADMINISTRATOR))


def come(world: World, source: str, count: int = 1, **members: object) -> None:
    """Let events come and be routed."""
    world.accept(count, source=source, **members)
    world.route()
    while (rolled := world.journal.roll_up()) is not None and rolled.more:
        pass


def rows(client: Client, query: str = "") -> list[tuple[str, str]]:
    """Return the sources that the page lists, in its order, each with the text of its row."""
    response = client.get(f"/sources{query}")
    assert response.status_code == 200
    text = response.content.decode()
    found = re.findall(r'<td class="named"><a href="/events[^"]+">(.*?)</a>(.*?)</tr>', text, re.DOTALL)
    return [
        (unescape(name), " ".join(unescape(re.sub(r"<[^>]+>", " ", rest)).split())) for name, rest in found
    ]


def names(client: Client, query: str = "") -> list[str]:
    return [name for name, _ in rows(client, query)]


def test_a_source_shows_what_came_from_it(world: World, client: Client) -> None:
    come(world, "shop", 2, detail_type="Paid")
    come(world, "shop", 1, detail_type="Sent")
    come(world, "till", 1)

    shown = dict(rows(client))

    assert re.search(r"● coming every .* (\d/min|\d/s) 3 3 2 default .* Sent", shown["shop"])
    assert "came once" in shown["till"]


def test_sources_are_filtered_and_sorted(world: World, client: Client) -> None:
    come(world, "shop", 3)
    come(world, "till", 1)

    assert names(client) == ["shop", "till"]
    assert names(client, "?sort=-name") == ["till", "shop"]
    assert names(client, "?q=ILL") == ["till"]
    assert names(client, "?bus=other") == []
    assert "No source passes this filter" in client.get("/sources?bus=other").content.decode()


def test_a_source_that_stopped_is_silent_and_found_so(world: World, client: Client) -> None:
    now = now_us()
    for number in range(3):
        come(world, "gone", accepted_at=now - 2 * HOUR_US + number * 1_000_000)
    come(world, "shop", 2)

    assert re.search(r"◌ silent for (1 h 59|2 h \d) min , usually every 1.00 s", dict(rows(client))["gone"])
    assert names(client, "?state=silent") == ["gone"]
    assert names(client, "?state=coming") == ["shop"]


def test_administrators_see_by_which_keys_events_came(world: World, client: Client) -> None:
    key, _ = mint("the till's", [Scope.EVENTS_PUT])
    come(world, "shop", 1, who=f"key:{key.pk}")
    come(world, "shop", 1, who="user:ann")

    page = client.get("/sources").content.decode()

    assert f'href="/admin/eventhub/apikey/{key.pk}/change/"' in page
    assert "user:ann" in page
    for role in (Role.VIEWER, Role.EDITOR):
        others = browser_of(person(f"a-{role}", role)).get("/sources").content.decode()
        assert key.pk not in others
        assert "user:ann" not in others


def test_the_keys_of_buses_that_somebody_does_not_administer_are_not_said(world: World) -> None:
    key, _ = mint("theirs", [Scope.EVENTS_PUT])
    world.accept(1, source="shop", bus_id=world.other.pk, bus="other", who=f"key:{key.pk}")
    world.route(bus=world.other)
    somebody = person("sam", Role.ADMINISTRATOR, world.default)
    person("sam", Role.VIEWER, world.other)

    page = browser_of(somebody).get("/sources").content.decode()

    assert ">shop</a>" in page
    assert key.pk not in page


def test_sources_of_buses_that_somebody_does_not_see_are_not_there(world: World) -> None:
    come(world, "shop")
    world.accept(1, source="secret", bus_id=world.other.pk, bus="other")
    world.route(bus=world.other)
    vera = browser_of(person("vera", Role.VIEWER, world.default))

    assert names(vera) == ["shop"]
    assert "secret" not in vera.get("/sources?bus=other").content.decode()


def test_without_events_the_page_says_what_a_source_is(world: World, client: Client) -> None:
    assert "No source yet" in client.get("/sources").content.decode()
