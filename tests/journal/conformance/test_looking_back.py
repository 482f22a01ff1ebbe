"""What was counted and timed can be read again: by step, by what it is of, and only where it may be seen."""

import pytest

from eventhub.journal.counted import BOUNDS_MS, Counted
from eventhub.journal.looking_back import together
from eventhub.journal.port import CircuitState, Grain, Journal, Past, TargetState
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

NOON = 1_795_867_200  # any whole hour, in seconds


def roll(journal: Journal) -> None:
    """Roll up everything."""
    while (rolled := journal.roll_up()) is None or rolled.more:
        pass


def accepted(journal: Journal, *seconds_after_noon: int, source: str = "shop", bus_id: int = 1) -> None:
    """Accept an event at each of these moments."""
    append(
        journal,
        *(
            new_event(accepted_at=(NOON + second) * SECOND, source=source, bus_id=bus_id)
            for second in seconds_after_noon
        ),
    )


def busy_minute(journal: Journal) -> Past:
    """Make four attempts at target 7, one of them in vain, and give one event up; return when."""
    began = now_us() // SECOND
    append(journal, *(new_event() for _ in range(4)))
    route(journal, new_delivery(7))
    good, again, bad, last = claim(journal)
    journal.settle([delivered(good), postponed(again, now_us() + 60 * SECOND), dead(bad), delivered(last)])
    roll(journal)
    return Past(began, now_us() // SECOND + 2, Grain.SECOND)


def test_a_series_has_a_sum_for_each_step_where_something_happened(store: Journal) -> None:
    accepted(store, 0, 14, 15, 15, 29, 46)
    roll(store)

    bars = store.counts("accepted", Past(NOON, NOON + 60, Grain.SECOND, step=15), by=())

    assert [(bar.at - NOON, bar.count) for bar in bars] == [(0, 2), (15, 3), (45, 1)]


def test_a_span_ends_before_its_last_second(store: Journal) -> None:
    accepted(store, 9, 10, 19, 20)
    roll(store)

    (whole,) = store.counts("accepted", Past(NOON + 10, NOON + 20, Grain.TEN), by=())

    assert (whole.at, whole.count) == (NOON + 10, 2)


def test_counts_are_told_apart_by_what_is_asked(store: Journal) -> None:
    accepted(store, 1, 2, source="shop")
    accepted(store, 3, source="till", bus_id=2)
    accepted(store, 4, source="till")
    roll(store)
    past = Past(NOON, NOON + 60, Grain.MINUTE)

    by_source = store.counts("source", past, by=("a",))
    by_bus = store.counts("source", past, by=("bus_id",))
    each = store.counts("source", past)

    assert [(one.counted.a, one.count) for one in by_source] == [("shop", 2), ("till", 2)]
    assert [(one.counted.bus_id, one.count) for one in by_bus] == [(1, 3), (2, 1)]
    assert Counted("source", 2, "till", 0) in {one.counted for one in each}


def test_only_what_may_be_seen_is_counted(store: Journal) -> None:
    accepted(store, 1, 2)
    accepted(store, 3, bus_id=2)
    roll(store)
    past = Past(NOON, NOON + 60, Grain.MINUTE)

    mine = store.counts("accepted", past, by=(), bus_ids=[2])
    of_till = store.counts("source", past, a=["till"])
    of_none = store.counts("accepted", past, bus_ids=[])

    assert ([one.count for one in mine], of_till, of_none) == ([1], [], [])


def test_attempts_and_errors_of_one_target_are_counted_with_those_in_vain(store: Journal) -> None:
    past = busy_minute(store)

    (tried,) = store.counts("attempt", past, by=("a",), b=[7])
    errors = store.counts("error", past, by=("a",), b=[7])
    elsewhere = store.counts("attempt", past, b=[8])
    (all_tried,) = store.counts("attempted", past)

    assert (tried.counted.a, tried.count, tried.failed) == (3, 4, 2)
    assert sorted((one.counted.a, one.count) for one in errors) == [("4xx", 1), ("5xx", 1)]
    assert elsewhere == []
    assert (all_tried.count, all_tried.failed) == (4, 2)


def test_every_grain_tells_the_same_sums_as_the_journal_holds(store: Journal) -> None:
    busy_minute(store)

    for grain in Grain:
        everything = Past(0, 2**40, grain)
        (arrived,) = store.counts("accepted", everything, by=())
        (tried,) = store.counts("attempted", everything, by=())
        (matched,) = store.counts("match", everything, by=())
        (given_up,) = store.counts("dead", everything, by=())
        assert (arrived.count, matched.count, tried.count, given_up.count) == (4, 4, 4, 1)


def test_of_a_gauge_the_highest_of_each_step_is_told_and_targets_are_added(store: Journal) -> None:
    store.note_gauges(NOON, {7: TargetState(pending=12), 8: TargetState(pending=5)})
    store.note_gauges(NOON + 30, {7: TargetState(CircuitState.OPEN, pending=3)})

    by_target = store.counts("backlog", Past(NOON, NOON + 60, Grain.TEN, step=60), by=("a",))
    (both,) = store.counts("backlog", Past(NOON, NOON + 60, Grain.TEN), by=())

    assert [(one.counted.a, one.count, one.failed) for one in by_target] == [(7, 12, 1), (8, 5, 0)]
    assert (both.count, both.failed) == (17, 1)


def test_latencies_tell_quantiles_of_one_target_and_of_several_together(store: Journal) -> None:
    past = busy_minute(store)

    (of_target,) = store.latencies("target", past, ids=[7])
    buses = together(store.latencies("bus", past, ids=[1, 2]))

    assert sum(of_target.buckets) == 4
    assert buses is not None
    assert sum(buses.buckets) == 2
    assert 0 < of_target.quantile(0.5) <= of_target.quantile(0.99) <= BOUNDS_MS[-1]
    assert store.latencies("target", past, ids=[8]) == []


def test_what_is_no_kind_part_or_step_is_refused(store: Journal) -> None:
    past = Past(NOON, NOON + 60, Grain.MINUTE)

    with pytest.raises(ValueError, match="kind: wanted one of source"):
        store.counts("sauce", past)
    with pytest.raises(ValueError, match="kind: wanted one of all"):
        store.latencies("source", past)
    with pytest.raises(ValueError, match="by: wanted bus_id, a, b, found c"):
        store.counts("source", past, by=("c",))
    with pytest.raises(ValueError, match="step: wanted a multiple of 60 seconds, found 90"):
        Past(NOON, NOON + 180, Grain.MINUTE, step=90)
