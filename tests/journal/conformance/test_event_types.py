"""The sources and types that a bus has seen are counted with routing."""

from typing import Any
from uuid import UUID

from eventhub.journal.port import Journal, Position
from tests.journal.build import DAY, append, batch_of, new_event, now_us, route
from tests.journal.conformance.conftest import Place


def types(place: Place) -> list[tuple[Any, ...]]:
    """Return bus, source, type, first, last, count and example of each."""
    rows = place.rows(
        "SELECT bus_id, source, detail_type, first_at, last_at, events, event_id FROM event_type"
        " ORDER BY bus_id, source, detail_type"
    )
    return [(*row[:6], UUID(str(row[6]))) for row in rows]


def test_each_type_is_counted_once_for_each_event_that_is_routed(store: Journal, place: Place) -> None:
    now = now_us()
    first = [new_event(accepted_at=now + n, source="shop", detail_type="paid") for n in range(3)]
    other = new_event(accepted_at=now + 5, source="crm")
    append(store, *first, other)
    assert types(place) == []  # nothing is routed yet

    route(store)
    later = new_event(accepted_at=now + 9, source="shop", detail_type="paid")
    append(store, later, new_event(bus_id=2, bus="b", source="shop", detail_type="paid", accepted_at=now))
    route(store)

    assert types(place) == [
        (1, "crm", "order placed", now + 5, now + 5, 1, other.id),
        (1, "shop", "paid", now, now + 9, 4, later.id),
    ]


def test_a_batch_that_comes_too_late_counts_nothing(store: Journal, place: Place) -> None:
    append(store, new_event())
    after = store.cursor(1, holder="router", lease_seconds=30)
    assert isinstance(after, Position)
    batch = batch_of(store, store.read(1, after, 10), after)

    assert store.route(batch)
    assert not store.route(batch)

    [(*_, count, _example)] = types(place)
    assert count == 1


def test_a_type_is_forgotten_with_its_last_event(store: Journal, place: Place) -> None:
    old = now_us() - 10 * DAY
    append(store, new_event(accepted_at=old, source="gone"), new_event(source="here"))
    route(store)

    store.prune(before=now_us() - DAY, max_bytes=0, min_free_bytes=0)

    assert [row[1] for row in types(place)] == ["here"]
