"""Claim: take due deliveries under a lease, so many per target that a hanging one never slows the others.

Each target has a lane of ``PER_TARGET`` places. A place is taken when a delivery is claimed and free again
when its exchange ends. A target that hangs fills its own lane and nothing else; the other places are shared.
"""

import threading
from collections import Counter

from eventhub.flow.rulebook import Rulebook
from eventhub.journal.port import Claimed, Journal, Limits

PER_TARGET = 32
MAX_IN_FLIGHT = 1024
# Events may be large: what is in flight is bounded by its bytes too, or 1,024 of 256 KiB would be held.
MAX_BYTES_IN_FLIGHT = 32 * 2**20
# One claim's limit: small enough that the first of it is on the wire soon, large enough to cost little each.
BATCH = 128
# On top of twice the time-out: a worker that is merely slow keeps its claim; a dead one frees the delivery
# soon enough that nobody notices.
LEASE_MARGIN_SECONDS = 10.0


class Lanes:
    """What is in flight, by target. Safe from any thread."""

    def __init__(self, per_target: int = PER_TARGET, in_all: int = MAX_IN_FLIGHT) -> None:
        self.per_target = per_target
        self._in_all = in_all
        self._in_flight: Counter[int] = Counter()
        self._count = 0
        self._bytes = 0
        self._lock = threading.Lock()

    def take(self, target_id: int, size: int) -> None:
        """Take a place in a target's lane for a request of so many bytes."""
        with self._lock:
            self._in_flight[target_id] += 1
            self._count += 1
            self._bytes += size

    def free(self, target_id: int, size: int) -> bool:
        """Give a place back; tell whether somebody may have waited for it."""
        with self._lock:
            was_full = self._in_flight[target_id] >= self.per_target or self.room() <= 0
            self._count -= 1
            self._bytes -= size
            self._in_flight[target_id] -= 1
            if not self._in_flight[target_id]:
                del self._in_flight[target_id]
            return was_full

    def room(self) -> int:
        """Return how many places are left in all."""
        return self._in_all - self._count if self._bytes < MAX_BYTES_IN_FLIGHT else 0

    def in_flight(self) -> dict[int, int]:
        """Return how many are in flight, by target."""
        with self._lock:
            return dict(self._in_flight)


def waiting_targets(rulebook: Rulebook) -> set[int]:
    """Return the targets whose deliveries wait: the disabled ones."""
    return {target.id for target in rulebook.targets.values() if not target.enabled}


def claim_due(journal: Journal, rulebook: Rulebook, lanes: Lanes, *, holder: str, now: int) -> list[Claimed]:
    """Claim what is due and has a place; ``now`` in microseconds since 1970."""
    limit = min(BATCH, lanes.room())
    if limit <= 0:
        return []
    timeout = max((target.timeout_seconds for target in rulebook.targets.values()), default=0)
    return journal.claim(
        holder,
        now=now,
        lease_seconds=2 * timeout + LEASE_MARGIN_SECONDS,
        limit=limit,
        limits={target_id: Limits(lanes.per_target) for target_id in rulebook.targets},
        in_flight=lanes.in_flight(),
        waiting=waiting_targets(rulebook),
    )


def next_due_at(journal: Journal, rulebook: Rulebook, lanes: Lanes) -> int | None:
    """Return when the next delivery falls due that has a place; None if only a hint can bring one."""
    if lanes.room() <= 0:
        return None
    full = {target_id for target_id, count in lanes.in_flight().items() if count >= lanes.per_target}
    return journal.next_due_at(waiting_targets(rulebook) | full)
