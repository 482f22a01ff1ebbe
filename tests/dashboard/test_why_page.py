"""Why a rule matched an event or did not: by the version in force then, and by the rule of today."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import RoutedBatch, Routing, RoutingState, RuleInForce
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, Role, Rule, RuleVersion
from tests.dashboard.test_pages import signed_in, text_of
from tests.journal.build import now_us
from tests.live.world import World
from tests.people import browser_of, person

DETAIL = b'{"amount": 120, "items": [{"sku": "A-1", "count": 3}, {"sku": "B-7", "count": 1}]}'


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


def change(rule: Rule, pattern: str) -> int:
    """Give a rule another pattern; return the number of the version that this makes."""
    rule.pattern = pattern
    rule.save()
    made = rule.record_version(by="user:ada")
    assert made is not None
    return made.number


def unmatched(world: World, *rules: Rule) -> UUID:
    """Route an event that matches nothing, with these rules in force in their latest versions."""
    (event_id,) = world.accept(detail=DETAIL, source="shop")
    bus_id = world.default.pk
    cursor = world.journal.cursor(bus_id, holder="test", lease_seconds=60)
    assert cursor is not None
    [stored] = world.journal.read(bus_id, cursor, 10)
    in_force = [
        RuleInForce(rule.pk, rule.name, rule.versions.latest("number").number, rule.enabled) for rule in rules
    ]
    routing = Routing(stored, RoutingState.UNMATCHED, now_us())
    ruleset = world.journal.ruleset(bus_id, in_force)
    assert world.journal.route(RoutedBatch(bus_id, cursor, stored.position, ruleset, [routing]))
    return event_id


def why(event_id: UUID, rule: Rule, query: str = "") -> str:
    return text_of(signed_in(), f"/events/{event_id}/why/{rule.pk}{query}")


def test_each_clause_tells_what_it_wanted_and_found(world: World) -> None:
    change(world.paid, '{"source": ["shop"], "detail": {"amount": [{"numeric": [">", 500]}], "vip": [true]}}')

    text = why(unmatched(world, world.paid), world.paid)

    assert "Why paid did not match" in text
    assert "✕ 1 of 3 clauses hold; detail.amount is 120, wanted more than 500." in text
    assert 'data-verdict="match"' in text
    assert text.count('data-verdict="no match"') == 2
    assert '<mark class="fails"><span class="j-number">120</span></mark>' in text
    assert '<mark class="holds"><span class="j-string">&quot;shop&quot;</span></mark>' in text
    assert "Missing: <code>detail.vip</code>" in text


def test_the_nearest_array_element_is_marked_and_the_others_are_elsewhere(world: World) -> None:
    pattern = '{"detail": {"items": {"sku": [{"prefix": "B-"}], "count": [{"numeric": [">", 2]}]}}}'
    change(world.paid, pattern)

    text = why(unmatched(world, world.paid), world.paid)

    assert "<code>detail.items[0]</code>" in text
    assert text.count('<mark class="elsewhere"') == 3  # two values, and the legend
    assert '<mark class="fails"><span class="j-string">&quot;A-1&quot;</span></mark>' in text


def test_alternatives_are_told_one_by_one(world: World) -> None:
    change(world.paid, '{"$or": [{"source": ["till"]}, {"detail": {"amount": [{"numeric": [">", 500]}]}}]}')

    text = why(unmatched(world, world.paid), world.paid)

    assert "any of these" in text
    assert "alternative 2 does not hold" in text


def test_the_version_then_and_the_rule_of_today_are_told_apart(world: World) -> None:
    then = change(world.paid, '{"source": ["till"]}')
    event_id = unmatched(world, world.paid)
    now = change(world.paid, '{"source": ["shop"]}')

    assert "Why paid did not match" in why(event_id, world.paid)
    text = why(event_id, world.paid, "?rules=now")
    assert "Why paid would match" in text
    assert f"Then, v{then}" in text
    assert f"Today, v{now}" in text


def test_a_rule_that_came_later_is_asked_today(world: World) -> None:
    event_id = unmatched(world)
    change(world.paid, '{"source": ["shop"]}')

    text = why(event_id, world.paid)

    assert "It was not in force when the event was routed." in text
    assert "Why paid would match" in text


def test_a_deleted_rule_is_named_and_its_pattern_is_not_kept(world: World) -> None:
    change(world.paid, '{"source": ["till"]}')
    event_id = unmatched(world, world.paid)
    pk = world.paid.pk
    world.paid.delete()

    text = text_of(signed_in(), f"/events/{event_id}/why/{pk}")

    assert "The rule was deleted since, and its versions with it" in text
    assert "⌫ The rule was deleted since." in text


def test_a_rule_of_another_bus_is_not_found(world: World) -> None:
    event_id = unmatched(world)
    other = Rule.objects.create(bus=world.other, name="other", pattern='{"source": ["shop"]}')

    assert signed_in().get(f"/events/{event_id}/why/{other.pk}").status_code == 404
    assert signed_in().get(f"/events/{event_id}/why/999").status_code == 404


def test_a_pattern_that_reads_masked_fields_explains_nothing(world: World) -> None:
    Bus.objects.filter(pk=world.default.pk).update(sensitive=["detail.amount"])
    change(world.paid, '{"detail": {"amount": [{"numeric": [">", 500]}]}}')
    event_id = unmatched(world, world.paid)

    text = text_of(browser_of(person("vera", Role.VIEWER)), f"/events/{event_id}/why/{world.paid.pk}")

    assert "its pattern reads fields that are masked for you" in text
    assert "numeric" not in text
    assert "120" not in text


def test_the_events_page_asks_the_rules_of_today(world: World) -> None:
    change(world.paid, '{"source": ["till"]}')
    change(world.all, '{"source": ["shop"], "detail": {"amount": [{"numeric": [">", 500]}]}}')
    event_id = unmatched(world, world.paid, world.all)
    change(world.paid, '{"source": ["shop"]}')
    client = signed_in()

    then = text_of(client, f"/events/{event_id}")
    now = text_of(client, f"/events/{event_id}?rules=now")

    assert "Why not: nearest misses" in then
    nearest, next_one = then.index("detail.amount is 120"), then.index("source is &quot;shop&quot;, wanted")
    assert nearest < next_one
    assert "would match that did not then" in now
    assert '<b class="ok">+1</b>' in now
    assert f'href="/events/{event_id}/why/{world.paid.pk}?rules=now"' in now


def test_many_misses_are_listed_by_name(world: World) -> None:
    rules = []
    for number in range(40):
        rule = Rule.objects.create(bus=world.default, name=f"r{number:02}", pattern='{"source": ["till"]}')
        rule.record_version(by="user:ada")
        rules.append(rule)
    assert RuleVersion.objects.count() == 40
    event_id = unmatched(world, *rules)

    text = text_of(signed_in(), f"/events/{event_id}")

    assert "35 more did not match" in text
    assert text.count("/why/") == 5
    assert text_of(signed_in(), f"/events/{event_id}/others").count("/why/") == 35
    assert text_of(signed_in(), f"/events/{event_id}?list=all").count("/why/") == 40
