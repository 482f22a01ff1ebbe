"""The live view's tail: each row once, in order, and the tail after it."""

import threading

from eventhub.journal.port import Journal, RoutingState, Tail
from tests.journal.build import append, claim, dead, delivered, new_delivery, new_event, route, until
from tests.journal.conformance.conftest import Place


def test_the_head_is_where_the_feed_ends(store: Journal) -> None:
    append(store, new_event(), new_event())
    route(store, new_delivery())
    store.settle([dead(one) for one in claim(store)])

    fed = store.feed(Tail(), 100)

    assert fed.tail == store.head()
    assert store.feed(store.head(), 100).events == []


def test_an_empty_journal_feeds_nothing(store: Journal) -> None:
    fed = store.feed(store.head(), 100)

    assert (fed.tail, fed.events, fed.routings, fed.attempts, fed.dead_letters) == (
        store.head(),
        [],
        [],
        [],
        [],
    )
    assert not fed.more


def test_every_table_is_fed_with_what_the_live_view_needs(store: Journal) -> None:
    event = new_event()
    append(store, event)
    route(store, new_delivery(7))
    (claimed,) = claim(store)
    store.settle([delivered(claimed)])

    fed = store.feed(Tail(), 10)

    assert [(one.id, one.bus, one.source) for one in fed.events] == [(event.id, "default", "shop")]
    assert [(one.event_id, one.state) for one in fed.routings] == [(event.id, RoutingState.MATCHED)]
    # As routing made it: what the attempt made of it is the attempt's to tell.
    assert fed.routings[0].outcomes == [(claimed.delivery_id, 3, 7, "pending")]
    assert [(one.number, one.bus_id, one.rule_id) for one in fed.attempts] == [(1, 1, 3)]


def test_an_unmatched_event_is_fed_as_such(store: Journal) -> None:
    append(store, new_event())
    route(store)

    (routing,) = store.feed(Tail(), 10).routings

    assert (routing.state, list(routing.outcomes)) == (RoutingState.UNMATCHED, [])


def test_a_limit_cuts_the_feed_and_it_goes_on_from_there(store: Journal) -> None:
    events = [new_event() for _ in range(25)]
    append(store, *events)
    tail, seen, rounds = Tail(), [], 0

    while True:
        fed = store.feed(tail, 10)
        tail, rounds = fed.tail, rounds + 1
        seen += [one.id for one in fed.events]
        if not fed.more:
            break

    assert seen == [event.id for event in events]
    assert rounds == 3


def test_a_reader_beside_four_writers_skips_nothing_and_sees_nothing_twice(place: Place) -> None:
    store = place.open()
    # PostgreSQL: each writer has a journal of its own, as processes have.
    writers = [store] + [place.open() if place.engine == "postgres" else store for _ in range(3)]
    written: list[object] = []

    def write(journal: Journal) -> None:
        for _ in range(60):
            written.extend(one.id for one in append(journal, *(new_event() for _ in range(7))))

    threads = [threading.Thread(target=write, args=(journal,)) for journal in writers]
    for thread in threads:
        thread.start()
    fed: list[object] = []
    read: list[object] = []
    tail, after = Tail(), None

    def follow() -> bool:
        nonlocal tail, after
        news = store.feed(tail, 500)
        tail = news.tail
        fed.extend(one.id for one in news.events)
        events = store.read(1, after or tail.attempts, 500)
        after = events[-1].position if events else after
        read.extend(stored.event.id for stored in events)
        done = not any(thread.is_alive() for thread in threads)
        return done and len(fed) >= len(written) and len(read) >= len(written)

    until(follow, seconds=60)
    assert len(written) == 4 * 60 * 7
    assert sorted(map(str, fed)) == sorted(map(str, written))
    assert sorted(map(str, read)) == sorted(map(str, written))
