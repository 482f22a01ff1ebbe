"""How many deliveries of each target one claim may take: its room, its tokens, its circuit.

Pure: the engine reads the facts under its lock, asks, and stores what was taken. A bucket is one moment: when
it is full again. It holds ``burst`` tokens less what comes in until then, so the same number says how many
there are now and when the next one comes, and nothing has to be refilled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import floor

from eventhub.journal.circuits import CLEAN, Facts
from eventhub.journal.port import UNSAID, Bucket, Circuit, Limits

SECOND_US = 1_000_000


def tokens(bucket: Bucket, full_at: int, now: int) -> int:
    """Return how many whole tokens a bucket holds.

    >>> bucket = Bucket("key", per_second=10, burst=5)
    >>> tokens(bucket, 0, 0), tokens(bucket, 300_000, 0), tokens(bucket, 500_000, 0)
    (5, 2, 0)
    """
    missing = max(0, full_at - now) * bucket.per_second / SECOND_US
    return max(0, floor(max(1.0, bucket.burst) - missing + 1e-9))


def after_taking(bucket: Bucket, full_at: int, now: int, count: int = 1) -> int:
    """Return when a bucket is full again after so many tokens were taken."""
    return max(full_at, now) - floor(-count * SECOND_US / bucket.per_second)


def next_token_at(bucket: Bucket, full_at: int) -> int:
    """Return from when on a bucket holds a token.

    >>> next_token_at(Bucket("key", per_second=10, burst=5), 500_000)
    100000
    """
    return full_at - floor((max(1.0, bucket.burst) - 1) * SECOND_US / bucket.per_second)


@dataclass(slots=True)
class Gates:
    """The gates of one claim. ``full_at`` and ``probes`` change as deliveries are let through."""

    now: int
    limits: Mapping[int, Limits]
    in_flight: Mapping[int, int]  # with this holder
    others: Mapping[int, int]  # with all other holders
    circuits: Mapping[int, Facts]
    full_at: dict[str, int]
    probes: set[int] = field(default_factory=set)  # targets whose probe was let through

    def of(self, target_id: int) -> Limits:
        """Return a target's limits."""
        return self.limits.get(target_id, UNSAID)

    def lease_until(self, target_id: int, lease_seconds: float) -> int:
        """Return when a lease of one of its deliveries ends; ``lease_seconds``: where its limits say none."""
        own = self.of(target_id).lease_seconds
        return self.now + int((lease_seconds if own is None else own) * 1_000_000)

    def circuit(self, target_id: int) -> Circuit | None:
        """Return what opens and closes its circuit."""
        return self.of(target_id).circuit

    def room(self, target_id: int) -> int:
        """Return how many more of a target may be under way."""
        under_way = self.in_flight.get(target_id, 0) + self.others.get(target_id, 0)
        return self.of(target_id).max_in_flight - under_way

    def allowed(self, target_id: int) -> int:
        """Return how many of a target may go now."""
        limits, most = self.of(target_id), self.room(target_id)
        if most > 0 and limits.circuit:
            through = self.circuits.get(target_id, CLEAN).lets_through(self.now)
            most = most if through is None else min(most, through)
        for bucket in limits.buckets:
            most = min(most, tokens(bucket, self.full_at.get(bucket.key, 0), self.now))
        return max(0, most)

    def widest(self) -> int:
        """Return the most that any target may have under way."""
        named = max((limits.max_in_flight for limits in self.limits.values()), default=0)
        return max(named, UNSAID.max_in_flight)

    def shut(self) -> list[int]:
        """Return the targets of which nothing may go now."""
        narrow = {target_id for target_id, limits in self.limits.items() if limits.buckets}
        narrow.update(self.in_flight, self.others, self.circuits)
        return [target_id for target_id in narrow if not self.allowed(target_id)]

    def let_through(self, candidates: Iterable[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
        """Return the first of these (target id, delivery) that have their tokens, which they take.

        No more of a target than ``allowed`` may be among them.
        """
        through: list[tuple[int, int]] = []
        for target_id, delivery_id in candidates:
            if len(through) == limit:
                break
            limits = self.limits.get(target_id, UNSAID)
            if limits.buckets and not self._pay(limits):
                continue
            if limits.circuit and self.circuits.get(target_id, CLEAN).opened_at is not None:
                self.probes.add(target_id)
            through.append((target_id, delivery_id))
        return through

    def _pay(self, limits: Limits) -> bool:
        """Take a token of each bucket, or none at all."""
        held = [(bucket, self.full_at.get(bucket.key, 0)) for bucket in limits.buckets]
        if not all(tokens(bucket, full_at, self.now) for bucket, full_at in held):
            return False
        for bucket, full_at in held:
            self.full_at[bucket.key] = after_taking(bucket, full_at, self.now)
        return True

    def opens_at(self, target_id: int) -> int:
        """Return from when on circuit and buckets let a delivery of a target through; past if they do now."""
        limits, at = self.of(target_id), 0
        if limits.circuit:
            at = self.circuits.get(target_id, CLEAN).probe_at or 0
        for bucket in limits.buckets:
            at = max(at, next_token_at(bucket, self.full_at.get(bucket.key, 0)))
        return at
