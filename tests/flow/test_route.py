"""Routing, against a real journal."""

import json
import threading
from datetime import UTC, datetime

import pytest
from django.db import transaction

from eventhub.domain.pattern import RuleIndex
from eventhub.flow.route import Router
from eventhub.journal.port import UNKNOWN_BUS, JournalUnavailable
from eventhub.journal.rows import RoutingRow, RulesetRow
from eventhub.targets.bus import HOP_LIMIT, PASSED
from tests.flow.conftest import House
from tests.until import until


def test_a_match_makes_one_delivery_for_each_target(house: House):
    rule = house.rule(house.webhook("/a"), house.webhook("/b"), pattern='{"source": ["shop"]}')
    house.start(delivers=False)

    [event] = house.put()

    routing = house.routing(event)
    assert (routing.state, routing.matched) == ("matched", 1)
    found = [(one.rule_id, one.rule_version, one.target, one.state) for one in house.outcomes(event)]
    assert found == [(rule.pk, 1, "a", "pending"), (rule.pk, 1, "b", "pending")]


def test_what_no_rule_wants_is_recorded_as_unmatched(house: House):
    house.rule(house.webhook(), pattern='{"source": ["bank"]}')
    house.start(delivers=False)

    [event] = house.put()

    assert (house.routing(event).state, house.routing(event).matched) == ("unmatched", 0)
    assert house.outcomes(event) == []


def test_a_bus_without_rules_records_too(house: House):
    house.start(delivers=False)

    [event] = house.put()

    assert house.routing(event).state == "unmatched"


def test_an_event_of_an_unknown_bus_is_recorded_as_such(house: House):
    house.start(delivers=False)

    [event] = house.put(bus="nowhere", bus_id=UNKNOWN_BUS)

    assert house.routing(event).state == "unknown-bus"


def test_an_event_of_a_bus_that_was_deleted_is_recorded_as_unknown(house: House):
    bus = house.bus("soon-gone")
    event = house.event("soon-gone")
    bus.delete()
    house.start(delivers=False)

    house.put(event)

    assert house.routing(event).state == "unknown-bus"


def test_a_bus_made_a_moment_ago_is_known(house: House):
    house.keeper.poll_seconds = 3600
    house.start(delivers=False)
    house.rule(house.webhook(), bus="brand-new")

    [event] = house.put(bus="brand-new")

    assert house.routing(event).state == "matched"


def test_a_disabled_rule_is_recorded_and_makes_no_delivery(house: House):
    house.rule(house.webhook(), enabled=False)
    house.start()

    [event] = house.put()

    outcome = house.outcome(event, "rule-disabled")
    assert outcome.reason == "the rule is disabled"
    assert house.routing(event).matched == 1
    assert house.journal.next_due_at([]) is None


def test_a_rule_in_shadow_mode_is_recorded_and_makes_no_delivery(house: House):
    house.rule(house.webhook("/a"), house.webhook("/b"), shadow=True)
    house.start()

    [event] = house.put()

    house.routing(event)
    found = [(one.target, one.state, one.reason) for one in house.outcomes(event)]
    assert found == [(name, "shadow", "the rule is in shadow mode") for name in ("a", "b")]
    assert house.journal.next_due_at([]) is None


def test_a_rule_that_leaves_shadow_mode_delivers_what_comes_then(house: House):
    rule = house.rule(house.webhook("/a"), shadow=True)
    house.start(delivers=False)
    [tried] = house.put()
    house.outcome(tried, "shadow")

    rule.shadow = False
    rule.save()
    version = rule.record_version(by="test")
    house.keeper.refresh()
    [event] = house.put()

    assert version is not None
    assert (house.outcome(event, "pending").rule_version, version.shadow) == (2, False)
    assert [one.state for one in house.outcomes(tried)] == ["shadow"]


def test_a_disabled_rule_in_shadow_mode_says_that_it_is_disabled(house: House):
    house.rule(enabled=False, shadow=True)
    house.start(delivers=False)

    [event] = house.put()

    assert house.outcome(event, "rule-disabled").target_id is None


def test_a_rule_without_target_is_recorded(house: House):
    house.rule()
    house.start(delivers=False)

    [event] = house.put()

    assert house.outcome(event, "no-target").target_id is None


def test_a_search_that_is_too_complex_is_recorded_and_harms_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    from eventhub.domain.pattern.index import Matches

    rule = house.rule(house.webhook("/a"), name="hard")
    other = house.rule(house.webhook("/b"), name="easy")
    monkeypatch.setattr(RuleIndex, "match", lambda *_: Matches([other.pk], [rule.pk]))
    house.start(delivers=False)

    [event] = house.put()

    house.routing(event)
    assert [(one.rule, one.state, one.target_id is None) for one in house.outcomes(event)] == [
        ("easy", "pending", False),
        ("hard", "too-complex", True),
    ]


def test_a_bus_that_is_slow_to_match_lets_the_others_go_on(house: House, monkeypatch: pytest.MonkeyPatch):
    house.rule(bus="slow")
    house.rule(bus="other")
    matched: list[object] = []
    match = RuleIndex.match

    def noting(index: RuleIndex, event: dict[str, object]) -> object:
        matched.append(event["source"])
        return match(index, event)

    monkeypatch.setattr(RuleIndex, "match", noting)
    monkeypatch.setattr("eventhub.flow.route.MATCH_SECONDS", -1)  # every event takes longer
    slow = house.put(*(house.event(source="slow", bus="slow") for _ in range(9)))
    other = house.put(*(house.event(source="other", bus="other") for _ in range(2)))
    house.start(delivers=False)

    for event in [*slow, *other]:
        house.routing(event)
    assert matched[:4].count("other") == 2
    assert matched.count("slow") == 9


def test_workers_that_match_longer_than_their_lease_move_the_bus_on(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    """Each matches until the other took the cursor over."""
    house.rule()
    house.put(house.event())
    entered = [0]
    turn = threading.Condition()
    match = RuleIndex.match

    def slowly(index: RuleIndex, event: dict[str, object]) -> object:
        with turn:
            entered[0] += 1
            mine = entered[0]
            turn.notify_all()
            turn.wait_for(lambda: entered[0] > mine, timeout=20)
        return match(index, event)

    monkeypatch.setattr(RuleIndex, "match", slowly)
    monkeypatch.setattr("eventhub.flow.route.LEASE_SECONDS", 0)
    house.start(delivers=False)
    another = Router(house.journal, house.keeper)
    another.start()
    try:
        until(lambda: house.journal.health().unrouted == 0, what="the event is routed")
        assert entered[0] <= 3
    finally:
        with turn:
            entered[0] = 1000
            turn.notify_all()
        another.stop()
    assert RoutingRow.objects.using("journal").count() == 1


def test_an_event_is_routed_once_it_is_matched(house: House, monkeypatch: pytest.MonkeyPatch):
    house.rule()
    matched_at: list[datetime] = []
    match = RuleIndex.match

    def noting(index: RuleIndex, event: dict[str, object]) -> object:
        try:
            return match(index, event)
        finally:
            matched_at.append(datetime.now(UTC))

    monkeypatch.setattr(RuleIndex, "match", noting)
    house.start(delivers=False)

    [event] = house.put()

    assert house.routing(event).routed_at >= matched_at[0]


def test_an_event_whose_routing_raises_is_unroutable_and_its_neighbours_are_not(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    house.rule(house.webhook())
    tried = []
    match = RuleIndex.match

    def raising(index: RuleIndex, event: dict[str, object]) -> object:
        if event["source"] == "bad":
            tried.append(1)
            raise ZeroDivisionError("a bug")
        return match(index, event)

    monkeypatch.setattr(RuleIndex, "match", raising)
    before, bad, after = house.event(), house.event(source="bad"), house.event()
    house.put(before, bad, after)
    house.start(delivers=False)

    assert house.routing(bad).state == "unroutable"
    assert house.routing(bad).error == "ZeroDivisionError: a bug"
    assert len(tried) == 3
    assert [house.routing(one).state for one in (before, after)] == ["matched", "matched"]


def test_a_new_rule_takes_effect_within_a_second(house: House):
    house.start(delivers=False)
    [before] = house.put()
    assert house.routing(before).state == "unmatched"

    house.rule(house.webhook())

    def matched() -> bool:
        [event] = house.put()
        return house.routing(event).state == "matched"

    until(matched, what="a matched event", seconds=3.0)  # a second, and room for a busy machine


def test_routing_records_the_rule_versions_in_force(house: House):
    rule = house.rule(house.webhook())
    house.start(delivers=False)
    [first] = house.put()
    first_set = house.routing(first).ruleset_id

    rule.pattern = '{"source": ["shop"]}'
    with transaction.atomic():  # as every door does
        rule.save()
        rule.record_version(by="test")
    house.keeper.refresh()
    [second] = house.put()
    second_set = house.routing(second).ruleset_id

    def versions(ruleset_id: int) -> object:
        return json.loads(RulesetRow.objects.using("journal").get(pk=ruleset_id).rules)

    assert first_set != second_set
    assert "1" in json.dumps(versions(first_set))
    assert "2" in json.dumps(versions(second_set))


def test_events_that_waited_are_routed_at_the_start_in_order(house: House):
    house.rule(house.webhook())
    events = house.put(count=1200)
    house.start(delivers=False)

    house.routing(events[-1])
    from eventhub.journal.rows import RoutingRow

    order = list(RoutingRow.objects.using("journal").order_by("seq").values_list("event_id", flat=True))
    assert order == [event.id for event in events]


def test_a_busy_bus_does_not_hold_up_another(house: House):
    house.put(count=3000)
    quiet = house.event("quiet")
    house.put(quiet)
    house.start(delivers=False)

    routed = house.routing(quiet)

    from eventhub.journal.rows import RoutingRow

    assert RoutingRow.objects.using("journal").filter(seq__lt=routed.seq).count() <= 1000


def test_an_event_that_passed_too_many_buses_is_a_loop_with_its_way(house: House):
    house.rule(house.to_bus("marketing"))
    way = ["default", "marketing"] * (HOP_LIMIT // 2)
    event = house.event(hops=HOP_LIMIT, attributes=json.dumps({PASSED: way}).encode())
    house.start(delivers=False)

    house.put(event)

    outcome = house.outcome(event, "loop")
    assert outcome.reason.startswith(
        f"passed {HOP_LIMIT} buses, which is the limit: default → marketing → default"
    )


def test_a_journal_that_is_away_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch):
    house.rule(house.webhook())
    real, failures = house.journal.route, [1, 2, 3]

    def sometimes(batch: object) -> bool:
        if failures:
            failures.pop()
            raise JournalUnavailable("the disk is full")
        return real(batch)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(house.journal, "route", sometimes)
    house.start(delivers=False)

    [event] = house.put()

    assert house.routing(event).state == "matched"
    assert failures == []
