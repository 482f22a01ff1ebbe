"""What was seen lately, on every engine."""

from eventhub.journal.port import Journal, Lately
from tests.journal.build import SECOND, append, new_event, now_us, route


def furnish(store: Journal) -> None:
    """Put events of three types on two buses, the newest of the other bus."""
    now = now_us()
    for bus_id, source, detail_type, number, ago in (
        (1, "shop.web", "paid", 1, 9),
        (1, "shop.web", "paid", 2, 5),
        (1, "shop.app", "paid", 3, 7),
        (2, "ward", "admitted", 4, 1),
    ):
        event = new_event(
            bus_id=bus_id,
            source=source,
            detail_type=detail_type,
            detail=b'{"n": %d}' % number,
            accepted_at=now - ago * SECOND,
        )
        append(store, event)
    route(store, bus_id=1)
    route(store, bus_id=2)


def test_sources_and_types_are_told_the_last_seen_first(store: Journal) -> None:
    furnish(store)

    assert list(store.names_lately(Lately())) == ["ward", "shop.web", "shop.app"]
    assert list(store.names_lately(Lately(column="detail_type"))) == ["admitted", "paid"]
    assert list(store.names_lately(Lately(most=1))) == ["ward"]


def test_the_newest_detail_of_each_type_is_told(store: Journal) -> None:
    furnish(store)

    assert list(store.details_lately(Lately())) == [(2, b'{"n": 4}'), (1, b'{"n": 2}'), (1, b'{"n": 3}')]


def test_of_some_buses_nothing_of_the_others_is_told(store: Journal) -> None:
    furnish(store)
    one = Lately(frozenset({1}))

    assert list(store.names_lately(one)) == ["shop.web", "shop.app"]
    assert [bus_id for bus_id, _detail in store.details_lately(one)] == [1, 1]
    assert list(store.names_lately(Lately(frozenset()))) == []
    assert list(store.details_lately(Lately(frozenset()))) == []
