"""The state at a glance: what the index of the admin shows, of the buses that somebody sees."""

import time
from collections.abc import Iterator

import pytest

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.flow.rulebook import RulebookKeeper, load
from eventhub.journal.sqlite import SqliteJournal
from eventhub.live.glance import Glance, read_glance
from eventhub.live.view import EVERY_BUS, View
from eventhub.models import Bus, Role, Rule, RuleTarget, Target
from tests.journal.build import append, claim, dead, new_delivery, new_event, route
from tests.people import browser_of, person


@pytest.fixture
def shop() -> Bus:
    return Bus.objects.create(name="shop")


@pytest.fixture
def busy(journal: SqliteJournal, shop: Bus) -> Iterator[SqliteJournal]:
    """Let three events be accepted on the shop's bus: one's delivery dies, one waits, one matches nothing."""
    till = Target.objects.create(name="till", url="http://till.example/in")
    sales = Rule.objects.create(bus=shop, name="sales", pattern='{"source": ["shop"]}')
    RuleTarget.objects.create(rule=sales, target=till)
    match = new_delivery(target_id=till.pk, rule_id=sales.pk)
    append(journal, new_event(bus_id=shop.pk, bus="shop"))
    route(journal, match, bus_id=shop.pk)
    journal.settle([dead(one) for one in claim(journal)])
    append(journal, new_event(bus_id=shop.pk, bus="shop"))
    route(journal, match, bus_id=shop.pk)
    append(journal, new_event(bus_id=shop.pk, bus="shop"))
    route(journal, bus_id=shop.pk)
    journal.roll_up()
    keeper = RulebookKeeper()
    keeper.refresh()
    process.install(Parts(journal, keeper))
    yield journal
    process.uninstall()


def glance(journal: SqliteJournal, view: View = EVERY_BUS) -> Glance:
    # A moment on: what happened in the last two seconds may not be rolled up, so it is not asked for.
    return read_glance(journal, load(), view, int(time.time()) + 3)


def test_what_flowed_failed_waits_and_was_lost(busy: SqliteJournal) -> None:
    state = glance(busy)

    assert (state.accepted.count, state.accepted_lately) == (3, 3)
    assert (state.attempts.count, state.attempts.failures, state.delivered_lately) == (1, 1, 0)
    assert (state.dead.count, state.unmatched.count, state.pending) == (1, 1, 1)
    assert state.failing == [Target.objects.get(name="till").pk]
    assert state.unmatched_share == 1 / 3


def test_a_target_that_is_switched_off_is_in_no_trouble(busy: SqliteJournal) -> None:
    target = Target.objects.get(name="till")
    target.enabled = False
    target.save()

    assert glance(busy).failing == []


def test_a_paused_bus_is_told_with_what_waits(busy: SqliteJournal, shop: Bus) -> None:
    shop.paused = True
    shop.save()
    append(busy, new_event(bus_id=shop.pk, bus="shop"))

    (waiting,) = glance(busy).paused

    assert (waiting.bus_id, waiting.events, waiting.more) == (shop.pk, 1, False)


def test_other_buses_are_not_told_of(busy: SqliteJournal) -> None:
    other = frozenset({Bus.objects.create(name="other").pk})

    state = glance(busy, View(other, other))

    assert (state.accepted.count, state.attempts.count, state.dead.count, state.pending) == (0, 0, 0, 0)
    assert (state.failing, state.opened, state.paused, state.unmatched_share) == ([], [], [], None)


def test_the_index_names_what_fails_and_who_changed_what(busy: SqliteJournal) -> None:
    boss = browser_of(person("boss", Role.ADMINISTRATOR))

    page = boss.get("/admin/").context

    figures = {card.title: card.figure for card in page["cards"]}
    assert (figures["Dead letters"], figures["Unmatched"], figures["Waiting deliveries"]) == ("1", "33%", "1")
    assert page["changes"]


def test_a_viewer_of_another_bus_sees_nothing_of_it_on_the_index(busy: SqliteJournal) -> None:
    viewer = browser_of(person("vic", Role.VIEWER, Bus.objects.create(name="quiet")))

    answer = viewer.get("/admin/")

    assert {card.title: card.figure for card in answer.context["cards"]} == {
        "Events in": "0/s",
        "Delivered": "0/s",
        "Failing targets": "0",
        "Open circuits": "0",
        "Paused buses": "0",
        "Waiting deliveries": "0",
        "Dead letters": "0",
        "Unmatched": "–",
    }
    assert answer.context["changes"] is None
    assert "till" not in answer.content.decode()


@pytest.mark.django_db
def test_without_a_hub_the_index_says_that_it_knows_nothing() -> None:
    boss = browser_of(person("boss", Role.ADMINISTRATOR))

    assert "No hub runs in this process" in boss.get("/admin/").content.decode()
