"""One bus over an hour, a day or a week: events in, deliveries out, and how long the way took."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from eventhub.dashboard.lately import journal_here
from eventhub.journal.looking_back import Past, together
from eventhub.journal.rolling import Grain


class Bar(NamedTuple):
    """One bar's figures: ``at`` its first second; latencies in ms, None where nothing was delivered."""

    at: int
    accepted: int
    unmatched: int
    delivered: int
    failed: int
    p50: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """A window in bars of ``step`` seconds, oldest first; the last bar is of now, so far."""

    # Bars and their seconds: each a grain of the rollups, so that a bar is exact.
    WINS: ClassVar[Mapping[str, tuple[int, int]]] = {"1h": (60, 60), "24h": (144, 600), "7d": (168, 3600)}
    WORDS: ClassVar[Mapping[str, str]] = {"1h": "last hour", "24h": "last day", "7d": "last week"}

    win: str
    since: int
    step: int
    accepted: Sequence[int]
    unmatched: Sequence[int]
    attempts: Sequence[int]
    failed: Sequence[int]
    p50: Sequence[float | None] = field(default_factory=list)
    p99: Sequence[float | None] = field(default_factory=list)
    whole: tuple[float | None, float | None] = (None, None)  # p50 and p99 of the whole window

    @property
    def unit(self) -> str:
        """Return what one bar is of."""
        return {60: "minute", 600: "10 minutes", 3600: "hour"}[self.step]

    @property
    def words(self) -> str:
        """Return what the window is of."""
        return self.WORDS[self.win]

    @property
    def delivered(self) -> Sequence[int]:
        """Return the attempts that delivered."""
        return [count - failed for count, failed in zip(self.attempts, self.failed, strict=True)]

    def bars(self) -> Iterator[Bar]:
        """Give every bar's figures, oldest first: what the table beside a chart says."""
        columns = zip(
            self.accepted, self.unmatched, self.delivered, self.failed, self.p50, self.p99, strict=True
        )
        for number, row in enumerate(columns):
            yield Bar(self.since + number * self.step, *row)

    @property
    def incoming(self) -> str:
        """Return the chart of events in words."""
        total, unmatched = sum(self.accepted), sum(self.unmatched)
        lost = f", {unmatched:,} without a rule" if unmatched else ""
        return f"{total:,} event{'s' * (total != 1)} in the {self.words}{lost}"

    @property
    def outgoing(self) -> str:
        """Return the chart of attempts in words."""
        total, failed = sum(self.delivered), sum(self.failed)
        missed = f", {failed:,} failed attempt{'s' * (failed != 1)}" if failed else ""
        return f"{total:,} deliver{'ies' if total != 1 else 'y'} in the {self.words}{missed}"

    @property
    def most_in(self) -> int:
        """Return the highest bar of events."""
        return max(self.accepted, default=0)

    @property
    def most_out(self) -> int:
        """Return the highest bar of attempts."""
        return max(self.attempts, default=0)

    @property
    def slowest(self) -> float | None:
        """Return the highest p99, in ms."""
        return max((value for value in self.p99 if value is not None), default=None)


def series_of(bus_id: int, win: str, *, now: float | None = None) -> Series:
    """Return a bus's bars of a window, one of ``Series.WINS``; of an hour if it is none."""
    win = win if win in Series.WINS else "1h"
    bars, step = Series.WINS[win]
    at = int(time.time() if now is None else now)
    since = at - at % step - (bars - 1) * step
    accepted, unmatched, attempts, failed = ([0] * bars for _ in range(4))
    p50: list[float | None] = [None] * bars
    p99: list[float | None] = [None] * bars
    journal, took = journal_here(), []
    if journal is not None:
        past = Past(since, at + 1, Grain.HOUR if step % Grain.HOUR == 0 else Grain.MINUTE, step)
        for one in journal.counts("accepted", past, by=(), bus_ids=[bus_id]):
            accepted[(one.at - since) // step] = one.count
        for one in journal.counts("unmatched", past, by=(), bus_ids=[bus_id]):
            unmatched[(one.at - since) // step] = one.count
        for one in journal.counts("attempted", past, by=(), bus_ids=[bus_id]):
            attempts[(one.at - since) // step], failed[(one.at - since) // step] = one.count, one.failed
        took = journal.latencies("bus", past, ids=[bus_id])
    for times in took:
        place = (times.at - since) // step
        p50[place], p99[place] = times.quantile(0.5), times.quantile(0.99)
    everything = together(took)
    whole = (None, None) if everything is None else (everything.quantile(0.5), everything.quantile(0.99))
    return Series(win, since, step, accepted, unmatched, attempts, failed, p50, p99, whole)
