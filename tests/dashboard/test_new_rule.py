"""Making a rule: from nothing, from a ready pattern, from an event's fields; without JavaScript all of it."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import Client

from eventhub.dashboard.rules.ready import READY
from eventhub.domain.pattern import parse
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Role, Rule
from tests.live.world import World
from tests.people import browser_of, person

DETAIL = b'{"amount": 120, "customer": {"country": "DE"}, "card": "4111"}'


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


@pytest.fixture
def editor() -> Client:
    return browser_of(person("ed", Role.EDITOR))


def pattern_on(client: Client, address: str) -> str:
    """Return the pattern that the form holds."""
    response = client.get(address)
    assert response.status_code == 200
    found = re.search(r'<textarea id="pattern".*?>\n(.*?)</textarea>', response.content.decode(), re.DOTALL)
    assert found is not None
    return unescape(found[1])


def test_a_rule_is_made_by_the_form(world: World, editor: Client) -> None:
    typed = {
        "bus": "other",
        "name": "orders",
        "pattern": '{"source": ["shop"]}',
        "state": "shadow",
        "target-0": "mail",
        "warned": "target:mail",  # where nothing listens
        "do": "save",
    }

    response = editor.post("/rules/new", typed)

    rule = Rule.objects.get(name="orders")
    assert response.headers["Location"] == f"/rules/{rule.pk}"
    assert (rule.bus.name, rule.shadow, [one.name for one in rule.targets.all()]) == ("other", True, ["mail"])
    assert rule.versions.get().made_by == "user:ed"


def test_a_first_save_shows_the_warnings_and_a_second_one_saves(world: World, editor: Client) -> None:
    world.accept()
    typed = {"bus": "other", "name": "all", "pattern": '{"source": [{"prefix": ""}]}', "do": "save"}
    typed["target-0"] = "mail"

    warned = editor.post("/rules/new", typed).content.decode()
    keys = re.findall(r'name="warned" value="([^"]+)"', warned)

    assert keys == ["everything", "target:mail"]
    assert "The pattern matches every event on bus other." in warned
    assert not Rule.objects.filter(name="all", bus=world.other).exists()
    assert editor.post("/rules/new", typed | {"warned": keys[:1]}).status_code == 200
    assert editor.post("/rules/new", typed | {"warned": keys}).status_code == 302


def test_what_is_missing_is_said_and_what_was_typed_stays(world: World, editor: Client) -> None:
    response = editor.post("/rules/new", {"bus": "default", "name": "paid", "pattern": "", "do": "save"})

    text = unescape(response.content.decode())
    assert response.status_code == 400
    assert "the bus already has a rule of this name" in text
    assert "This field is required, unless the rule has a schedule." in text
    assert 'value="paid"' in text


def test_a_draft_is_tried_before_it_has_a_name(world: World, editor: Client) -> None:
    world.accept(2)
    typed = {"bus": "default", "name": "", "pattern": '{"source": ["shop"]}', "do": "check"}

    text = editor.post("/rules/new", typed).content.decode()

    assert "✓ Matches" in text
    assert "This field cannot be blank" not in text


@pytest.mark.parametrize("key", READY)
def test_every_ready_pattern_can_be_read_and_begun_with(world: World, editor: Client, key: str) -> None:
    found = pattern_on(editor, f"/rules/new?ready={key}")

    assert found == READY[key].pattern
    parse(found)


def test_an_event_offers_its_fields_and_begins_with_what_it_is(world: World, editor: Client) -> None:
    [event] = world.accept(detail=DETAIL)

    text = unescape(editor.get(f"/rules/new?from=event:{event}").content.decode())

    assert parse(pattern_on(editor, f"/rules/new?from=event:{event}")).dump() == (
        '{"source":["shop"],"detail-type":["order placed"]}'
    )
    assert "<code>detail.amount</code>" in text
    assert 'value="order-placed"' in text


def test_ticked_fields_make_the_pattern_in_the_address(world: World, editor: Client) -> None:
    [event] = world.accept(detail=DETAIL)
    ticks = "&picked=yes&f=2&how-2=is+more+than&text-2=100&f=3&how-3=is"

    assert parse(pattern_on(editor, f"/rules/new?from=event:{event}{ticks}")).dump() == (
        '{"detail":{"amount":[{"numeric":[">",100]}],"customer":{"country":["DE"]}}}'
    )
    assert pattern_on(editor, f"/rules/new?from=event:{event}&picked=yes") == ""


def test_a_comparison_that_cannot_be_says_why(world: World, editor: Client) -> None:
    [event] = world.accept(detail=DETAIL)

    text = editor.get(f"/rules/new?from=event:{event}&picked=yes&f=2&how-2=is+more+than&text-2=much").content

    assert "detail.amount: is more than needs a number" in text.decode()


def test_fields_that_are_masked_are_not_offered(world: World, editor: Client) -> None:
    world.default.sensitive = ["detail.card"]
    world.default.save()
    [event] = world.accept(detail=DETAIL)

    text = editor.get(f"/rules/new?from=event:{event}").content.decode()

    assert "detail.card" not in text
    assert "4111" not in text


def test_an_event_that_one_may_not_see_is_not_found(world: World) -> None:
    [event] = world.accept(bus_id=world.other.pk, bus="other")
    editor = browser_of(person("ona", Role.EDITOR, world.default))

    assert editor.get(f"/rules/new?from=event:{event}").status_code == 404
    assert editor.get("/rules/new?from=event:nonsense").status_code == 404


def test_a_viewer_makes_no_rules(world: World) -> None:
    viewer = browser_of(person("vera", Role.VIEWER))

    assert viewer.get("/rules/new").status_code == 403
    assert viewer.post("/rules/new", {"bus": "default", "name": "x", "do": "save"}).status_code == 403


def test_an_editor_of_one_bus_makes_rules_there_only(world: World) -> None:
    typed = {"name": "orders", "pattern": '{"source": ["till"]}', "do": "save"}
    user = person("bea", Role.EDITOR, world.default)
    person("bea", Role.VIEWER, world.other)
    bea = browser_of(user)

    assert bea.post("/rules/new", typed | {"bus": "other"}).status_code == 403
    assert bea.post("/rules/new", typed | {"bus": "default"}).status_code == 302
    assert bea.post("/rules/new", typed | {"bus": "nowhere"}).status_code == 404
