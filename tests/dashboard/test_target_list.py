"""The list of targets: how each fares and fared, filtered, sorted and searched, for who may see it."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import OutcomeState
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, Connection, Role, Rule, RuleTarget, Target
from tests.dashboard.test_pages import signed_in, text_of
from tests.live.world import World
from tests.people import browser_of, person


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    """Make a world with the targets mail and books."""
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


def names(text: str) -> list[str]:
    """Return the targets that are listed, in their order."""
    return re.findall(r'<td class="named"><a href="/targets/\d+">([^<]+)</a>', text)


def row_of(client: Client, name: str, address: str = "/targets") -> str:
    """Return a row's text."""
    rows = text_of(client, address).split("<tr>")
    row = next(one for one in rows if f">{name}</a>" in one)
    return " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", row, flags=re.DOTALL).split())


def test_a_row_says_what_the_target_did_and_what_waits(world: World) -> None:
    world.accept(3)
    world.route((world.paid, world.mail))
    world.settle(world.claim(limit=2), OutcomeState.DELIVERED, ms=20)
    world.settle(world.claim(limit=1), OutcomeState.PENDING, ms=900)
    world.journal.roll_up()

    row = row_of(signed_in(), "mail")

    assert "✓ delivering" in row
    assert "3 ↻ 67 %" in row
    assert "0 /32 default" in row
    assert re.search(r"67 % (19|20) ms (8\d\d|9\d\d) ms 1 \d", row), row


def test_an_address_is_masked_and_searched_as_it_is_shown(world: World) -> None:
    client = signed_in()

    assert "mail.example.com/in?token=•••" in text_of(client, "/targets")
    assert "s3cret" not in text_of(client, "/targets")
    assert names(text_of(client, "/targets?q=EXAMPLE.com")) == ["mail"]
    assert "No target passes this filter" in text_of(client, "/targets?q=s3cret")
    assert names(text_of(client, "/targets?q=other")) == ["books"]  # the bus that it puts events on


def test_states_are_told_by_word_and_filtered_by_it(world: World) -> None:
    Target.objects.filter(pk=world.mail.pk).update(paused=True)
    Target.objects.filter(pk=world.books.pk).update(enabled=False)
    Target.objects.create(name="plain", url="http://plain.example.com/")
    client = signed_in()

    assert "❚❚ paused" in row_of(client, "mail")
    assert "❚❚ disabled" in row_of(client, "books")
    for state, found in [("paused", ["mail"]), ("disabled", ["books"]), ("closed", ["plain"]), ("open", [])]:
        assert names(client.get(f"/targets?state={state}").content.decode()) == found


def test_it_is_filtered_by_kind_and_bus(world: World) -> None:
    rule = Rule.objects.create(bus=world.other, name="else", pattern="{}")
    RuleTarget.objects.create(rule=rule, target=world.mail)
    client = signed_in()

    assert names(text_of(client, "/targets?kind=bus")) == ["books"]
    assert names(text_of(client, "/targets?bus=other")) == ["mail"]
    assert names(text_of(client, "/targets?bus=default")) == ["books", "mail"]
    assert "1 target that passes of 2" in " ".join(text_of(client, "/targets?bus=other").split())


def test_it_is_sorted_by_any_figure_and_back(world: World) -> None:
    world.accept(4)
    world.route((world.paid, world.mail))
    world.settle(world.claim(limit=1), OutcomeState.PENDING, ms=50)
    world.accept(1)
    world.route((world.all, world.books))
    world.settle([one for one in world.claim() if one.target_id == world.books.pk], OutcomeState.DELIVERED)
    world.journal.roll_up()
    client = signed_in()

    for sort, first in [
        ("name", "books"),
        ("-name", "mail"),
        ("-backlog", "mail"),
        ("-oldest", "mail"),
        ("success", "mail"),
        ("-success", "books"),
        ("-p99", "mail"),
        ("nonsense", "books"),
    ]:
        assert names(text_of(client, f"/targets?sort={sort}"))[0] == first, sort
    assert 'aria-sort="descending"' in text_of(client, "/targets?sort=-p99")


def test_many_targets_come_in_pages(world: World) -> None:
    Target.objects.bulk_create(
        [Target(name=f"t{number:04}", url="http://127.0.0.1:9/") for number in range(150)]
    )
    client = signed_in()

    first, second = text_of(client, "/targets"), text_of(client, "/targets?page=2")

    assert (len(names(first)), len(names(second))) == (100, 52)
    assert "1 to 100 of 152 targets" in first
    assert 'href="?page=2"' in first
    assert names(first)[-1] < names(second)[0]


def test_a_connection_that_is_not_authorised_is_told(world: World) -> None:
    connection = Connection.objects.create(name="crm", auth="oauth", authorized=False)
    Target.objects.filter(pk=world.mail.pk).update(connection=connection)

    assert "connection crm is not authorised" in text_of(signed_in(), "/targets")


def test_who_sees_one_bus_is_told_of_its_targets_and_its_figures(world: World) -> None:
    rule = Rule.objects.create(bus=world.other, name="else", pattern="{}")
    hidden = Target.objects.create(name="hidden", url="http://127.0.0.1:9/")
    RuleTarget.objects.create(rule=rule, target=hidden)
    RuleTarget.objects.create(rule=rule, target=world.mail)
    world.accept(2)
    world.route((world.paid, world.mail))
    world.accept(5, bus_id=world.other.pk, bus="other")
    world.route((rule, world.mail), bus=world.other)
    world.deliver()
    world.journal.roll_up()
    client = browser_of(person("one", Role.VIEWER, Bus.objects.get(name="default")))

    text = text_of(client, "/targets")

    assert names(text) == ["mail"]  # books would show a bus that is not theirs
    assert row_of(client, "mail").endswith("default")
    assert "2 100 %" in row_of(client, "mail")
    assert ">p99</a>" not in text
    assert "figures are of the buses that you see" in text
    assert "New target" not in text


def test_without_a_target_it_says_what_one_is(journal: SqliteJournal) -> None:
    text = text_of(signed_in(), "/targets")

    assert "No target yet" in text
    assert "Add the first" in text
    assert "Add the first" not in text_of(signed_in(staff=False), "/targets")
