"""The callers: a pool of threads for kinds with clients of their own, whose attempts are blocking calls.

Threads grow with what is handed in, up to a bound for all, and end when idle. How many calls one target may
have at once is decided by whoever claims its deliveries. The threads are daemons: a call that hangs beyond
the grace does not hold up the end of the process.

A client that does not keep to its time-out is not waited for: its call has failed, and its thread is written
off, so that it takes no place from the others. When it comes back after all, it ends.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from eventhub.targets.attempts import not_made
from eventhub.targets.kind import CallKind, Guard, Order, Result
from eventhub.targets.verdict import Fault, of_fault

log = logging.getLogger("eventhub.callers")
T = TypeVar("T")

# As many as there are attempts at once in all: what waited for a thread would hold its lease meanwhile, and a
# target that hangs would stop those of other kinds.
MAX_THREADS = 1024
IDLE_SECONDS = 10.0
# Beyond an order's time-out: clients bound connecting, writing and reading each by itself.
OVERTIME_SECONDS = 15.0


class Callers(Generic[T]):
    """Makes attempts of call kinds. ``T`` is whatever the caller wants back beside each result."""

    def __init__(
        self,
        guard: Guard,
        on_done: Callable[[list[tuple[T, Result]]], None],
        on_late: Callable[[list[T]], None],
        *,
        max_threads: int = MAX_THREADS,
        idle_seconds: float = IDLE_SECONDS,
        overtime_seconds: float = OVERTIME_SECONDS,
    ) -> None:
        self._guard = guard
        self._on_done = on_done
        self._on_late = on_late
        self._max_threads = max_threads
        self._idle_seconds = idle_seconds
        self._handed_in: deque[tuple[float, T, CallKind, Order]] = deque()  # first: when, monotonic
        self._overtime_seconds = overtime_seconds
        self._running: dict[int, _Running[T]] = {}  # by thread
        self._watching = False
        self._threads = 0
        self._idle = 0
        self._stopping = False
        self._moved = threading.Condition()

    @property
    def threads(self) -> int:
        """Return how many threads there are."""
        return self._threads

    def submit(self, orders: Sequence[tuple[T, CallKind, Order]]) -> None:
        """Begin attempts; each ends in ``on_done``, in a caller's thread, unless ``stop`` gives it back.

        One that waited for a thread longer than its time-out is not begun: it ends in ``on_late``.
        """
        now = time.monotonic()
        with self._moved:
            self._handed_in.extend((now, *order) for order in orders)
            self._make_threads()
            self._moved.notify_all()

    def _make_threads(self) -> None:
        wanted = len(self._handed_in) - self._idle
        for _ in range(min(wanted, self._max_threads - self._threads)):
            try:
                threading.Thread(target=self._run, name="caller", daemon=True).start()
            except RuntimeError:  # no more threads to be had: those that there are do it
                log.warning("callers.no_thread", extra={"fields": {"threads": self._threads}})
                return
            self._threads += 1

    def stop(self, grace_seconds: float) -> list[T]:
        """Let calls under way finish for so long; return those that did not, and those not begun."""
        with self._moved:
            self._stopping = True
            unfinished = [token for _at, token, _kind, _order in self._handed_in]
            self._handed_in.clear()
            self._moved.notify_all()
            self._moved.wait_for(lambda: not self._running, grace_seconds)
            unfinished += [running.token for running in self._running.values()]
            self._threads -= len(self._running)
            self._running.clear()
        return unfinished

    def _run(self) -> None:
        me = threading.get_ident()
        while (taken := self._take(me)) is not None:
            waited, token, kind, order = taken
            if waited > order.timeout_seconds:
                with self._moved:
                    if self._running.pop(me, None) is None:
                        return  # given back
                self._on_late([token])
                continue
            result = call(kind, order, self._guard)
            with self._moved:
                if me not in self._running:
                    return  # given back or written off: nobody counts on this thread any more
                # From here on the result is known: it is not late any more, whatever taking it over needs.
                self._running[me].until = float("inf")
            self._hand_over(token, result)
            with self._moved:
                self._running.pop(me, None)
                self._moved.notify_all()

    def _hand_over(self, token: T, result: Result) -> None:
        try:
            self._on_done([(token, result)])
        except Exception:  # the lease brings the delivery back
            log.exception("callers.not_taken_over")

    def _watch(self) -> None:
        """Write off the calls that are late, as long as any are under way."""
        while True:
            with self._moved:
                if not self._running or self._stopping:
                    self._watching = False
                    return
                now = time.monotonic()
                late = {me: one for me, one in self._running.items() if one.until <= now}
                for me in late:
                    del self._running[me]
                    self._threads -= 1
                self._make_threads()
                if not late:
                    first = min(one.until for one in self._running.values())
                    self._moved.wait(min(first - now, self._idle_seconds))
            for one in late.values():
                text = f"the client did not return within {one.seconds:g} s"
                log.warning("call.written_off", extra={"fields": {"kind": one.kind, "error": text}})
                self._hand_over(one.token, late_result(text, one.begun_at))

    def _take(self, me: int) -> tuple[float, T, CallKind, Order] | None:
        """Return what to do next, and how many seconds it waited; None ends the thread."""
        with self._moved:
            self._idle += 1
            self._moved.wait_for(lambda: self._handed_in or self._stopping, self._idle_seconds)
            self._idle -= 1
            if self._stopping or not self._handed_in:
                self._threads -= 1
                return None
            handed_in_at, token, kind, order = self._handed_in.popleft()
            seconds = order.timeout_seconds + self._overtime_seconds
            begun_at = time.time_ns() // 1000
            self._running[me] = _Running(token, kind.name, begun_at, seconds, time.monotonic() + seconds)
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, name="callers-watch", daemon=True).start()
            return time.monotonic() - handed_in_at, token, kind, order


@dataclass(slots=True)
class _Running(Generic[T]):
    """A call under way."""

    token: T
    kind: str
    begun_at: int  # microseconds since 1970
    seconds: float  # that it may take
    until: float  # monotonic


def late_result(text: str, begun_at: int) -> Result:
    """Return the result of a call that did not return; ``begun_at`` in microseconds."""
    return Result(of_fault(Fault.TIMEOUT, text), begun_at, time.time_ns() // 1000)


def call(kind: CallKind, order: Order, guard: Guard) -> Result:
    """Make one attempt; a bug of ours is a result too."""
    started_at = time.time_ns() // 1000
    try:
        return kind.send(order, guard)
    except Exception as error:
        log.exception("attempt.not_made", extra={"fields": {"kind": kind.name}})
        return not_made(error, started_at)
