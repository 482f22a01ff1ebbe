"""Outbound: every kind's attempts, whatever drives them; and one attempt that is waited for.

``Outbound`` is what delivering uses. ``attempt`` is for the test action: the same code, the same guard.
"""

import queue
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from eventhub.targets.attempts import HttpAttempts
from eventhub.targets.callers import Callers
from eventhub.targets.kind import CallKind, Guard, HttpKind, Order, Result

T = TypeVar("T")


class Outbound(Generic[T]):
    """Makes attempts of any kind but ``bus``. ``T`` is whatever the caller wants back beside each result."""

    def __init__(
        self,
        guard: Guard,
        on_done: Callable[[list[tuple[T, Result]]], None],
        on_late: Callable[[list[T]], None],
    ) -> None:
        self._http: HttpAttempts[T] = HttpAttempts(guard, on_done)
        self._callers: Callers[T] = Callers(guard, on_done, on_late)

    def start(self) -> None:
        """Start the driver of HTTP; callers start on demand."""
        self._http.start()

    def submit(self, orders: Sequence[tuple[T, HttpKind | CallKind, Order]]) -> None:
        """Begin attempts; each ends in ``on_done``, from any thread, unless ``stop`` gives it back.

        One that waits too long for a thread is not begun, and ends in ``on_late``.
        """
        http = [(token, kind, order) for token, kind, order in orders if isinstance(kind, HttpKind)]
        if http:
            self._http.submit(http)
        calls = [(token, kind, order) for token, kind, order in orders if isinstance(kind, CallKind)]
        if calls:
            self._callers.submit(calls)

    def stop(self, grace_seconds: float) -> list[T]:
        """Let attempts in flight finish for so long; return what did not end. That is no failed attempt."""
        end = time.monotonic() + grace_seconds
        unfinished = self._http.stop(grace_seconds)
        return [*unfinished, *self._callers.stop(max(0.0, end - time.monotonic()))]


def attempt(kind: HttpKind | CallKind, order: Order, guard: Guard) -> Result:
    """Make one attempt and wait for its result: at most about the order's time-out."""
    results: queue.Queue[Result] = queue.Queue()

    def done(ended: list[tuple[None, Result]]) -> None:
        for _none, result in ended:
            results.put(result)

    if isinstance(kind, CallKind):
        callers: Callers[None] = Callers(guard, done, lambda _late: None)
        callers.submit([(None, kind, order)])
        result = results.get()
        callers.stop(0)
        return result
    attempts: HttpAttempts[None] = HttpAttempts(guard, done)
    attempts.start()
    try:
        attempts.submit([(None, kind, order)])
        return results.get()
    finally:
        attempts.stop(0)
