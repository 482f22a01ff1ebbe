"""How much of a target may be under way, and how fast: what a claim is told, and what it says of a target."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

MAX_IN_FLIGHT = 32  # of a target of which nothing else is said
# The due_at of a delivery that waits behind another of its FIFO key: later than any moment.
BEHIND = 2**62


class CircuitState(StrEnum):
    """Whether a target's deliveries flow."""

    CLOSED = "closed"  # they flow
    OPEN = "open"  # it failed too often: they wait until its next probe
    HALF_OPEN = "half-open"  # one delivery is under way to see whether it is back


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: so many attempts a second over all workers. Targets that name one key share it."""

    key: str
    per_second: float
    burst: float = 1.0  # so many at once after a rest; 1 or more


@dataclass(frozen=True, slots=True)
class Circuit:
    """When to stop trying a target, and how long to wait before each probe."""

    failures: int  # in a row; 0: never for this reason
    ratio_percent: int  # of the last minute's attempts, if they were 20 or more; 0: never for this reason
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """One target's limits; they hold over all workers together.

    Order by a key is no limit of the claim: a delivery that was routed with a ``fifo_key`` is not due before
    the earlier ones of its key are settled for good.
    """

    max_in_flight: int = MAX_IN_FLIGHT
    buckets: Sequence[Bucket] = ()
    circuit: Circuit | None = None
    lease_seconds: float | None = None  # of its deliveries; None: as the claim says


UNSAID = Limits()


@dataclass(frozen=True, slots=True)
class BlockedKey:
    """A FIFO key whose head failed and waits for its next attempt; what came after it waits behind."""

    key: str
    delivery_id: int  # of its head
    event_id: UUID
    attempts: int
    due_at: int  # of the head's next attempt, or its lease's end while one is under way


@dataclass(frozen=True, slots=True)
class TargetState:
    """How a target fares now, over all workers."""

    circuit: CircuitState = CircuitState.CLOSED
    opened_at: int | None = None  # None while closed
    next_probe_at: int | None = None  # while open; past if a probe only waits for a worker
    failures: int = 0  # in a row
    in_flight: int = 0  # unexpired leases
    pending: int = 0  # deliveries, with those in flight; counted to 10,000 and no further
    oldest_pending_at: int | None = None  # `accepted_at` of the oldest of the counted
    blocked_keys: int = 0  # counted to 10,000 and no further
    blocked: Sequence[BlockedKey] = ()  # the first 20 of them
