"""Groups of rules while there are too many to draw one by one."""

import pytest

from eventhub.domain.pattern import parse
from eventhub.flow.rulebook import RuleOnBus
from eventhub.journal.counted import Counted
from eventhub.journal.port import OutcomeState
from eventhub.live.crowd import MOST_RULES, Crowd, crowds
from eventhub.live.hub import Hub
from eventhub.live.window import Counts
from tests.live.clock import Clock
from tests.live.page import Page
from tests.live.watcher import Watcher
from tests.live.world import PATTERN, World


def rule(number: int, name: str, bus_id: int = 1) -> RuleOnBus:
    return RuleOnBus(number, name, bus_id, 1, enabled=True, pattern=parse(PATTERN), target_ids=())


MANY = [rule(number, f"{['billing', 'crm'][number % 2]}/{number}") for number in range(MOST_RULES + 1)]


def test_rules_are_grouped_only_above_two_thousand() -> None:
    assert crowds(MANY[:MOST_RULES], {}) == {}
    assert set(crowds(MANY, {}).values()) == {Crowd(1, "billing/*"), Crowd(1, "crm/*")}


def test_a_failing_rule_and_the_busiest_have_nodes_of_their_own() -> None:
    counts: Counts = {
        Counted("attempt", 1, 4, 7): [2, 1],
        Counted("dead", 1, 6, 7): [1, 1],
        Counted("attempt", 1, 8, 7): [2, 0],
    }
    counts |= {Counted("match", 1, number, 0): [number, 0] for number in range(1000, 1200)}

    found = crowds(MANY, counts)

    assert not {4, 6, *range(1100, 1200)} & found.keys()
    assert {8, 1000, 1099} <= found.keys()


def test_what_has_no_group_by_name_goes_by_bus() -> None:
    rules = [*MANY, rule(5000, "audit", 2), rule(5001, "pair/one", 2), rule(5002, "pair/two", 2)]

    found = crowds(rules, {})

    assert {found[number] for number in (5000, 5001, 5002)} == {Crowd(2, "*")}


def test_the_group_that_is_open_shows_its_members() -> None:
    found = crowds(MANY, {}, Crowd(1, "crm/*").key)

    assert set(found.values()) == {Crowd(1, "billing/*")}


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True, databases=["default", "journal"])
async def test_a_rule_that_begins_to_fail_leaves_its_group_at_once(
    world: World, hub: Hub, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventhub.live.crowd.MOST_RULES", 1)
    monkeypatch.setattr("eventhub.live.crowd.BUSIEST", 0)
    group = f"rules:{world.default.pk}:*"
    watcher = Watcher(hub)
    await watcher.greet()
    flow = await watcher.subscribe(1, "flow")
    opened = await watcher.subscribe(2, "flow", group=group)
    unknown = await watcher.subscribe(3, "flow", group="rules:1:nothing")
    rules = {key for key in _keys(flow) if key.startswith("rule")}
    assert rules == {group} == {key for key in _keys(unknown) if key.startswith("rule")}
    assert _keys(opened) >= {f"rule:{world.paid.pk}", f"rule:{world.all.pk}"}

    world.accept(2)
    world.route((world.paid, world.mail), (world.all, world.mail))
    failing = [one for one in world.claim() if one.rule_id == world.paid.pk]
    world.settle(failing, OutcomeState.PENDING)
    await hub.beat()

    assert {key for key in _keys(flow) if key.startswith("rule")} == {group, f"rule:{world.paid.pk}"}
    assert flow.shown_states()[f"rule:{world.paid.pk}"][0] == "failing"
    assert flow.shown_counts()[f"bus:{world.default.pk}", group] == (2, 0)


def _keys(page: Page) -> set[str]:
    return {node["key"] for node in page.nodes.values()}
