"""Routing: one holder per bus, committed whole, from the cursor that was read."""

import pytest

from eventhub.journal.port import START, Hint, Journal, OutcomeState, RuleInForce, Tail
from tests.journal.build import append, batch_of, claim, new_delivery, new_event, route, until
from tests.journal.conformance.conftest import Place

RULES = [RuleInForce(1, "a", 1, True), RuleInForce(2, "b", 4, False)]


def test_a_ruleset_keeps_its_number(store: Journal) -> None:
    first = store.ruleset(1, RULES)

    assert store.ruleset(1, RULES[::-1]) == first
    assert store.ruleset(2, RULES) != first
    assert store.ruleset(1, RULES[:1]) != first


def test_a_cursor_has_one_holder_until_its_lease_ends(store: Journal) -> None:
    assert store.cursor(1, holder="a", lease_seconds=0.3) == START
    assert store.cursor(1, holder="b", lease_seconds=30) is None
    assert store.cursor(1, holder="a", lease_seconds=0.3) == START

    until(lambda: store.cursor(1, holder="b", lease_seconds=30) == START)
    assert store.cursor(1, holder="a", lease_seconds=30) is None


def test_routing_moves_the_cursor_and_makes_deliveries(store: Journal) -> None:
    append(store, new_event(), new_event())

    events = route(store, new_delivery(7), new_delivery(8))

    assert store.cursor(1, holder="router", lease_seconds=30) == events[-1].position
    assert store.read(1, events[-1].position, 10) == []
    assert sorted(one.target_id for one in claim(store)) == [7, 7, 8, 8]


def test_a_batch_commits_only_from_the_cursor_it_was_read_at(store: Journal) -> None:
    append(store, new_event())
    events = route(store, new_delivery())

    assert not store.route(batch_of(store, events, START, new_delivery()))
    assert len(claim(store)) == 1


def test_of_two_batches_from_one_cursor_the_first_counts_whoever_holds_it(store: Journal) -> None:
    append(store, new_event())
    store.cursor(1, holder="slow", lease_seconds=0.05)
    events = store.read(1, START, 10)
    until(lambda: store.cursor(1, holder="next", lease_seconds=30) == START)

    assert store.route(batch_of(store, events, START, new_delivery()))  # the slow one's
    assert not store.route(batch_of(store, events, START, new_delivery()))  # the next one's
    assert len(claim(store)) == 1
    assert store.cursor(1, holder="next", lease_seconds=30) == events[-1].position


@pytest.mark.parametrize(
    "state",
    [
        OutcomeState.RULE_DISABLED,
        OutcomeState.SHADOW,
        OutcomeState.TOO_COMPLEX,
        OutcomeState.NO_TARGET,
        OutcomeState.LOOP,
    ],
)
def test_what_is_not_made_leaves_an_outcome_and_no_delivery(store: Journal, state: OutcomeState) -> None:
    append(store, new_event())

    route(store, new_delivery(None, state=state, reason="because"))

    assert claim(store) == []
    (routing,) = store.feed(Tail(), 10).routings
    assert [outcome[3] for outcome in routing.outcomes] == [state]


def test_buses_are_those_with_events_or_a_cursor(store: Journal) -> None:
    append(store, new_event(bus_id=5, bus="five"), new_event(bus_id=0, bus="nowhere"))
    store.cursor(5, holder="router", lease_seconds=30)

    assert sorted(store.buses()) == [0, 5]


def test_large_batches_commit_too(store: Journal) -> None:
    append(store, *(new_event() for _ in range(1500)))

    route(store, new_delivery(7), new_delivery(8))

    assert len(claim(store, limit=5000, per_target=5000)) == 3000


def test_a_cursor_outlives_the_process(store: Journal, place: Place) -> None:
    append(store, new_event())
    events = route(store)
    store.close()

    assert place.open().cursor(1, holder="router", lease_seconds=30) == events[-1].position


def test_watchers_hear_of_deliveries(store: Journal) -> None:
    append(store, new_event())
    heard: list[Hint] = []
    store.watch(heard.append)

    route(store, new_delivery())

    until(lambda: Hint.DELIVERIES in heard)
