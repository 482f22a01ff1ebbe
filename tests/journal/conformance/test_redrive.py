"""Redriving: dead letters come back with their history, at a rate, and may be stopped."""

from eventhub.journal.port import DeadLetter, Journal, Redrive, RedriveState, Selection
from tests.journal.build import (
    DAY,
    SECOND,
    append,
    claim,
    dead,
    delivered,
    new_delivery,
    new_event,
    now_us,
    route,
)


def buried(store: Journal, *targets: int, events: int = 1) -> None:
    append(store, *(new_event() for _ in range(events)))
    route(store, *(new_delivery(target) for target in targets))
    store.settle([dead(one) for one in claim(store)])


def start(store: Journal, selection: Selection, per_second: float = 1000) -> Redrive:
    return store.start_redrive(selection, per_second=per_second, now=now_us(), who="user:test")


def chunk(store: Journal, redrive: Redrive, *, now: int | None = None, refused: str = "") -> Redrive | None:
    def refusal(_letter: DeadLetter) -> str:
        return refused

    return store.redrive(redrive.id, limit=100, now=now or now_us(), refusal=refusal)


def test_a_redriven_delivery_keeps_its_number_and_its_attempts(store: Journal) -> None:
    append(store, new_event())
    route(store, new_delivery(7))
    (first,) = claim(store)
    store.settle([dead(first)])

    after = chunk(store, start(store, Selection()))

    assert after is not None
    assert (after.state, after.total, after.done, after.skipped) == (RedriveState.DONE, 1, 1, 0)
    (again,) = claim(store)
    assert again.delivery_id == first.delivery_id
    assert (again.attempts, again.budget_from) == (1, 1)
    assert again.redriven_at is not None
    assert store.settle([delivered(again)]) == [True]


def test_a_filter_selects_and_a_dry_run_only_counts(store: Journal) -> None:
    buried(store, 7, 8, events=3)

    assert store.count_dead_letters(Selection(target="target 7")) == 3
    assert store.count_dead_letters(Selection()) == 6
    assert store.count_dead_letters(Selection(status=500)) == 0
    assert claim(store) == []

    chunk(store, start(store, Selection(target="target 7")))

    assert {one.target_id for one in claim(store)} == {7}
    assert store.count_dead_letters(Selection()) == 3


def test_the_rate_holds(store: Journal) -> None:
    buried(store, 7, events=20)
    redrive = start(store, Selection(), per_second=10)
    now = now_us()

    done = [chunk(store, redrive, now=now + tenth * SECOND // 10) for tenth in range(6)]

    assert [one.done for one in done if one] == [5, 6, 7, 8, 9, 10]


def test_a_paused_one_waits_and_a_cancelled_one_is_over(store: Journal) -> None:
    buried(store, 7, events=3)
    redrive = start(store, Selection())

    assert store.steer_redrive(redrive.id, RedriveState.PAUSED, now=now_us())
    assert (store.running_redrives(), chunk(store, redrive)) == ([], None)
    assert store.steer_redrive(redrive.id, RedriveState.RUNNING, now=now_us())
    assert [one.id for one in store.running_redrives()] == [redrive.id]
    assert store.steer_redrive(redrive.id, RedriveState.CANCELLED, now=now_us())
    assert not store.steer_redrive(redrive.id, RedriveState.RUNNING, now=now_us())
    assert claim(store) == []


def test_what_is_gone_is_skipped_with_its_reason(store: Journal) -> None:
    buried(store, 7, events=2)

    after = chunk(store, start(store, Selection()), refused="the target is deleted")

    assert after is not None
    assert (after.done, after.skipped, after.skips) == (0, 2, {"the target is deleted": 2})
    assert store.count_dead_letters(Selection()) == 2


def test_one_that_dies_again_does_not_join(store: Journal) -> None:
    buried(store, 7, events=10)
    redrive = start(store, Selection(), per_second=10)
    chunk(store, redrive)
    store.settle([dead(one) for one in claim(store)])

    after = chunk(store, redrive, now=now_us() + 60 * SECOND)
    last = chunk(store, redrive, now=now_us() + 120 * SECOND)

    assert after is not None
    assert last is not None
    assert (last.state, last.done) == (RedriveState.DONE, 10)


def test_a_redriven_old_event_stays_until_it_is_done(store: Journal) -> None:
    append(store, new_event(accepted_at=now_us() - 10 * DAY))
    route(store, new_delivery(7))
    store.settle([dead(one) for one in claim(store)])
    chunk(store, start(store, Selection()))

    assert store.prune(before=now_us() - 7 * DAY, max_bytes=0, min_free_bytes=0).events == 0
    (again,) = claim(store)
    assert store.settle([delivered(again)]) == [True]
    assert again.target_id == 7
