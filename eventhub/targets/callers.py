"""The callers: a pool of threads for kinds with clients of their own, whose attempts are blocking calls.

Threads grow with what is handed in, up to a bound for all, and end when idle. How many calls one target may
have at once is decided by whoever claims its deliveries. The threads are daemons: a call that hangs beyond
the grace does not hold up the end of the process.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from eventhub.targets.attempts import not_made
from eventhub.targets.kind import CallKind, Guard, Order, Result

log = logging.getLogger("eventhub.callers")
T = TypeVar("T")

MAX_THREADS = 256
IDLE_SECONDS = 10.0


class Callers(Generic[T]):
    """Makes attempts of call kinds. ``T`` is whatever the caller wants back beside each result."""

    def __init__(
        self,
        guard: Guard,
        on_done: Callable[[list[tuple[T, Result]]], None],
        *,
        max_threads: int = MAX_THREADS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._guard = guard
        self._on_done = on_done
        self._max_threads = max_threads
        self._idle_seconds = idle_seconds
        self._handed_in: deque[tuple[T, CallKind, Order]] = deque()
        self._running: dict[int, T] = {}  # by thread
        self._threads = 0
        self._idle = 0
        self._stopping = False
        self._moved = threading.Condition()

    @property
    def threads(self) -> int:
        """Return how many threads there are."""
        return self._threads

    def submit(self, orders: Sequence[tuple[T, CallKind, Order]]) -> None:
        """Begin attempts; each ends in ``on_done``, in a caller's thread, unless ``stop`` gives it back."""
        with self._moved:
            self._handed_in.extend(orders)
            wanted = len(self._handed_in) - self._idle
            for _ in range(min(wanted, self._max_threads - self._threads)):
                self._threads += 1
                threading.Thread(target=self._run, name="caller", daemon=True).start()
            self._moved.notify_all()

    def stop(self, grace_seconds: float) -> list[T]:
        """Let calls under way finish for so long; return those that did not, and those not begun."""
        with self._moved:
            self._stopping = True
            unfinished = [token for token, _kind, _order in self._handed_in]
            self._handed_in.clear()
            self._moved.notify_all()
            self._moved.wait_for(lambda: not self._running, grace_seconds)
            unfinished += self._running.values()
            self._running.clear()
        return unfinished

    def _run(self) -> None:
        me = threading.get_ident()
        while (taken := self._take(me)) is not None:
            token, kind, order = taken
            result = call(kind, order, self._guard)
            with self._moved:
                given_back = me not in self._running
            if not given_back:
                try:
                    self._on_done([(token, result)])
                except Exception:  # the lease brings the delivery back
                    log.exception("callers.not_taken_over")
            with self._moved:
                self._running.pop(me, None)
                self._moved.notify_all()

    def _take(self, me: int) -> tuple[T, CallKind, Order] | None:
        """Return what to do next; None ends the thread."""
        with self._moved:
            self._idle += 1
            self._moved.wait_for(lambda: self._handed_in or self._stopping, self._idle_seconds)
            self._idle -= 1
            if self._stopping or not self._handed_in:
                self._threads -= 1
                return None
            taken = self._handed_in.popleft()
            self._running[me] = taken[0]
            return taken


def call(kind: CallKind, order: Order, guard: Guard) -> Result:
    """Make one attempt; a bug of ours is a result too."""
    started_at = time.time_ns() // 1000
    try:
        return kind.send(order, guard)
    except Exception as error:
        log.exception("attempt.not_made", extra={"fields": {"kind": kind.name}})
        return not_made(error, started_at)
