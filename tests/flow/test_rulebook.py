"""The rulebook reads what changed and nothing else, and is right all the same."""

import json
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from eventhub.domain.pattern import match, parse
from eventhub.domain.pattern.match import Verdict
from eventhub.flow import rulebook as module
from eventhub.flow.indexes import Indexes
from eventhub.flow.payload import envelope_of
from eventhub.flow.rulebook import BusRules, Rulebook, load
from eventhub.journal.port import NewEvent
from eventhub.journal.rows import RulesetRow
from eventhub.models import Bus, Change, Rule, RuleTarget, RuleVersion, Target
from tests.flow.conftest import House

pytestmark = pytest.mark.django_db


def make_rule(name: str, *, bus: str = "default", pattern: str = '{"source": ["shop"]}') -> Rule:
    rule = Rule.objects.create(bus=Bus.objects.get_or_create(name=bus)[0], name=name, pattern=pattern)
    rule.record_version(by="test")
    return rule


def plain(rulebook: Rulebook) -> Any:
    """Return what a rulebook says, comparable."""
    rules = {bus_id: dict(on_bus.rules) for bus_id, on_bus in rulebook.rules.items()}
    return rulebook.version, rulebook.buses, rulebook.bus_names, rules, rulebook.targets


def test_one_change_reads_one_rule(django_assert_max_num_queries: Any) -> None:
    rules = [make_rule(f"r{number}") for number in range(20)]
    before = load()
    rules[3].enabled = False
    rules[3].save()

    with django_assert_max_num_queries(6):
        after = load(before)

    bus_id = rules[0].bus_id
    same = [rule.pk for rule in rules if after.rule(bus_id, rule.pk) is before.rule(bus_id, rule.pk)]
    assert same == [rule.pk for rule in rules if rule is not rules[3]]
    assert list(after.rules[bus_id].changed_since(before.rules[bus_id])) == [rules[3].pk]
    assert after.targets is before.targets


def test_without_a_change_nothing_is_read(django_assert_num_queries: Any) -> None:
    make_rule("r")
    before = load()

    with django_assert_num_queries(1):
        assert load(before) is before


def random_change(dice: random.Random) -> None:
    """Change the configuration in one of the ways that admin, REST and programs have."""
    rules, buses = list(Rule.objects.all()), list(Bus.objects.all())
    targets = list(Target.objects.all())
    number = dice.randrange(10**9)
    match dice.randrange(11) if rules else 0:
        case 0:
            make_rule(f"r{number}", bus=dice.choice(buses).name)
        case 1:
            rule = dice.choice(rules)
            rule.pattern = json.dumps({"source": [f"s{number}"]})
            rule.save()
            rule.record_version(by="test")
        case 2:
            dice.choice(rules).delete()
        case 3:
            Rule.objects.filter(pk__in=[rule.pk for rule in rules[:3]]).update(enabled=dice.random() < 0.5)
        case 4:
            Target.objects.create(name=f"t{number}", url="http://t.example/")
        case 5:
            dice.choice(rules).set_targets(dice.sample(targets, min(2, len(targets))))
        case 6:
            Bus.objects.create(name=f"b{number}")
        case 7:
            with suppress(ValidationError):  # the default bus stays
                dice.choice(buses).delete()
        case 8:
            Rule.objects.filter(pk__in=[rule.pk for rule in rules[:2]]).delete()
        case 9:
            Rule.objects.bulk_create(
                [Rule(bus=dice.choice(buses), name=f"m{number}-{one}", pattern="{}") for one in range(2)]
                + [Rule(bus=dice.choice(buses), name=f"m{number}", pattern='{"a": [1]}')]
            )
        case _:
            RuleTarget.objects.all().delete()
            Target.objects.update(max_attempts=1 + number % 185)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_read_by_and_by_is_what_is_read_at_once(seed: int) -> None:
    dice = random.Random(seed)
    followed, indexes = load(), Indexes()
    for _ in range(40):
        for _ in range(dice.randrange(4)):
            random_change(dice)

        followed = load(followed)

        assert plain(followed) == plain(load())
        for bus_id, on_bus in followed.rules.items():
            if dice.random() < 0.7:  # else it stays behind for some versions
                index = indexes.of(bus_id, on_bus)
                assert [rule_id for rule_id in on_bus.rules if rule_id not in index] == []
                assert len(index) == len(on_bus.rules)


def test_who_is_too_far_behind_reads_everything() -> None:
    rule = make_rule("r")
    before = load()
    rule.enabled = False
    rule.save()
    Change.objects.filter(version=Change.objects.latest("version").version).delete()

    assert plain(load(before)) == plain(load())


def test_changes_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventhub.models.change.KEPT_VERSIONS", 20)
    rule = make_rule("r")
    for _ in range(50):
        rule.save()

    assert 20 <= Change.objects.count() <= 22


def test_a_change_that_commits_while_the_rules_are_read_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = make_rule("r")
    read_targets: Callable[[], Any] = module.targets_in_force

    def meanwhile() -> Any:
        monkeypatch.setattr(module, "targets_in_force", read_targets)
        Rule.objects.filter(pk=rule.pk).update(name="renamed")
        return read_targets()

    monkeypatch.setattr(module, "targets_in_force", meanwhile)

    found = load().rule(rule.bus_id, rule.pk)

    assert found
    assert found.name == "renamed"


def test_a_log_that_grew_long_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LOGGED", 3)
    rules = [make_rule(f"r{number}") for number in range(3)]
    followed, indexes = load(), Indexes()
    bus_id = rules[0].bus_id
    for number in range(10):
        rule = rules[number % 3]
        rule.pattern = json.dumps({"source": [f"s{number}"]})
        rule.save()
        followed = load(followed)

        on_bus = followed.rules[bus_id]
        assert indexes.of(bus_id, on_bus).match({"source": f"s{number}"}).rule_ids == [rule.pk]
        assert len(on_bus._log) <= 4


def test_an_index_may_go_back_to_earlier_rules() -> None:
    indexes = Indexes()
    rule = make_rule("r", pattern='{"source": ["old"]}')
    before = load()
    old = before.rules[rule.bus_id]
    rule.pattern = '{"source": ["new"]}'
    rule.save()
    new = load(before).rules[rule.bus_id]

    def matching(on_bus: BusRules, source: str) -> list[int]:
        return indexes.of(rule.bus_id, on_bus).match({"source": source}).rule_ids

    assert matching(new, "new") == [rule.pk]
    assert matching(old, "old") == [rule.pk]
    assert matching(old, "new") == []
    assert matching(new, "old") == []


@pytest.mark.django_db(transaction=True, databases=["default", "journal"])
def test_what_matched_is_what_the_recorded_version_asks_for_while_rules_change(house: House) -> None:
    rule = house.rule(house.webhook(), pattern='{"detail": {"n": [0]}}')
    house.start(delivers=False)
    events: list[NewEvent] = []
    changing = threading.Event()

    def put() -> None:
        while not changing.is_set():
            events.extend(house.put(*(house.event(bus_id=rule.bus_id, detail={"n": 1}) for _ in range(3))))

    putting = threading.Thread(target=put)
    putting.start()
    try:
        for number in range(40):
            rule.pattern = json.dumps({"detail": {"n": [number % 2]}})
            with transaction.atomic():
                rule.save()
                rule.record_version(by="test")
            house.keeper.refresh()
    finally:
        changing.set()
        putting.join()
    patterns = {
        version.number: parse(version.pattern) for version in RuleVersion.objects.filter(rule_id=rule.pk)
    }
    rulesets = {}
    for event in events:
        routing = house.routing(event)
        if routing.ruleset_id not in rulesets:
            [in_force] = json.loads(RulesetRow.objects.get(pk=routing.ruleset_id).rules)
            rulesets[routing.ruleset_id] = patterns[in_force["version"]]
        expected = match(rulesets[routing.ruleset_id], envelope_of(event).decoded()) is Verdict.MATCH
        assert (routing.state == "matched") is expected
    assert len(rulesets) > 2
