"""Over a client of its own: judged the same, and our own stop is no failed attempt there either."""

import threading
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from eventhub.targets import kinds
from eventhub.targets.kind import CallError, CallKind, Guard, Order
from eventhub.targets.verdict import Fault
from tests.flow.conftest import House
from tests.until import until


class ListKind(CallKind):
    """Puts payloads into a list; fails, hangs and breaks as it is told."""

    name = "list"
    title = "List"
    summary = "For tests."

    def __init__(self) -> None:
        self.taken: list[Order] = []
        self.failures: list[Exception] = []
        self.hang: threading.Event | None = None
        self.begun = 0

    def address(self, settings: Mapping[str, Any]) -> str:
        return "list"

    def shown(self, order: Order) -> Mapping[str, object]:
        return {"method": "APPEND"}

    def call(self, order: Order, guard: Guard) -> Mapping[str, object]:
        self.begun += 1
        if self.hang:
            self.hang.wait(30)
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(order)
        return {"body": "taken"}


@pytest.fixture
def list_kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[ListKind]:
    kind = ListKind()
    monkeypatch.setattr(kinds, "KINDS", MappingProxyType({**kinds.KINDS, kind.name: kind}))
    yield kind
    if kind.hang:
        kind.hang.set()


def test_an_order_says_who_it_is_in_each_attempt(house: House, list_kind: ListKind):
    list_kind.failures = [CallError.of(Fault.CONNECT, "not there")]
    house.rule(house.webhook(kind="list", url="", config={"colour": "red"}))
    house.start()

    [event] = house.put(detail={"order": 7})

    outcome = house.outcome(event, "delivered")
    [order] = list_kind.taken
    assert (order.attempt, order.message_id) == (2, f"{event.id}-{outcome.pk}")
    assert order.settings["colour"] == "red"
    assert order.body == order.event.envelope
    assert [(one.number, one.reason_class, one.error) for one in house.attempts(event)] == [
        (1, "network", "not there"),
        (2, "", ""),
    ]


def test_a_bug_in_a_kind_is_our_fault_and_stops_nobody(house: House, list_kind: ListKind):
    list_kind.failures = [ZeroDivisionError("a bug")]
    house.rule(house.webhook(kind="list", url="", max_attempts=1, max_in_flight=1))
    house.start()

    bad, good = house.put(count=2)

    house.outcome(bad, "dead")
    house.outcome(good, "delivered")
    assert house.dead_letter(bad).reason_class == "ours"


def test_stop_gives_back_a_call_that_hangs_and_it_is_no_failed_attempt(house: House, list_kind: ListKind):
    list_kind.hang = threading.Event()
    house.rule(house.webhook(kind="list", url=""))
    house.start()
    [event] = house.put()
    until(lambda: list_kind.begun, what="the call")

    house.stop()

    assert house.attempts(event) == []
    list_kind.hang.set()
    house.deliverer = house.redriver = None
    house.start(routes=False)
    assert house.outcome(event, "delivered").attempts == 1


def test_secrets_reach_the_kind_and_no_log_or_row(
    house: House, list_kind: ListKind, caplog: pytest.LogCaptureFixture
):
    target = house.webhook(kind="list", url="")
    target.change_secrets({"token": "hunter2-hunter2"})
    target.save()
    house.rule(target)
    with caplog.at_level(0):
        house.start()
        [event] = house.put()
        house.outcome(event, "delivered")

    assert list_kind.taken[0].settings["token"] == "hunter2-hunter2"
    shown = [str(vars(one)) for one in caplog.records] + [str(vars(one)) for one in house.attempts(event)]
    assert not [text for text in shown if "hunter2" in text]
    assert "hunter2" not in repr(house.keeper.current)
