"""Two who claim at once never exceed a target's limits between them, and keep its order."""

import threading
from collections import defaultdict

from eventhub.journal.port import Bucket, Journal, Limits
from tests.journal.build import append, claim, delivered, new_delivery, new_event, now_us, route
from tests.journal.conformance.conftest import Place


def work(stores: list[Journal], limits: Limits, *, done: int) -> tuple[dict[str, list[int]], int]:
    """Deliver until so many are done; return the deliveries by key as claimed, and the microseconds."""
    lock = threading.Lock()
    order: dict[str, list[int]] = defaultdict(list)
    failed: list[Exception] = []
    began = now_us()

    def claimed() -> int:
        with lock:
            return sum(map(len, order.values()))

    def one(store: Journal, holder: str) -> None:
        while claimed() < done and not failed:
            mine = claim(store, holder=holder, limits={7: limits}, limit=4)
            with lock:
                for each in mine:
                    order[each.fifo_key or ""].append(each.delivery_id)
            if mine:
                assert all(store.settle([delivered(each) for each in mine]))

    def guarded(store: Journal, holder: str) -> None:
        try:
            one(store, holder)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(store, str(n))) for n, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    return order, now_us() - began


def two(place: Place) -> list[Journal]:
    first = place.open()
    return [first, place.open() if place.engine == "postgres" else first]


def test_order_by_key_is_kept(place: Place) -> None:
    stores = two(place)
    for number in range(60):
        append(stores[0], new_event())
        route(stores[0], new_delivery(7, fifo_key=f"order {number % 3}"))

    order, _took = work(stores, Limits(), done=60)

    assert len(order) == 3
    assert all(deliveries == sorted(deliveries) for deliveries in order.values())
    assert [len(deliveries) for deliveries in order.values()] == [20, 20, 20]


def test_tokens_are_never_exceeded(place: Place) -> None:
    stores = two(place)
    append(stores[0], *(new_event() for _ in range(60)))
    route(stores[0], new_delivery(7))

    order, took = work(stores, Limits(buckets=(Bucket("b", per_second=100, burst=5),)), done=40)

    assert sum(map(len, order.values())) <= 5 + took * 100 / 1_000_000


def test_room_is_never_exceeded(place: Place) -> None:
    stores = two(place)
    append(stores[0], *(new_event() for _ in range(40)))
    route(stores[0], new_delivery(7))
    limits = Limits(max_in_flight=3)
    barrier = threading.Barrier(2)
    taken: list[int] = []

    def one(store: Journal, holder: str) -> None:
        barrier.wait()
        taken.append(len(claim(store, holder=holder, limits={7: limits}, limit=3)))

    threads = [threading.Thread(target=one, args=(store, str(n))) for n, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(taken) == 3
