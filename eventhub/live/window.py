"""Counts and latencies of the last 60 seconds, exact to the second, however they came in: tailed or by SQL.

What happened in a second is kept under that second of its own moment (accepted, routed, ended), so a window
that was tailed and one that was read from the tables at the same time are equal.
"""

from collections.abc import Iterable, Mapping

from eventhub.journal.counted import BOUNDS_MS, Counted, Timed, quantile

WINDOW_SECONDS = 60
RATE_SECONDS = 5

Counts = dict[Counted, list[int]]  # [count, failed]


class Window:
    """Counts and latencies by second, and their sums over the window."""

    def __init__(self) -> None:
        self.counts: Counts = {}
        self._by_second: dict[int, Counts] = {}
        self._latencies: dict[Timed, list[int]] = {}
        self._latencies_by_second: dict[int, dict[tuple[Timed, int], int]] = {}

    def count(self, second: int, counted: Counted, count: int, failed: int) -> None:
        """Add to the counts of a second."""
        for counts in (self.counts, self._by_second.setdefault(second, {})):
            entry = counts.get(counted)
            if entry is None:
                counts[counted] = [count, failed]
            else:
                entry[0] += count
                entry[1] += failed

    def time(self, second: int, timed: Timed, bucket: int, times: int = 1) -> None:
        """Add to the latencies of a second; ``bucket`` is from ``bucket_of``."""
        buckets = self._latencies.get(timed)
        if buckets is None:
            buckets = self._latencies[timed] = [0] * len(BOUNDS_MS)
        buckets[bucket] += times
        of_second = self._latencies_by_second.setdefault(second, {})
        of_second[timed, bucket] = of_second.get((timed, bucket), 0) + times

    def expire(self, now_second: int) -> Counts:
        """Drop what left the window, and return it: the window begins 60 s before the current second."""
        begin = now_second - WINDOW_SECONDS
        gone: Counts = {}
        for second in [second for second in self._by_second if second < begin]:
            for counted, (count, failed) in self._by_second.pop(second).items():
                add(gone, counted, count, failed)
                entry = self.counts[counted]
                entry[0] -= count
                entry[1] -= failed
                if not entry[0]:
                    del self.counts[counted]
        for second in [second for second in self._latencies_by_second if second < begin]:
            for (timed, bucket), times in self._latencies_by_second.pop(second).items():
                buckets = self._latencies[timed]
                buckets[bucket] -= times
                if not any(buckets):
                    del self._latencies[timed]
        return gone

    def recent(self, now_second: int) -> Counts:
        """Return the counts of the last 5 whole seconds, for rates."""
        counts: Counts = {}
        for second in range(now_second - RATE_SECONDS, now_second):
            for counted, (count, failed) in self._by_second.get(second, {}).items():
                add(counts, counted, count, failed)
        return counts

    def quantiles(self, *timed: Timed) -> tuple[float | None, float | None]:
        """Return p50 and p99 in ms of all of these together, or None twice if nothing was timed."""
        found = [buckets for one in timed if (buckets := self._latencies.get(one)) is not None]
        if not found:
            return None, None
        buckets = found[0] if len(found) == 1 else [sum(times) for times in zip(*found, strict=True)]
        return quantile(buckets, 0.5), quantile(buckets, 0.99)


def add(counts: Counts, counted: Counted, count: int, failed: int) -> None:
    """Add to an entry of ``counts``."""
    entry = counts.get(counted)
    if entry is None:
        counts[counted] = [count, failed]
    else:
        entry[0] += count
        entry[1] += failed


def merged(many: Iterable[Mapping[int, tuple[int, int]]]) -> dict[int, tuple[int, int]]:
    """Return the sum of several deltas: edge → (count, failed)."""
    total: dict[int, tuple[int, int]] = {}
    for one in many:
        for edge, (count, failed) in one.items():
            before = total.get(edge, (0, 0))
            total[edge] = (before[0] + count, before[1] + failed)
    return total
