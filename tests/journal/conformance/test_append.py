"""Accepting: durable, all or none, each key once."""

import threading
from uuid import UUID

import pytest

from eventhub.journal.port import START, UNKNOWN_BUS, Appended, Hint, Journal, JournalUnavailable
from tests.journal.build import DAY, SECOND, append, new_event, now_us, until
from tests.journal.conformance.conftest import Place


def test_an_event_comes_back_as_it_was_given(store: Journal) -> None:
    event = new_event(
        detail_type="Größe ✓",
        resources=b'["arn:a","arn:b"]',
        detail='{"price": 1e400, "id": 18446744073709551616, "name": "é\\u0000"}'.encode(),
        attributes=b'{"traceparent": "00-1"}',
        key="order-1",
        cause_id=UUID(int=5),
        hops=3,
    )

    append(store, event)

    assert [stored.event for stored in store.read(1, START, 10)] == [event]


def test_events_are_read_in_the_order_in_which_they_were_given(store: Journal) -> None:
    events = [new_event() for _ in range(300)]
    append(store, *events[:1])
    append(store, *events[1:])

    read = store.read(1, START, 1000)

    assert [stored.event.id for stored in read] == [event.id for event in events]
    assert [stored.position for stored in read] == sorted(stored.position for stored in read)


def test_reading_goes_on_after_a_position_and_stays_on_its_bus(store: Journal) -> None:
    mine = [new_event() for _ in range(5)]
    append(store, mine[0], new_event(bus_id=2, bus="other"), *mine[1:])

    first = store.read(1, START, 2)
    rest = store.read(1, first[-1].position, 100)

    assert [stored.event for stored in [*first, *rest]] == mine


def repeats(place: Place) -> dict[UUID, tuple[int, int]]:
    rows = place.rows("SELECT event_id, times, last_at FROM repeated")
    return {UUID(str(event_id)): (times, last_at) for event_id, times, last_at in rows}


def test_a_repeated_key_gives_the_first_events_id_and_stores_nothing(store: Journal) -> None:
    first, again, inside = (new_event(key="order-1") for _ in range(3))
    assert [one.duplicate for one in append(store, first)] == [False]

    repeated = append(store, again, inside)

    assert [(one.id, one.duplicate) for one in repeated] == [(first.id, True), (first.id, True)]
    assert len(store.read(1, START, 10)) == 1


def test_a_key_repeated_within_one_call_is_stored_once(store: Journal) -> None:
    first, again = new_event(key="order-1"), new_event(key="order-1")

    appended = append(store, first, again)

    assert [(one.id, one.duplicate) for one in appended] == [(first.id, False), (first.id, True)]


def test_a_key_counts_per_bus_and_source(store: Journal) -> None:
    appended = append(
        store,
        new_event(key="1"),
        new_event(key="1", source="warehouse"),
        new_event(key="1", bus_id=2, bus="other"),
    )

    assert not any(one.duplicate for one in appended)


def test_a_key_is_free_again_after_a_day(store: Journal) -> None:
    append(store, new_event(key="1"))

    before = append(store, new_event(key="1", accepted_at=now_us() + DAY - 60 * SECOND))
    after = append(store, new_event(key="1", accepted_at=now_us() + DAY + 60 * SECOND))

    assert (before[0].duplicate, after[0].duplicate) == (True, False)


def test_what_comes_again_is_counted_with_its_moment(store: Journal, place: Place) -> None:
    first, once = new_event(key="order-1"), new_event(key="order-2")
    append(store, first, once, new_event(key="order-1"), new_event())
    again = [new_event(key="order-1"), new_event(key="order-1", accepted_at=now_us() + SECOND)]
    append(store, *reversed(again))

    assert repeats(place) == {first.id: (3, again[-1].accepted_at)}


def test_a_key_that_many_callers_use_at_once_is_stored_once(place: Place) -> None:
    stores = [place.open(), place.open()] if place.engine == "postgres" else [place.open()]
    appended: list[Appended] = []

    def call(store: Journal) -> None:
        for number in range(50):
            # Both ways round, so that two committers could wait for each other crosswise.
            keys = [f"a{number}", f"b{number}"]
            appended.extend(append(store, *(new_event(key=key) for key in keys)))
            appended.extend(append(store, *(new_event(key=key) for key in reversed(keys))))

    callers = [threading.Thread(target=call, args=(store,)) for store in stores * 4]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    kept = {stored.event.id for stored in stores[0].read(1, START, 1000)}
    assert len(kept) == 100
    assert {one.id for one in appended} == kept
    assert sum(not one.duplicate for one in appended) == 100
    assert sum(times for times, _ in repeats(place).values()) == len(appended) - 100


def test_how_long_a_key_counts_can_be_set(place: Place) -> None:
    store = place.open(key_seconds=3600)
    append(store, new_event(key="1"))

    before = append(store, new_event(key="1", accepted_at=now_us() + 3540 * SECOND))
    after = append(store, new_event(key="1", accepted_at=now_us() + 3660 * SECOND))

    assert (before[0].duplicate, after[0].duplicate) == (True, False)


def test_a_key_is_known_after_a_restart(store: Journal, place: Place) -> None:
    first = new_event(key="1")
    append(store, first)
    store.close()

    [again] = append(place.open(), new_event(key="1"))

    assert (again.id, again.duplicate) == (first.id, True)


def test_one_bad_call_fails_alone_and_whole(store: Journal) -> None:
    good = [new_event() for _ in range(20)]
    futures = [store.append([event]) for event in good[:10]]
    bad = store.append([new_event(), new_event(detail=b'{"not utf-8": "\xff"}')])
    futures += [store.append([event]) for event in good[10:]]

    assert isinstance(bad.exception(timeout=20), UnicodeDecodeError)
    for future in futures:
        future.result(timeout=20)
    assert [stored.event for stored in store.read(1, START, 100)] == good


def test_many_callers_are_all_answered_and_all_durable(store: Journal, place: Place) -> None:
    ids: list[UUID] = []

    def call() -> None:
        for _ in range(25):
            ids.append(append(store, new_event())[0].id)

    callers = [threading.Thread(target=call) for _ in range(16)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    store.close()

    read = place.open().read(1, START, 1000)
    assert sorted(stored.event.id for stored in read) == sorted(ids)


def test_closing_finishes_what_was_handed_in(store: Journal, place: Place) -> None:
    futures = [store.append([new_event()]) for _ in range(50)]

    store.close()

    assert all(future.done() for future in futures)
    assert len(place.open().read(1, START, 100)) == 50


def test_a_closed_journal_says_so(store: Journal) -> None:
    store.close()

    with pytest.raises(JournalUnavailable, match="closed"):
        store.append([new_event()])


def test_watchers_hear_of_events(store: Journal) -> None:
    heard: list[Hint] = []
    store.watch(heard.append)

    append(store, new_event())

    until(lambda: Hint.EVENTS in heard)


def test_a_watcher_that_raises_stops_nothing(store: Journal) -> None:
    def fail(_hint: Hint) -> None:
        raise ValueError("a watcher's bug")

    heard: list[Hint] = []
    store.watch(fail)
    store.watch(heard.append)
    append(store, new_event())
    append(store, new_event())

    until(lambda: heard)


def test_events_of_an_unknown_bus_are_kept(store: Journal) -> None:
    append(store, new_event(bus_id=UNKNOWN_BUS, bus="nowhere"))

    assert store.buses() == [UNKNOWN_BUS]
    assert [stored.event.bus for stored in store.read(UNKNOWN_BUS, START, 10)] == ["nowhere"]
