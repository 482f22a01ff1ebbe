"""Keeping: tables, health, pruning."""

from collections.abc import Callable
from typing import Any

from eventhub.journal.port import START, Journal, NewEvent, Tail
from tests.journal.build import DAY, append, claim, dead, delivered, new_delivery, new_event, now_us, route
from tests.journal.conformance.conftest import Place


def prune(store: Journal, *, days: int = 7, max_bytes: int = 0) -> int:
    removed = 0
    while True:
        pruned = store.prune(before=now_us() - days * DAY, max_bytes=max_bytes, min_free_bytes=0)
        removed += pruned.events
        if not pruned.more:
            return removed


def old_event(**members: Any) -> NewEvent:
    return new_event(accepted_at=now_us() - 10 * DAY, **members)


def test_migrating_twice_changes_nothing(store: Journal, place: Place) -> None:
    append(store, new_event())
    epoch = store.epoch()
    store.close()

    again = place.open()

    assert again.epoch() == epoch != ""
    assert len(again.read(1, START, 10)) == 1


def test_a_journal_made_anew_has_another_epoch(make_place: Callable[[], Place]) -> None:
    assert make_place().open().epoch() != make_place().open().epoch()


def test_health_counts_what_waits(store: Journal) -> None:
    first = new_event()
    append(store, first, new_event(), new_event(bus_id=2, bus="other"))
    waiting = store.health()
    route(store, new_delivery(7))
    routed = store.health()

    assert (waiting.writable, waiting.reason) == (True, "")
    assert (waiting.unrouted, waiting.oldest_unrouted_at) == (3, first.accepted_at)
    assert (waiting.pending, waiting.oldest_pending_at) == (0, None)
    assert routed.unrouted == 1
    assert (routed.pending, routed.oldest_pending_at) == (2, first.accepted_at)
    assert routed.size_bytes > 0


def test_old_events_go_with_all_their_rows(store: Journal) -> None:
    append(store, old_event(), old_event(), new_event())
    route(store, new_delivery(7))
    first, *others = claim(store)
    store.settle([dead(first), *(delivered(one) for one in others)])

    assert prune(store) == 2

    fed = store.feed(Tail(), 100)
    assert (len(fed.events), len(fed.routings), len(fed.attempts), len(fed.dead_letters)) == (1, 1, 1, 0)


def test_unrouted_and_pending_events_stay(store: Journal) -> None:
    append(store, old_event())
    route(store, new_delivery(7))
    append(store, old_event())

    assert prune(store) == 0
    assert len(claim(store)) == 1


def test_what_stayed_goes_once_it_is_done(store: Journal) -> None:
    append(store, *(old_event() for _ in range(3)))
    route(store, new_delivery(7))
    prune(store)
    store.settle([delivered(one) for one in claim(store)])

    assert prune(store) == 3


def test_more_than_one_chunk_goes_in_several(store: Journal) -> None:
    append(store, *(old_event() for _ in range(1200)))
    route(store)

    first = store.prune(before=now_us() - 7 * DAY, max_bytes=0, min_free_bytes=0)

    assert first.more
    assert first.events < 1200
    assert first.events + prune(store) == 1200


def test_positions_are_never_given_twice(store: Journal, place: Place) -> None:
    append(store, old_event())
    (gone,) = route(store)
    prune(store)
    store.close()

    reopened = place.open()
    append(reopened, new_event())

    assert reopened.read(1, START, 10)[0].position > gone.position


def test_spent_keys_are_forgotten_and_fresh_ones_kept(store: Journal) -> None:
    append(store, old_event(key="old"), new_event(key="fresh"))
    prune(store)

    appended = append(store, old_event(key="old"), new_event(key="fresh"))

    assert [one.duplicate for one in appended] == [False, True]


def test_counts_of_repeats_go_with_old_events(store: Journal, place: Place) -> None:
    append(store, old_event(key="old"), old_event(key="old"), new_event(key="fresh"), new_event(key="fresh"))
    route(store)
    prune(store)

    assert place.rows("SELECT times FROM repeated") == [(1,)]
