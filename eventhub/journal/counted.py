"""What is counted and timed of what happens: the words of the live window and of the rollups alike."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

# Upper bounds in ms, each a quarter above the last: 0.1 ms … 45 h. A quantile is good to about a tenth.
BOUNDS_MS: tuple[float, ...] = tuple(round(0.1 * 1.25**step, 4) for step in range(96))


class Counted(NamedTuple):
    """What a count is of; becomes an edge of the graph. ``a`` and ``b`` by kind:

    ``source`` its name, 0 · ``match`` rule id, 0 · ``attempt`` rule id, target id · ``forward`` target id,
    0 · ``unmatched`` 0, 0 · ``dead`` rule id, target id (0 if it has none). Only the rollups have ``error``
    (bus 0) its class, target id and ``backlog`` (bus 0) target id, 0; and of each bus ``accepted`` 0, 0, its
    events, and ``attempted`` 0, 0, the attempts for them: no edges of the graph.
    """

    kind: str
    bus_id: int
    a: int | str
    b: int


class Timed(NamedTuple):
    """What latencies are of: ``all``, ``bus``, ``rule`` (acceptance → delivered), ``target`` (attempts)."""

    kind: str
    id: int


def whole_way(bus_id: int, rule_id: int) -> tuple[Timed, Timed, Timed]:
    """Return what a latency from acceptance to delivery counts for."""
    return Timed("all", 0), Timed("bus", bus_id), Timed("rule", rule_id)


def bucket_of(ms: float) -> int:
    """Return the bucket of a latency.

    >>> bucket_of(0.05), bucket_of(0.1), bucket_of(0.11), bucket_of(1e12)
    (0, 0, 1, 95)
    """
    return min(bisect_left(BOUNDS_MS, ms), len(BOUNDS_MS) - 1)


def quantile(buckets: Sequence[int], share: float) -> float:
    """Return the latency (ms) below which ``share`` of the times lie, interpolated within its bucket.

    >>> quantile([0, 10, 0], 0.5)
    0.11
    """
    wanted = share * sum(buckets)
    below = 0
    for bucket, times in enumerate(buckets):
        if times and below + times >= wanted:
            low = BOUNDS_MS[bucket - 1] if bucket else 0.0
            return shown(low + (BOUNDS_MS[bucket] - low) * (wanted - below) / times)
        below += times
    return BOUNDS_MS[-1]


def shown(ms: float) -> float:
    """Round a latency as people read it.

    >>> shown(0.1234), shown(12.345), shown(1234.5)
    (0.12, 12.3, 1234.0)
    """
    return round(ms, 2) if ms < 10 else round(ms, 1) if ms < 100 else float(round(ms))
