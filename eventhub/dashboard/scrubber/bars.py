"""The bars: what was accepted, and which attempts failed, in each step of a span."""

from collections.abc import Collection
from dataclasses import dataclass

from eventhub.dashboard.scrubber.span import BARS, Span
from eventhub.journal.port import Journal, Past

HEIGHT = 48  # of the drawing, in its own units; a bar is one wide
LEAST = 1.5  # a bar that is not empty is seen


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts by bar, oldest first: events accepted, and attempts that failed."""

    span: Span
    accepted: list[int]
    failed: list[int]

    @property
    def peak(self) -> int:
        """Return the height of the highest bar, at least one."""
        return max(1, *(a + f for a, f in zip(self.accepted, self.failed, strict=True)))

    @property
    def peak_rate(self) -> float:
        """Return the most events accepted a second, as the mean of a bar."""
        return max(self.accepted) / self.span.length.step

    @property
    def peak_minute(self) -> int:
        """Return the most events a minute, for rates below one a second."""
        return -(-max(self.accepted) * 60 // self.span.length.step)

    @property
    def paths(self) -> tuple[str, str]:
        """Return the drawing as ``static/js/scrubber.js`` makes it: accepted, and what failed on top."""
        good, bad = [], []
        for bar, (accepted, failed) in enumerate(zip(self.accepted, self.failed, strict=True)):
            low = self._tall(accepted)
            good.append(_block(bar, 0, low))
            bad.append(_block(bar, low, self._tall(failed)))
        return "".join(good), "".join(bad)

    def _tall(self, count: int) -> float:
        # What fails rarely must be seen; the drawing has room for both at their least.
        return max(LEAST, (HEIGHT - LEAST) * count / self.peak) if count else 0.0

    def said(self, bar: int) -> str:
        """Return a bar in words.

        >>> from eventhub.dashboard.scrubber.span import LENGTHS
        >>> Bars(Span(LENGTHS[0], 0), [1204, 1], [9, 0]).said(0)
        '1,204 events, 9 failed attempts'
        """
        accepted, failed = self.accepted[bar], self.failed[bar]
        events = f"{accepted:,} event{'' if accepted == 1 else 's'}"
        return f"{events}, {failed:,} failed attempt{'' if failed == 1 else 's'}" if failed else events


def read_bars(journal: Journal, span: Span, bus_ids: Collection[int] | None, first: int = 0) -> Bars:
    """Return the bars of some buses (None: all), those before the bar ``first`` left at 0."""
    step = span.length.step
    past = Past(span.since + first * step, span.until, span.length.grain, step=step)
    accepted, failed = [0] * BARS, [0] * BARS
    for one in journal.counts("accepted", past, by=(), bus_ids=bus_ids):
        accepted[(one.at - span.since) // step] = one.count
    for one in journal.counts("attempted", past, by=(), bus_ids=bus_ids):
        failed[(one.at - span.since) // step] = one.failed
    return Bars(span, accepted, failed)


def _block(bar: int, low: float, tall: float) -> str:
    return f"M{bar + 0.1:g} {HEIGHT - low:.4g}v{-tall:.4g}h.8v{tall:.4g}z" if tall else ""
