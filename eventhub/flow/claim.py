"""Claim: take due deliveries under a lease, so many per target that a hanging one never slows the others.

Each target has a lane, as wide as its ``max_in_flight``. A place is taken when a delivery is claimed and free
again when its attempt ends. A target that hangs fills its own lane and nothing else; the other places are
shared. The journal holds the lanes of all workers together under that width, and with it the target's rate,
its circuit and its FIFO order; here is what only this process can know.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from eventhub.flow.rulebook import Rulebook
from eventhub.flow.target import TargetInForce
from eventhub.journal.port import Claimed, Journal, Limits
from eventhub.targets.callers import OVERTIME_SECONDS
from eventhub.targets.kind import CallKind
from eventhub.targets.kinds import kind_of

MAX_IN_FLIGHT = 1024
# Events may be large: what is in flight is bounded by its bytes too, or 1,024 of 256 KiB would be held.
MAX_BYTES_IN_FLIGHT = 32 * 2**20
# Of one target: it may hang, and hold what it has until its time-out.
MAX_BYTES_EACH = 4 * 2**20
# Of one target though all is used: a lane's worth of ordinary events, so that however many others hang with
# large ones, it does not get one after the other.
RESERVED_BYTES_EACH = 256 * 2**10
# One claim's limit: small enough that the first of it is on the wire soon, large enough to cost little each.
BATCH = 128
# On top of twice the time-out: a worker that is merely slow keeps its claim; a dead one frees the delivery
# soon enough that nobody notices.
LEASE_MARGIN_SECONDS = 10.0
# Of a kind with a client of its own. A call that waited one time-out for a thread and then took all of its
# overtime is over before: else its result would count for nothing, for ever.
CALL_MARGIN_SECONDS = OVERTIME_SECONDS + 5.0


class Lanes:
    """What is in flight, by target. Safe from any thread."""

    def __init__(self, in_all: int = MAX_IN_FLIGHT) -> None:
        self._in_all = in_all
        self._in_flight: Counter[int] = Counter()
        self._count = 0
        self._bytes_of: Counter[int] = Counter()
        self._bytes = 0
        self._lock = threading.Lock()

    def take(self, target_id: int, size: int) -> None:
        """Take a place in a target's lane for a request of so many bytes."""
        with self._lock:
            self._in_flight[target_id] += 1
            self._count += 1
            self._bytes_of[target_id] += size
            self._bytes += size

    def free(self, target_id: int, size: int, width: int) -> bool:
        """Give a place back; tell whether somebody may have waited for it in a lane of this width."""
        with self._lock:
            was_full = (
                self._in_flight[target_id] >= width
                or self._bytes_of[target_id] >= MAX_BYTES_EACH
                or self._bytes >= MAX_BYTES_IN_FLIGHT
                or self.room() <= 0
            )
            self._count -= 1
            self._bytes -= size
            self._in_flight[target_id] -= 1
            self._bytes_of[target_id] -= size
            if not self._in_flight[target_id]:
                del self._in_flight[target_id], self._bytes_of[target_id]
            return was_full

    def room(self) -> int:
        """Return how many places are left in all."""
        return self._in_all - self._count if self._bytes < 2 * MAX_BYTES_IN_FLIGHT else 0

    def is_crowded(self, target_id: int) -> bool:
        """Tell whether a target holds so many bytes that it gets no more: its share, or any when all is used.

        Beyond that a target still gets what it may hold at any time, up to twice the limit in all: others
        that hang with large events neither stop it nor make it slow.
        """
        with self._lock:
            return self._is_crowded(target_id)

    def crowded(self) -> frozenset[int]:
        """Return the targets that get no more."""
        with self._lock:
            return frozenset(target_id for target_id in self._in_flight if self._is_crowded(target_id))

    def _is_crowded(self, target_id: int) -> bool:
        held = self._bytes_of.get(target_id, 0)
        return held >= (MAX_BYTES_EACH if self._bytes < MAX_BYTES_IN_FLIGHT else RESERVED_BYTES_EACH)

    def in_flight(self) -> dict[int, int]:
        """Return how many are in flight, by target."""
        with self._lock:
            return dict(self._in_flight)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rulebook says about claiming."""

    limits: Mapping[int, Limits]
    waiting: frozenset[int]  # targets whose deliveries wait

    @classmethod
    def of(cls, rulebook: Rulebook) -> "Terms":
        """Work them out: once for each rulebook."""
        targets = rulebook.targets.values()
        return cls(
            limits={
                target.id: replace(target.limits, lease_seconds=_lease_seconds(target)) for target in targets
            },
            waiting=frozenset(target.id for target in targets if target.waits),
        )


def _lease_seconds(target: TargetInForce) -> float:
    is_call = isinstance(kind_of(target.kind), CallKind)
    return 2 * target.timeout_seconds + (CALL_MARGIN_SECONDS if is_call else LEASE_MARGIN_SECONDS)


class Claiming:
    """Claims for one holder, under the terms of the rulebook that it is given."""

    def __init__(self, journal: Journal, lanes: Lanes, holder: str) -> None:
        self._journal = journal
        self._lanes = lanes
        self._holder = holder
        self._terms: tuple[Rulebook, Terms] | None = None

    def claim(self, rulebook: Rulebook, now: int) -> list[Claimed]:
        """Claim what is due and has a place; ``now`` in microseconds since 1970."""
        limit = min(BATCH, self._lanes.room())
        if limit <= 0:
            return []
        terms = self._terms_of(rulebook)
        return self._journal.claim(
            self._holder,
            now=now,
            lease_seconds=LEASE_MARGIN_SECONDS,  # of a target that is gone: it is not attempted
            limit=limit,
            limits=terms.limits,
            in_flight=self._lanes.in_flight(),
            waiting=terms.waiting | self._lanes.crowded(),
        )

    def next_due_at(self, rulebook: Rulebook) -> int | None:
        """Return when the next delivery falls due that has a place; None if only a hint can bring one."""
        if self._lanes.room() <= 0:
            return None
        terms = self._terms_of(rulebook)
        return self._journal.next_due_at(
            terms.waiting | self._lanes.crowded(),
            holder=self._holder,
            limits=terms.limits,
            in_flight=self._lanes.in_flight(),
        )

    def _terms_of(self, rulebook: Rulebook) -> Terms:
        if self._terms is None or self._terms[0] is not rulebook:
            self._terms = (rulebook, Terms.of(rulebook))
        return self._terms[1]
