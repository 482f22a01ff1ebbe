"""Callers: a client that never returns fails its own attempt and takes no place from the others."""

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from eventhub.targets.callers import Callers
from eventhub.targets.kind import CallKind, Guard, Order, Result
from tests.targets.orders import order_for
from tests.until import until


class StuckKind(CallKind):
    """Hangs where the payload says so."""

    name = "stuck"
    title = "Stuck"
    summary = "For tests."

    def __init__(self) -> None:
        self.free = threading.Event()

    def shown(self, order: Order) -> Mapping[str, object]:
        return {}

    def call(self, order: Order, guard: Guard) -> Mapping[str, Any]:
        if order.body == b"hang":
            self.free.wait(30)
        return {}


@pytest.fixture
def kind() -> Iterator[StuckKind]:
    kind = StuckKind()
    yield kind
    kind.free.set()


def test_a_call_that_never_returns_is_written_off(kind: StuckKind):
    done: list[tuple[str, Result]] = []
    callers: Callers[str] = Callers(
        lambda address: None, done.extend, [].extend, max_threads=1, overtime_seconds=0.1
    )

    callers.submit(
        [
            ("stuck", kind, order_for(kind, {}, body=b"hang", timeout_seconds=0.1)),
            ("next", kind, order_for(kind, {})),
        ]
    )

    until(lambda: len(done) == 2, what="both attempts to end")
    results = dict(done)
    assert results["stuck"].verdict.reason == "the client did not return within 0.2 s"
    assert (results["stuck"].verdict.decision, results["stuck"].verdict.fault) == ("retry", "network")
    assert results["next"].verdict.decision == "delivered"
    kind.free.set()
    until(lambda: callers.threads <= 1, what="no more threads than are allowed")
    assert callers.stop(1) == []
    assert len(done) == 2


def test_a_call_that_waited_longer_than_its_time_out_is_not_begun(kind: StuckKind):
    done: list[tuple[str, Result]] = []
    late: list[str] = []
    began = time.monotonic()
    callers: Callers[str] = Callers(lambda address: None, done.extend, late.extend, max_threads=1)
    callers.submit([("first", kind, order_for(kind, {}, body=b"hang"))])
    callers.submit([("second", kind, order_for(kind, {}, timeout_seconds=0.01))])
    until(lambda: time.monotonic() > began + 0.05, what="its time-out to pass")

    kind.free.set()

    until(lambda: late == ["second"], what="the second to be given back")
    assert [token for token, _result in done] == ["first"]
    assert callers.stop(1) == []
