"""Limits of targets, which hold over all who claim; circuits; order by key."""

from dataclasses import replace

import pytest

from eventhub.journal.port import (
    Bucket,
    Circuit,
    CircuitState,
    Claimed,
    Journal,
    Limits,
    ReasonClass,
    Settled,
)
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

CIRCUIT = Limits(circuit=Circuit(failures=3, ratio_percent=0, wait_seconds=30))


def pending(store: Journal, *targets: int, events: int = 1, key: str | None = None) -> None:
    append(store, *(new_event() for _ in range(events)))
    route(store, *(new_delivery(target, fifo_key=key) for target in targets))


def claim_within(store: Journal, limits: Limits, holder: str = "one", **members: object) -> list[Claimed]:
    return claim(store, holder=holder, limits={7: limits, 8: limits}, **members)


def test_no_more_are_in_flight_than_allowed_over_all_holders(store: Journal) -> None:
    pending(store, 7, events=20)
    limits = Limits(max_in_flight=5)

    one = claim_within(store, limits, limit=3)
    other = claim_within(store, limits, "other")

    assert (len(one), len(other)) == (3, 2)
    assert claim_within(store, limits, "third") == []
    store.settle([delivered(one[0])])
    assert len(claim_within(store, limits, "third")) == 1


def test_targets_that_share_a_bucket_share_its_tokens(store: Journal) -> None:
    pending(store, 7, 8, events=20)
    limits = Limits(buckets=(Bucket("destination 1", per_second=10, burst=4),))
    now = now_us()

    assert len(claim_within(store, limits, now=now)) == 4
    assert claim_within(store, limits, "other", now=now) == []
    due_at = store.next_due_at([], limits={7: limits, 8: limits})
    assert due_at is not None
    assert now < due_at <= now + SECOND // 10
    assert len(claim_within(store, limits, "other", now=due_at)) == 1


def opened(store: Journal) -> tuple[int, int]:
    pending(store, 7, events=5)
    now = now_us()
    store.settle([postponed(one, now) for one in claim_within(store, CIRCUIT, limit=3)])
    state = store.target_states()[7]
    assert (state.circuit, state.failures, state.pending) == (CircuitState.OPEN, 3, 5)
    assert state.next_probe_at is not None
    return now, state.next_probe_at


def test_an_open_circuit_lets_one_probe_through_and_closes_on_its_success(store: Journal) -> None:
    _now, probe_at = opened(store)

    assert claim_within(store, CIRCUIT, now=probe_at - 1) == []
    assert store.next_due_at([], limits={7: CIRCUIT}) == probe_at
    (probe,) = claim_within(store, CIRCUIT, now=probe_at)
    assert probe.probe
    assert claim_within(store, CIRCUIT, "other", now=probe_at) == []
    assert store.target_states()[7].circuit is CircuitState.HALF_OPEN

    store.settle([delivered(probe)])

    assert store.target_states()[7].circuit is CircuitState.CLOSED
    assert len(claim_within(store, CIRCUIT, now=probe_at)) == 4


def test_a_failed_probe_waits_again_and_a_released_one_does_not(store: Journal) -> None:
    _now, probe_at = opened(store)
    (probe,) = claim_within(store, CIRCUIT, now=probe_at)
    store.release([probe])
    (probe,) = claim_within(store, CIRCUIT, now=probe_at)

    failed = postponed(probe, probe_at)
    assert failed.attempt is not None
    store.settle([replace(failed, attempt=replace(failed.attempt, ended_at=probe_at))])

    assert store.target_states()[7].next_probe_at == probe_at + 30 * SECOND


def test_a_probe_that_is_hastened_goes_at_once(store: Journal) -> None:
    now, probe_at = opened(store)
    soon = now + SECOND
    assert claim_within(store, CIRCUIT, now=soon) == []

    assert store.hasten_probe(7, now=soon)

    assert store.target_states()[7].next_probe_at == soon < probe_at
    (probe,) = claim_within(store, CIRCUIT, now=soon)
    assert probe.probe
    assert claim_within(store, CIRCUIT, "other", now=soon) == []


def test_a_probe_under_way_and_a_closed_circuit_are_not_hastened(store: Journal) -> None:
    _now, probe_at = opened(store)
    (probe,) = claim_within(store, CIRCUIT, now=probe_at)

    assert not store.hasten_probe(7, now=probe_at)
    assert claim_within(store, CIRCUIT, "other", now=probe_at + SECOND) == []
    store.settle([delivered(probe)])
    assert not store.hasten_probe(7, now=probe_at)
    assert not store.hasten_probe(99, now=probe_at)


def test_our_own_failures_and_successes_keep_it_closed(store: Journal) -> None:
    pending(store, 7, events=10)
    claimed = claim_within(store, CIRCUIT)
    now = now_us()

    def ours(one: Claimed) -> Settled:
        failed = postponed(one, now)
        assert failed.attempt is not None
        return replace(failed, attempt=replace(failed.attempt, reason_class=ReasonClass.OURS))

    store.settle([ours(one) for one in claimed[:5]])
    store.settle([postponed(one, now) for one in claimed[5:7]])
    store.settle([delivered(claimed[7])])
    store.settle([postponed(one, now) for one in claimed[8:]])

    assert store.target_states()[7].circuit is CircuitState.CLOSED


def test_a_ratio_opens_it_from_twenty_attempts_on(store: Journal) -> None:
    limits = Limits(circuit=Circuit(failures=0, ratio_percent=50, wait_seconds=30))
    pending(store, 7, events=21)
    claimed = claim_within(store, limits)
    now = now_us()

    store.settle(
        [postponed(one, now) if number % 2 else delivered(one) for number, one in enumerate(claimed[:18])]
    )
    before = store.target_states()[7].circuit
    store.settle([postponed(one, now) for one in claimed[18:]])

    assert (before, store.target_states()[7].circuit) == (CircuitState.CLOSED, CircuitState.OPEN)


@pytest.mark.parametrize("end", [delivered, dead])
def test_only_the_head_of_a_key_goes_and_its_end_lets_the_next_go(store: Journal, end: object) -> None:
    pending(store, 7, events=3, key="order 1")
    pending(store, 7, key="order 2")
    going = claim(store)
    assert len(going) == 2
    assert claim(store, now=now_us() + SECOND) == []

    head, other = going
    assert other.fifo_key == "order 2"
    store.settle([delivered(other), postponed(head, now_us() + 60 * SECOND)])
    assert claim(store, now=now_us() + SECOND) == []
    state = store.target_states()[7]
    assert state.blocked_keys == 1
    assert [(one.key, one.delivery_id, one.attempts) for one in state.blocked] == [
        ("order 1", head.delivery_id, 1)
    ]

    (head,) = claim(store, now=now_us() + 60 * SECOND)
    store.settle([end(head)])  # type: ignore[operator]  # one of the two builders
    (following,) = claim(store, now=now_us() + SECOND)
    assert (following.delivery_id > head.delivery_id, following.fifo_key) == (True, "order 1")


def test_a_dead_ones_successor_is_made_with_it_and_says_why(store: Journal) -> None:
    pending(store, 7)
    (claimed,) = claim(store)
    why = {"ERROR_CODE": "NO_PERMISSIONS", "RETRY_ATTEMPTS": "3"}

    store.settle([dead(claimed, successor=new_delivery(9, attributes=why))])

    (successor,) = claim(store, now=now_us() + SECOND)
    assert (successor.target_id, successor.attributes) == (9, why)
    assert successor.stored == claimed.stored
    assert successor.attempts == 0
