"""Delivering: leases, fairness between targets, and what settling leaves."""

from collections import Counter

from eventhub.journal.port import START, Journal, Limits, OutcomeState, ReasonClass, Tail
from tests.journal.build import (
    SECOND,
    append,
    claim,
    dead,
    delivered,
    new_delivery,
    new_event,
    now_us,
    postponed,
    route,
)
from tests.journal.conformance.conftest import Place


def pending(store: Journal, *targets: int, events: int = 1) -> None:
    append(store, *(new_event() for _ in range(events)))
    route(store, *(new_delivery(target) for target in targets))


def test_a_claim_holds_all_that_an_attempt_needs(store: Journal) -> None:
    pending(store, 7)

    (claimed,) = claim(store)

    assert claimed.stored == store.read(1, START, 1)[0]
    assert (claimed.rule_id, claimed.rule, claimed.rule_version) == (3, "big orders", 2)
    assert (claimed.target_id, claimed.target) == (7, "target 7")
    assert (claimed.attempts, claimed.first_at) == (0, None)
    assert claimed.due_at == claimed.routed_at


def test_a_leased_delivery_is_not_claimed_again(store: Journal) -> None:
    pending(store, 7)
    claim(store)

    assert claim(store) == []


def test_an_expired_lease_can_be_claimed_again_and_the_zombie_changes_nothing(store: Journal) -> None:
    pending(store, 7)
    (zombie,) = claim(store, lease_seconds=10)

    (heir,) = claim(store, now=now_us() + 11 * SECOND)

    assert heir.lease_id != zombie.lease_id
    assert store.settle([dead(zombie)]) == [False]
    assert store.feed(Tail(), 10).dead_letters == []
    assert store.settle([delivered(heir)]) == [True]


def test_each_target_has_leases_of_its_own_length(store: Journal) -> None:
    pending(store, 7, 8)
    limits = {7: Limits(lease_seconds=10), 8: Limits(lease_seconds=1000)}
    assert len(claim(store, limits=limits)) == 2

    (again,) = claim(store, now=now_us() + 11 * SECOND, limits=limits)

    assert again.target_id == 7


def test_a_lease_that_ran_out_unclaimed_still_settles(store: Journal) -> None:
    pending(store, 7)
    (slow,) = claim(store, lease_seconds=0)

    assert store.settle([delivered(slow)]) == [True]


def test_a_long_lane_leaves_room_for_the_others(store: Journal) -> None:
    pending(store, 7, events=100)
    pending(store, 8, 9, events=5)

    claimed = Counter(one.target_id for one in claim(store, limit=30))

    assert claimed[8] == claimed[9] == 5
    assert claimed.total() == 30


def test_a_target_takes_no_more_than_its_room(store: Journal) -> None:
    pending(store, 7, 8, 9, events=20)

    claimed = Counter(one.target_id for one in claim(store, per_target=10, in_flight={7: 4, 8: 10}))

    assert claimed == {7: 6, 9: 10}


def test_a_targets_room_is_found_behind_its_leased_deliveries(store: Journal) -> None:
    pending(store, 7, events=20)
    first = claim(store, per_target=10)

    second = claim(store, per_target=15, in_flight={7: 10})

    assert (len(first), len(second)) == (10, 5)
    assert not {one.delivery_id for one in first} & {one.delivery_id for one in second}


def test_waiting_targets_are_left_alone(store: Journal) -> None:
    pending(store, 7, 8)

    assert [one.target_id for one in claim(store, waiting=[7])] == [8]


def test_the_earliest_due_comes_first(store: Journal) -> None:
    pending(store, 7, events=3)
    first, *others = claim(store)
    store.release(others)
    store.settle([postponed(first, now_us() - 1)])

    again = claim(store, per_target=2)

    assert [one.delivery_id for one in again] == sorted(one.delivery_id for one in others)


def test_a_delivered_one_is_gone_and_its_attempt_told(store: Journal) -> None:
    pending(store, 7)
    (claimed,) = claim(store)

    assert store.settle([delivered(claimed)]) == [True]

    assert claim(store, now=now_us() + 3600 * SECOND) == []
    (told,) = store.feed(Tail(), 10).attempts
    assert (told.delivery_id, told.state, told.status) == (claimed.delivery_id, OutcomeState.DELIVERED, 200)
    assert (told.event_id, told.took_ms) == (claimed.stored.event.id, 5.0)
    assert store.settle([delivered(claimed)]) == [False]


def test_a_postponed_one_comes_back_when_due_with_its_attempts(store: Journal) -> None:
    pending(store, 7)
    (claimed,) = claim(store)
    due_at = now_us() + 60 * SECOND

    store.settle([postponed(claimed, due_at)])

    assert claim(store) == []
    (again,) = claim(store, now=due_at)
    assert (again.attempts, again.due_at) == (1, due_at)
    assert again.first_at is not None
    assert again.delivery_id == claimed.delivery_id


def test_a_dead_one_leaves_a_dead_letter_with_its_reason(store: Journal) -> None:
    pending(store, 7)
    (claimed,) = claim(store)

    store.settle([dead(claimed)])

    assert claim(store, now=now_us() + 3600 * SECOND) == []
    (letter,) = store.feed(Tail(), 10).dead_letters
    assert (letter.delivery_id, letter.target_id) == (claimed.delivery_id, 7)
    assert (letter.reason_class, letter.reason) == (ReasonClass.RECEIVER, "answered 410 Gone")


def test_a_dead_one_needs_no_attempt(store: Journal) -> None:
    pending(store, 7)
    (claimed,) = claim(store)

    store.settle([dead(claimed, attempt=None, reason_class=ReasonClass.OURS, reason="deleted")])

    fed = store.feed(Tail(), 10)
    assert (len(fed.attempts), len(fed.dead_letters)) == (0, 1)


def test_a_mixed_settlement_answers_each(store: Journal) -> None:
    pending(store, 7, events=3)
    one, two, three = claim(store)
    store.settle([delivered(two)])

    settled = [delivered(one), delivered(two), postponed(three, now_us() + SECOND)]

    assert store.settle(settled) == [True, False, True]


def test_a_bus_targets_entries_are_accepted_with_the_settlement(store: Journal) -> None:
    pending(store, 7)
    (claimed,) = claim(store)
    put_on = new_event(
        bus_id=2, bus="marketing", cause_id=claimed.stored.event.id, hops=1, key="kept, not claimed"
    )

    store.settle([delivered(claimed, entries=[put_on])])
    store.settle([delivered(claimed, entries=[new_event(bus_id=2, bus="marketing")])])

    assert [stored.event for stored in store.read(2, START, 10)] == [put_on]


def test_a_released_delivery_is_due_at_once(store: Journal) -> None:
    pending(store, 7)
    first = claim(store)

    store.release(first)

    (again,) = claim(store)
    assert (again.delivery_id, again.attempts) == (first[0].delivery_id, 0)
    assert store.settle([delivered(first[0])]) == [False]


def test_next_due_is_the_earliest_that_can_be_claimed(store: Journal) -> None:
    assert store.next_due_at([]) is None
    pending(store, 7)
    (claimed,) = claim(store, lease_seconds=3600)
    lease_end = store.next_due_at([])
    assert lease_end is not None
    assert lease_end > now_us() + 3500 * SECOND

    store.settle([postponed(claimed, now_us() + 60 * SECOND)])
    due_at = store.next_due_at([])

    assert due_at is not None
    assert now_us() < due_at <= now_us() + 60 * SECOND
    assert store.next_due_at([7]) is None


def test_pending_deliveries_outlive_the_process(store: Journal, place: Place) -> None:
    pending(store, 7, events=3)
    store.close()

    assert len(claim(place.open())) == 3


def test_claiming_stays_quick_behind_many_pending_ones(store: Journal) -> None:
    for _ in range(10):
        pending(store, 7, 8, events=500)

    claimed = claim(store, limit=100, per_target=100)

    assert len(claimed) == 100
    assert all(store.settle([delivered(one) for one in claimed]))
