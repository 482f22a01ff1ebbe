"""Attempts over HTTP: from order to result, over the transfer driver, with the errands that come first.

Usually an attempt is one exchange. It is more if its kind asks for an errand (a token, a consent) or goes on
after a reply (a token that ran out). Attempts that need the same errand wait for one exchange of it. All of
an attempt's own exchanges share its time-out.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from eventhub.domain.fault import ReasonClass
from eventhub.targets.http import Reply, Request
from eventhub.targets.kind import CallError, Errand, Guard, HttpKind, Order, Result
from eventhub.targets.transfer import Transfers
from eventhub.targets.verdict import Decision, Fault, Verdict, of_fault

log = logging.getLogger("eventhub.attempts")
T = TypeVar("T")

MAX_ERRANDS = 5  # of one attempt: a token, a consent, and a token anew need no more


@dataclass(slots=True)
class _Attempt(Generic[T]):
    token: T
    kind: HttpKind
    order: Order
    begun_at: int
    request: Request | None = None
    errands: int = 0
    repeated: bool = False


class HttpAttempts(Generic[T]):
    """Makes attempts of HTTP kinds. ``T`` is whatever the caller wants back beside each result."""

    def __init__(self, guard: Guard, on_done: Callable[[list[tuple[T, Result]]], None]) -> None:
        self._on_done = on_done
        self._transfers: Transfers[_Attempt[T] | Errand] = Transfers(guard, self._replied)
        self._waiting: dict[Hashable, list[_Attempt[T]]] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the driver's thread."""
        self._transfers.start()

    def submit(self, orders: Sequence[tuple[T, HttpKind, Order]]) -> None:
        """Begin attempts; each ends in ``on_done``, from any thread, unless ``stop`` gives it back."""
        now = time.time_ns() // 1000
        self._go_on([_Attempt(token, kind, order, now) for token, kind, order in orders])

    def stop(self, grace_seconds: float) -> list[T]:
        """Let exchanges in flight finish for so long; return what did not end. That is no failed attempt."""
        unfinished = []
        for one in self._transfers.stop(grace_seconds):
            if isinstance(one, _Attempt):
                unfinished.append(one.token)
        with self._lock:
            for waiting in self._waiting.values():
                unfinished += [attempt.token for attempt in waiting]
            self._waiting.clear()
        return unfinished

    def _go_on(self, attempts: Sequence[_Attempt[T]]) -> None:
        exchanges: list[tuple[_Attempt[T] | Errand, Request]] = []
        done: list[tuple[T, Result]] = []
        for attempt in attempts:
            try:
                step = self._next(attempt)
            except CallError as error:
                step = _ended(attempt, error.verdict)
            except Exception as error:  # one order must not hold up the others
                log.exception("attempt.not_made", extra={"fields": {"kind": attempt.kind.name}})
                done.append((attempt.token, not_made(error, attempt.begun_at)))
                continue
            if isinstance(step, Result):
                done.append((attempt.token, step))
            elif isinstance(step, Errand):
                if self._is_first(step, attempt):
                    exchanges.append((step, step.request))
            else:
                attempt.request = step
                exchanges.append((attempt, step))
        if exchanges:
            self._transfers.submit(exchanges)
        if done:
            self._on_done(done)

    def _next(self, attempt: _Attempt[T]) -> Request | Errand | Result:
        step = attempt.kind.request(attempt.order)
        first = attempt.errands == 0 and not attempt.repeated
        if isinstance(step, Errand):
            attempt.errands += 1
            if attempt.errands > MAX_ERRANDS:
                text = f"after {MAX_ERRANDS} exchanges before it the request could still not be made"
                return _ended(attempt, Verdict(Decision.RETRY, text, ReasonClass.RECEIVER))
        if first:
            return step
        left = attempt.order.timeout_seconds - (time.time_ns() // 1000 - attempt.begun_at) / 1_000_000
        if left <= 0:
            return _ended(attempt, of_fault(Fault.TIMEOUT, "what had to come first took all of the time"))
        if isinstance(step, Errand):
            return replace(step, request=replace(step.request, timeout_seconds=left))
        return replace(step, timeout_seconds=left)

    def _is_first(self, errand: Errand, attempt: _Attempt[T]) -> bool:
        """Let an attempt wait for an errand; tell whether the errand is to begin."""
        with self._lock:
            waiting = self._waiting.setdefault(errand.key, [])
            waiting.append(attempt)
            return len(waiting) == 1

    def _replied(self, replies: list[tuple[_Attempt[T] | Errand, Reply]]) -> None:
        done: list[tuple[T, Result]] = []
        onward: list[_Attempt[T]] = []
        for one, reply in replies:
            if isinstance(one, Errand):
                self._errand_done(one, reply, onward, done)
                continue
            try:
                result = self._judged(one, reply)
            except Exception as error:
                log.exception("attempt.not_judged", extra={"fields": {"kind": one.kind.name}})
                result = not_made(error, one.begun_at)
            if result is None:
                onward.append(one)
            else:
                done.append((one.token, result))
        if done:
            self._on_done(done)
        if onward:
            self._go_on(onward)

    def _judged(self, attempt: _Attempt[T], reply: Reply) -> Result | None:
        """Return the attempt's result, or None if it goes on."""
        request = attempt.request
        assert request is not None
        if not attempt.repeated and attempt.kind.again(attempt.order, request, reply):
            attempt.repeated = True
            return None
        result = attempt.kind.result(attempt.order, request, reply)
        if attempt.errands or attempt.repeated:
            return replace(result, started_at=attempt.begun_at)
        return result

    def _errand_done(
        self, errand: Errand, reply: Reply, onward: list[_Attempt[T]], done: list[tuple[T, Result]]
    ) -> None:
        try:
            verdict = errand.done(reply)
        except Exception as error:
            log.exception("attempt.errand_failed")
            verdict = not_made(error, reply.started_at).verdict
        with self._lock:
            waiting = self._waiting.pop(errand.key, [])
        if verdict is None:
            onward += waiting
        else:
            done += [(attempt.token, _ended(attempt, verdict)) for attempt in waiting]


def not_made(error: Exception, started_at: int) -> Result:
    """Return the result of an attempt that a bug of ours kept from being made."""
    reason = f"not made: {type(error).__name__}: {error}"
    return Result(Verdict(Decision.RETRY, reason, ReasonClass.OURS), started_at, time.time_ns() // 1000)


def _ended(attempt: _Attempt[T], verdict: Verdict) -> Result:
    """Return the result of an attempt that came to no request of its own."""
    return Result(verdict, attempt.begun_at, time.time_ns() // 1000)
