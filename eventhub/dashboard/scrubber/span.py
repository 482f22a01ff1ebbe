"""The span of time that the bars show, and the instant that the page shows of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.core.exceptions import BadRequest

from eventhub.domain.filter import units
from eventhub.journal.port import Grain
from eventhub.live.past import EARLIEST_SECONDS, LATEST_SECONDS

BARS = 240


@dataclass(frozen=True, slots=True)
class Length:
    """How long a span is: ``minutes`` is how an address says it."""

    minutes: int
    name: str
    grain: Grain  # of its bars
    noted: Grain  # of what is noted of circuits
    ticks: tuple[str, ...]  # under its bars, from the first to now

    @property
    def step(self) -> int:
        """Return the seconds of one bar."""
        return self.minutes * 60 // BARS


LENGTHS = (
    Length(60, "60 min", Grain.SECOND, Grain.TEN, ("−60 min", "−45", "−30", "−15", "now")),
    Length(24 * 60, "24 h", Grain.MINUTE, Grain.MINUTE, ("−24 h", "−18", "−12", "−6", "now")),
    Length(7 * 24 * 60, "7 d", Grain.MINUTE, Grain.HOUR, ("−7 d", "−6", "−5", "−4", "−3", "−2", "−1", "now")),
)


@dataclass(frozen=True, slots=True)
class Span:
    """The bars' span, which ends with the bar that is not over yet, and the instant shown; None is now."""

    length: Length
    now: int
    at: int | None = None

    @property
    def until(self) -> int:
        """Return the end of the last bar."""
        return (self.now // self.length.step + 1) * self.length.step

    @property
    def since(self) -> int:
        """Return the begin of the first bar."""
        return self.until - BARS * self.length.step

    @property
    def bar(self) -> int:
        """Return the number of the bar that leads to the instant: the last one, if that is now."""
        if self.at is None:
            return BARS - 1
        return min(BARS - 1, max(0, (self.at - 1 - self.since) // self.length.step))

    def moved(self, bars: int) -> "Span":
        """Return the span with the instant some bars on; after the last one that is over, it is now.

        >>> hour = Span(LENGTHS[0], now=36_000)
        >>> hour.moved(-1).at, hour.moved(-1).moved(1).at, hour.moved(-1).moved(-1).at
        (36000, None, 35985)
        """
        step = self.length.step
        end = self.since + (self.bar + 1 + bars) * step
        end = max(end, self.since + step)
        return replace(self, at=None if end > self.now else end)


def asked(given: Mapping[str, str], now: int) -> Span:
    """Return the span that an address asks for at the second ``now``; raises BadRequest for what is none.

    ``at`` is a moment or how long ago; what is later than the newest figures is now. ``win`` are minutes;
    without it, or where the instant is older than it, the shortest span that holds the instant.
    """
    at = _instant(given.get("at", ""), now)
    if at is not None and at > now - LATEST_SECONDS:
        at = None
    length = _length(given.get("win", ""))
    holding = [one for one in LENGTHS if at is None or at > Span(one, now).since]
    if not holding:
        at = Span(LENGTHS[-1], now).since + 1
        holding = [LENGTHS[-1]]
    return Span(length if length in holding else holding[0], now, at)


def written(at: int) -> str:
    """Return a second as addresses have it.

    >>> written(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(text: str, now: int) -> int | None:
    if not text:
        return None
    if (ago := units.ago(text)) is not None:
        return now - ago // 1_000_000
    if (moment := units.moment(text)) is None:
        raise BadRequest(f"at: wanted a moment such as {written(now)}, or how long ago, such as 15m")
    return max(moment // 1_000_000, now - EARLIEST_SECONDS)


def _length(text: str) -> Length | None:
    if not text:
        return None
    for one in LENGTHS:
        if text == str(one.minutes):
            return one
    wanted = ", ".join(str(one.minutes) for one in LENGTHS)
    raise BadRequest(f"win: wanted {wanted} (minutes), found {text!r:.40}")
