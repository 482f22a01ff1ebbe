"""FIFO by a key: order within a key, and a failing head that blocks only its own."""

from collections import defaultdict

import pytest

from eventhub.domain.jsonpath import parse_path
from eventhub.flow.fifo import MAX_BYTES, NO_VALUE, fifo_key
from tests import receiver as answers
from tests.flow.conftest import House
from tests.receiver import Answer, Received, Receiver
from tests.until import until


def numbers(received: list[Received]) -> dict[str, list[int]]:
    by_key: dict[str, list[int]] = defaultdict(list)
    for one in received:
        by_key[one.json["detail"]["order"]].append(one.json["detail"]["n"])
    return by_key


def test_events_of_one_key_arrive_in_order_and_keys_side_by_side(house: House, receiver: Receiver):
    receiver.answer("/", answers.ok(after=0.005))
    house.rule(house.webhook(fifo_path="$.detail.order"))
    house.start()

    house.put(*(house.event(detail={"order": f"A-{n % 10}", "n": n}) for n in range(200)))

    received = receiver.wait_for(200, seconds=20)
    for key, found in numbers(received).items():
        assert found == sorted(found), key
    assert receiver.connections > 1


def test_a_failing_head_blocks_only_its_own_key_and_is_shown(house: House, receiver: Receiver):
    def answer(received: Received) -> Answer:
        blocked = received.json["detail"]["order"] == "bad"
        return answers.status(503) if blocked and not healed else answers.ok()

    healed: list[bool] = []
    receiver.answers = answer
    house.schedule = (0.2,) * 184
    target = house.webhook(fifo_path="$.detail.order", circuit_failures=0)
    house.rule(target)
    house.start()
    events = house.put(
        *(house.event(detail={"order": "bad" if n % 2 else "good", "n": n}) for n in range(40))
    )

    until(lambda: len(numbers(list(receiver.requests))["good"]) == 20, what="the other key's events")
    until(lambda: len(numbers(list(receiver.requests))["bad"]) >= 2, what="two tries of the head")
    assert set(numbers(list(receiver.requests))["bad"]) == {1}
    state = house.journal.target_states()[target.pk]
    assert state.blocked_keys == 1
    assert (state.blocked[0].key, state.blocked[0].event_id) == ('"bad"', events[1].id)

    healed.append(True)

    for event in events:
        house.outcome(event, "delivered")
    found = numbers(list(receiver.requests))["bad"]
    assert found == sorted(found)


def test_a_dead_head_lets_the_next_of_its_key_go(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(404), answers.ok())
    house.rule(house.webhook(fifo_path="$.detail.order"))
    house.start()

    first, second = house.put(*(house.event(detail={"order": "A", "n": n}) for n in range(2)))

    house.outcome(second, "delivered")
    house.outcome(first, "dead")


def test_order_holds_over_retries(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(503), answers.status(503), answers.ok())
    house.rule(house.webhook(fifo_path="$.detail.order"))
    house.start()

    house.put(*(house.event(detail={"order": "A", "n": n}) for n in range(5)))

    received = receiver.wait_for(7)
    assert [one.json["detail"]["n"] for one in received] == [0, 0, 0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("detail", "key"),
    [
        ({"order": "7"}, '"7"'),
        ({"order": 7}, "7"),
        ({"order": None}, "null"),
        ({"order": "missing"}, '"missing"'),
        ({}, NO_VALUE),
    ],
)
def test_keys_are_told_apart_as_values_are(detail: dict[str, object], key: str):
    assert fifo_key(parse_path("$.detail.order"), {"detail": detail}) == key


def test_long_keys_are_told_apart_too():
    path = parse_path("$.detail")
    one, other = (fifo_key(path, {"detail": "x" * 1000 + end}) for end in "ab")
    assert one != other
    assert max(len(key.encode()) for key in (one, other)) <= MAX_BYTES
