"""The pages of buses: the list, the page of one, pausing, and what each person may see and do there."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from eventhub.dashboard.buses.seen_types import types_of
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import OutcomeState
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import AuditEntry, Bus, Role, Rule
from tests.live.world import World
from tests.people import browser_of, person


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    for rule in Rule.objects.all():
        rule.record_version(by="test")
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


@pytest.fixture
def client() -> Client:
    return browser_of(person("ada", Role.ADMINISTRATOR))


def rolled(world: World) -> None:
    """Bring the rollups up to what was stored."""
    while (rolled := world.journal.roll_up()) is not None and rolled.more:
        pass


def text_of(client: Client, address: str) -> str:
    """Return the words of a page's content."""
    response = client.get(address)
    assert response.status_code == 200, address
    content = response.content.decode().partition('id="content"')[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())


def rows(client: Client, query: str = "") -> list[tuple[str, str]]:
    """Return the buses that the list shows, in its order, each with the text of its row."""
    response = client.get(f"/buses{query}")
    assert response.status_code == 200
    text = response.content.decode()
    found = re.findall(r'<td class="named"><a href="/buses/[^"]+">(.*?)</a>(.*?)</tr>', text, re.DOTALL)
    return [(name, " ".join(unescape(re.sub(r"<[^>]+>", " ", rest)).split())) for name, rest in found]


def busy(world: World) -> None:
    """Let five events come: three for a rule (one delivered, one waits, one dead), two for none."""
    world.accept(3)
    world.route((world.paid, world.mail))
    claimed = world.claim()
    world.deliver(claimed[:1])
    world.settle(claimed[1:2], OutcomeState.PENDING)
    world.settle(claimed[2:], OutcomeState.DEAD)
    world.accept(2)
    world.route()
    rolled(world)


def test_the_list_says_what_each_bus_did(world: World, client: Client) -> None:
    busy(world)

    shown = dict(rows(client))

    assert "● running" in shown["default"]
    assert "⌀ 40 %" in shown["default"]
    assert re.search(r" 5 ⌀ 40 % 2 1 oldest \S+", shown["default"])  # of the hour, no rule, rules, waiting
    assert "no event" in shown["other"]


def test_the_list_is_filtered_and_sorted(world: World, client: Client) -> None:
    busy(world)
    Bus.objects.filter(name="other").update(paused=True, description="Of the books")

    assert [name for name, _ in rows(client)] == ["default", "other"]
    assert [name for name, _ in rows(client, "?sort=-name")] == ["other", "default"]
    assert [name for name, _ in rows(client, "?sort=-unmatched")] == ["default", "other"]
    assert [name for name, _ in rows(client, "?sort=waiting")] == ["other", "default"]
    assert [name for name, _ in rows(client, "?q=books")] == ["other"]
    assert [name for name, _ in rows(client, "?state=paused")] == ["other"]
    assert "No bus passes this filter" in text_of(client, "/buses?q=nothing-of-the-kind")


def test_many_buses_cost_no_more_questions_than_few(world: World, client: Client) -> None:
    def asked() -> int:
        with (
            CaptureQueriesContext(connection) as configured,
            CaptureQueriesContext(connections["journal"]) as told,
        ):
            client.get("/buses")
        return len(configured) + len(told)

    few = asked()
    Bus.objects.bulk_create(Bus(name=f"bus-{number}") for number in range(60))

    assert asked() == few


def test_a_bus_is_paused_and_says_what_it_holds(world: World, client: Client) -> None:
    response = client.post("/buses", {"bus": "default", "to": "paused", "back": "bus"})
    world.accept(2)

    assert (response.status_code, response.headers["Location"]) == (302, "/buses/default")
    text = text_of(client, "/buses/default")
    assert "❚❚ Paused: 2 events wait for their rules" in text
    assert "2 events held" in dict(rows(client))["default"]
    assert AuditEntry.objects.filter(kind="bus", name="default").exists()

    client.post("/buses", {"bus": "default", "to": "running"})
    assert not Bus.objects.get(name="default").paused


@pytest.mark.parametrize(
    ("role", "on_all", "may"),
    [
        (Role.VIEWER, True, False),
        (Role.EDITOR, False, False),
        (Role.EDITOR, True, True),
        (Role.ADMINISTRATOR, False, True),
    ],
)
def test_who_may_pause_a_bus_finds_the_button(world: World, role: Role, on_all: bool, may: bool) -> None:
    somebody = browser_of(person("sam", role, *([] if on_all else [world.default])))

    status = somebody.post("/buses", {"bus": "default", "to": "paused"}).status_code

    assert status == (302 if may else 403)
    assert Bus.objects.get(name="default").paused is may
    assert ('name="to"' in somebody.get("/buses/default").content.decode()) is may


def test_somebody_elses_bus_is_not_there(world: World) -> None:
    vera = browser_of(person("vera", Role.VIEWER, world.default))

    assert [name for name, _ in rows(vera)] == ["default"]
    assert vera.get("/buses/other").status_code == 404
    assert vera.post("/buses", {"bus": "other", "to": "paused"}).status_code == 404
    assert vera.get("/buses/nowhere").status_code == 404


def test_the_page_of_a_bus_says_what_came_and_what_became_of_it(world: World, client: Client) -> None:
    busy(world)

    text = text_of(client, "/buses/default")

    assert "No rule matched ⌀ 40 %" in text
    assert "Fan-out 0.6 rules an event" in text
    assert "Waiting 1 oldest" in text
    assert "Failing ✕ 67 %" in text
    assert "5 events in the last hour, 2 without a rule" in text
    assert "1 delivery in the last hour, 2 failed attempts" in text
    assert re.search(r"paid 3 60 % 3", text)
    assert re.search(r"⌀ Never matched an event that is kept all", text)
    assert "/events?q=bus%3Adefault%20rule%3Anone" in client.get("/buses/default").content.decode()


def test_the_table_beside_the_charts_has_every_bar(world: World, client: Client) -> None:
    busy(world)

    for win, bars in (("1h", 60), ("24h", 144), ("7d", 168), ("nonsense", 60)):
        page = client.get(f"/buses/default?win={win}").content.decode()
        table = page.partition('id="bars-table"')[2].partition("</table>")[0]
        counted = [
            [cell.replace(",", "") for cell in re.findall(r'<td class="number">(.*?)</td>', row)]
            for row in table.split("<tr>")[2:]
        ]
        assert len(counted) == bars
        assert sum(int(cells[0]) for cells in counted) == 5
        assert sum(int(cells[1]) for cells in counted) == 2
        assert sum(int(cells[3]) for cells in counted) == 2


def test_types_are_listed_with_their_newest_event_and_marked_while_they_are_new(world: World) -> None:
    ids = world.accept(2, source="shop.web", detail_type="Order Placed")
    world.route()

    found = types_of(world.default.pk)
    later = types_of(world.default.pk, now=datetime.now(tz=UTC) + timedelta(days=2))

    assert [(one.row.source, one.row.detail_type, one.row.events) for one in found.types] == [
        ("shop.web", "Order Placed", 2)
    ]
    assert found.types[0].row.event_id == ids[-1]
    assert (found.new, later.new) == (1, 0)
    assert found.types[0].per_minute > 0


def test_types_of_other_buses_are_not_listed(world: World, client: Client) -> None:
    world.accept(detail_type="Here")
    world.accept(bus_id=world.other.pk, bus="other", detail_type="There")
    world.route()
    world.route(bus=world.other)

    text = text_of(client, "/buses/other")

    assert "There ✦ new" in text
    assert "Here" not in text


def test_retention_says_what_goes_next(world: World, client: Client) -> None:
    first = world.accept(detail_type="The first")[0]
    world.accept()
    world.route()
    rolled(world)

    page = client.get("/buses/default").content.decode()

    assert f'<a href="/events/{first}">The first</a>' in page
    assert "Kept here 2 events" in text_of(client, "/buses/default")
    assert re.search(r"in (6 d 23|7 d 0) h once nothing waits for it", text_of(client, "/buses/default"))


def test_an_empty_bus_says_so_everywhere(world: World, client: Client) -> None:
    text = text_of(client, "/buses/other")

    assert "No rule watches this bus" in text
    assert "No event is kept" in text
    assert "No event of this bus has been routed yet" in text
    assert "None. An archive keeps copies" in text
    assert "Fed by targets books" in text


def test_a_policy_is_said_in_short(world: World, client: Client) -> None:
    statement = {
        "Sid": "partner",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "events:PutEvents",
        "Resource": "*",
    }
    Bus.objects.filter(name="default").update(policy=[statement], sensitive=["detail.card"])

    text = text_of(client, "/buses/default")

    assert "✓ allows account 111122223333 (partner)" in text
    assert "detail.card" in text


def test_the_bus_of_a_partner_has_its_page_in_spite_of_the_slashes(world: World, client: Client) -> None:
    Bus.objects.bulk_create([Bus(name="aws.partner/crm/1")])

    assert 'href="/buses/aws.partner/crm/1"' in client.get("/buses").content.decode()
    assert "partner event source of its name" in text_of(client, "/buses/aws.partner/crm/1")
