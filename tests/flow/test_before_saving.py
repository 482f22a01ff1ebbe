"""What a rule is warned of before it is saved, and what it is not."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import Scope
from eventhub.flow.before_saving import Doubt, warnings_of
from eventhub.flow.editing import Draft, draft_of
from eventhub.journal.port import Journal
from eventhub.models import Bus, Rule, RuleTarget, Target
from tests.journal.build import append, new_event

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "journal"])
SHOP, CRM = '{"source": ["shop"]}', '{"source": ["crm"]}'
EDITOR = Caller(CallerKind.USER, "ann", frozenset({Scope.RULES_READ, Scope.RULES_WRITE, Scope.EVENTS_READ}))
NO_READER = Caller(CallerKind.USER, "bob", frozenset({Scope.RULES_READ, Scope.RULES_WRITE}))


@pytest.fixture
def bus(journal: Journal) -> Bus:
    return Bus.objects.get(name="default")


@pytest.fixture
def listening() -> Iterator[int]:
    """A port on which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def happen(journal: Journal, bus: Bus, count: int, **members: Any) -> None:
    now = time.time_ns() // 1000
    append(
        journal,
        *[
            new_event(bus_id=bus.pk, bus=bus.name, accepted_at=now - 1000 * n, **members)
            for n in range(count)
        ],
    )


def doubts(draft: Draft, bus: Bus, *, caller: Caller = EDITOR, rule: Rule | None = None) -> list[str]:
    return [one.key for one in warnings_of(draft, bus, caller, rule=rule)]


def fed(target: Target, bus: Bus, **fields: Any) -> Rule:
    rule = Rule.objects.create(bus=bus, pattern=SHOP, **fields)
    RuleTarget.objects.create(rule=rule, target=target)
    return rule


def test_a_sound_rule_has_none(journal: Journal, bus: Bus, listening: int) -> None:
    happen(journal, bus, 3)
    target = Target.objects.create(name="till", url=f"http://127.0.0.1:{listening}/in")

    assert doubts(Draft("sales", SHOP, links=[(target, None)]), bus) == []


@pytest.mark.parametrize(
    "pattern",
    [
        '{"source": [{"exists": true}]}',
        '{"id": [{"wildcard": "*"}]}',
        '{"$or": [{"source": ["a"]}, {"version": ["0"]}]}',
    ],
)
def test_a_pattern_that_takes_all_is_told(bus: Bus, pattern: str) -> None:
    assert doubts(Draft("all", pattern), bus) == [Doubt.EVERYTHING]


def test_one_that_took_nothing_lately_is_told_with_what_came_nearest(journal: Journal, bus: Bus) -> None:
    happen(journal, bus, 3)

    [one] = warnings_of(Draft("crm", CRM), bus, EDITOR)

    assert one.doubt is Doubt.NOTHING
    assert one.reason == (
        "None of the 3 events that came on bus default in the last day would have matched; "
        "the nearest fails at source."
    )


def test_without_events_and_without_the_right_to_read_them_nothing_is_counted(
    journal: Journal, bus: Bus
) -> None:
    assert doubts(Draft("crm", CRM), bus) == []
    happen(journal, bus, 3)
    assert doubts(Draft("crm", CRM), bus, caller=NO_READER) == []
    Bus.objects.filter(pk=bus.pk).update(sensitive=["detail.card"])
    assert doubts(Draft("card", '{"detail": {"card": ["1"]}}'), bus) == []


def test_another_rule_with_the_same_meaning_is_told(bus: Bus) -> None:
    Rule.objects.create(bus=bus, name="old", pattern='{"source": ["shop"], "detail-type": ["a", "b"]}')
    same = '{"detail-type": ["b", "a"],\n "source": ["shop"]}'

    assert doubts(Draft("new", same), bus) == ["duplicate:old"]
    assert doubts(Draft("new", same), Bus.objects.create(name="other")) == []


def test_a_rule_is_no_duplicate_of_itself(bus: Bus) -> None:
    rule = Rule.objects.create(bus=bus, name="sales", pattern=SHOP)

    assert doubts(Draft("sales", '{ "source": ["shop"] }'), bus, rule=rule) == []


def test_a_way_back_over_other_buses_is_a_loop(bus: Bus) -> None:
    middle, last = Bus.objects.create(name="middle"), Bus.objects.create(name="last")
    to = {one: Target.objects.create(name=f"to-{one}", kind="bus", bus=one) for one in (bus, middle, last)}
    fed(to[last], middle, name="on")
    back = fed(to[bus], last, name="back")

    [one] = warnings_of(Draft("out", SHOP, links=[(to[middle], None)]), bus, EDITOR)
    assert (one.key, one.path) == ("loop:to-middle", "targets")
    assert "default → middle → last → default" in one.reason

    Rule.objects.filter(pk=back.pk).update(enabled=False)
    assert doubts(Draft("out", SHOP, links=[(to[middle], None)]), bus) == []


def test_a_target_on_the_rules_own_bus_is_a_loop(bus: Bus) -> None:
    target = Target.objects.create(name="again", kind="bus", bus=bus)

    assert doubts(Draft("out", SHOP, links=[(target, None)]), bus) == ["loop:again"]


def test_a_target_that_the_guard_refuses_or_that_takes_no_connection_is_told(bus: Bus) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    private = Target.objects.create(name="inside", url="http://10.0.0.8/in")
    deaf = Target.objects.create(name="deaf", url=f"http://127.0.0.1:{closed}/in")
    draft = Draft("out", SHOP, links=[(private, None), (deaf, None)])

    guarded, refused = warnings_of(draft, bus, EDITOR)

    assert guarded.key == "target:inside"
    assert "10.0.0.8 is a private address" in guarded.reason
    assert refused.key == "target:deaf"
    assert f"127.0.0.1:{closed} takes no connection: Connection refused" in refused.reason


def test_targets_that_the_rule_had_already_are_not_asked_again(bus: Bus) -> None:
    rule = fed(Target.objects.create(name="inside", url="http://10.0.0.8/in"), bus, name="sales")

    assert doubts(Draft("sales", CRM, links=draft_of(rule).links), bus, rule=rule) == []


@override_settings(WARN_DELIVERIES_PER_SECOND=1)
def test_more_deliveries_a_second_than_usual_are_told(journal: Journal, bus: Bus) -> None:
    happen(journal, bus, 2000)
    logs = [Target.objects.create(name=name, kind="log") for name in ("one", "two")]
    draft = Draft("all", SHOP, links=[(one, None) for one in logs])

    [told] = warnings_of(draft, bus, EDITOR)

    assert told.key == Doubt.LOAD
    assert "2,000 of 2,000 events of the last 3,600 s match, each for 2 targets" in told.reason
    assert doubts(Draft("all", SHOP, shadow=True, links=draft.links), bus) == []
    assert doubts(Draft("all", SHOP, links=draft.links[:1]), bus) == []


def test_a_pattern_with_very_many_combinations_or_questions_is_costly(bus: Bus) -> None:
    ways = ", ".join(f'{{"a{n}": [1]}}' for n in range(120))
    suffixes = ", ".join(f'{{"suffix": "{n}"}}' for n in range(120))

    for pattern in (f'{{"$or": [{ways}]}}', f'{{"source": [{suffixes}]}}'):
        assert doubts(Draft("dear", pattern), bus) == [Doubt.COSTLY]


def test_a_change_of_words_or_of_a_transform_is_not_judged_again(bus: Bus) -> None:
    rule = Rule.objects.create(bus=bus, name="all", pattern='{"source": [{"exists": true}]}')

    assert doubts(Draft("all", rule.pattern, description="of all"), bus, rule=rule) == []
    assert doubts(Draft("everything", rule.pattern), bus, rule=rule) == []


def test_switching_a_rule_on_judges_it(bus: Bus) -> None:
    rule = Rule.objects.create(bus=bus, name="all", pattern='{"source": [{"exists": true}]}', enabled=False)

    assert doubts(Draft("all", rule.pattern), bus, rule=rule) == [Doubt.EVERYTHING]
    assert doubts(Draft("all", rule.pattern, enabled=False, description="off"), bus, rule=rule) == []
