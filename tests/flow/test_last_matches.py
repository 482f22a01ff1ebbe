"""When a rule matched last is found by a seek, on both engines, whatever the rule was called then."""

from typing import Any

import pytest

from eventhub.flow.last_matches import last_matches, recent_matches
from eventhub.journal.port import Journal
from eventhub.models import Rule
from tests.live.conftest import postgres_journal  # noqa: F401 - the fixture
from tests.live.world import World

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "journal"]),
    pytest.mark.parametrize("engine", ["sqlite", "postgres"]),
]


@pytest.fixture
def world(engine: str, request: pytest.FixtureRequest) -> World:
    journal: Journal = request.getfixturevalue("journal" if engine == "sqlite" else "postgres_journal")
    return World(journal)


def test_the_newest_match_of_each_rule_is_found(world: World) -> None:
    for rule in (world.paid, world.all):
        rule.record_version(by="test")
    older = world.accept()
    world.route((world.paid, world.mail), (world.all, world.mail))
    newer = world.accept()
    world.route((world.paid, world.mail))

    found = last_matches([world.paid.pk, world.all.pk])

    assert {pk: one.event_id for pk, one in found.items()} == {
        world.paid.pk: newer[0],
        world.all.pk: older[0],
    }
    assert recent_matches(world.paid.pk, "paid", 5) == [newer[0], older[0]]


def test_a_rule_that_got_another_name_keeps_its_last_match(world: World) -> None:
    world.paid.record_version(by="test")
    matched = world.accept()
    world.route((world.paid, world.mail))
    world.paid.name = "renamed"
    world.paid.save()
    world.paid.record_version(by="test")

    assert last_matches([world.paid.pk])[world.paid.pk].event_id == matched[0]


def test_a_rule_of_the_same_name_on_another_bus_is_another_rule(world: World, engine: str) -> None:
    twin = world.rule("twin")
    Rule.objects.filter(pk=twin.pk).update(bus=world.other, name="paid")
    twin.refresh_from_db()
    for rule in (world.paid, twin):
        rule.record_version(by="test")
    world.accept()
    world.route((world.paid, world.mail))

    assert list(last_matches([world.paid.pk, twin.pk])) == [world.paid.pk]


def test_more_rules_than_one_statement_takes(world: World) -> None:
    rules: list[Any] = [world.rule(f"rule-{number}") for number in range(450)]
    for rule in rules:
        rule.record_version(by="test", is_first=True)
    world.accept()
    world.route(*((rule, world.mail) for rule in rules[::2]))

    assert set(last_matches([rule.pk for rule in rules])) == {rule.pk for rule in rules[::2]}
