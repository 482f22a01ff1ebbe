"""One rule's figures, and its bars over an hour, a day or a week."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from eventhub.dashboard.lately import journal_here, last_day, last_hour, last_minute
from eventhub.dashboard.rules.figures import Figures
from eventhub.journal.looking_back import Past
from eventhub.journal.rolling import Grain


@dataclass(frozen=True, slots=True)
class Series:
    """A rule's matches and failed attempts over a while, in bars of ``step`` seconds, oldest first."""

    WINS: ClassVar[Mapping[str, tuple[int, int]]] = {"1h": (60, 60), "24h": (24, 3600), "7d": (168, 3600)}

    win: str
    since: int
    step: int
    matches: Sequence[int]
    failed: Sequence[int]
    p50: float | None = None
    p99: float | None = None

    @property
    def total(self) -> int:
        """Return the matches in all."""
        return sum(self.matches)

    @property
    def label(self) -> str:
        """Return the chart in words."""
        most = max(self.matches, default=0)
        unit = "minute" if self.step == 60 else "hour"
        failed = f", {sum(self.failed):,} failed attempts" if any(self.failed) else ""
        return f"{self.total:,} matches{failed}; at most {most:,} in one {unit}"


def figures_of(rule_id: int) -> Figures:
    """Return one rule's figures."""
    journal, figure = journal_here(), Figures()
    if journal is None:
        return figure
    at = int(time.time())
    for past, name in ((last_minute(at), "last_minute"), (last_hour(at), "hour"), (last_day(at), "day")):
        counted = journal.counts("match", past, by=(), a=[rule_id])
        setattr(figure, name, sum(one.count for one in counted))
    for one in journal.counts("attempt", last_hour(at), by=(), a=[rule_id]):
        figure.attempts, figure.failed = one.count, one.failed
    return figure


def series_of(rule_id: int, win: str) -> Series:
    """Return a rule's bars of a window, one of ``Series.WINS``; the last bar is of now, so far."""
    win = win if win in Series.WINS else "1h"
    bars, step = Series.WINS[win]
    at = int(time.time())
    since = at - at % step - (bars - 1) * step
    journal, matches, failed = journal_here(), [0] * bars, [0] * bars
    if journal is None:
        return Series(win, since, step, matches, failed)
    past = Past(since, at + 1, Grain(step), step=step)
    for one in journal.counts("match", past, by=(), a=[rule_id]):
        matches[(one.at - since) // step] = one.count
    for one in journal.counts("attempt", past, by=(), a=[rule_id]):
        failed[(one.at - since) // step] = one.failed
    took = journal.latencies("rule", Past(since, at + 1, Grain(step)), ids=[rule_id])
    p50, p99 = (took[0].quantile(0.5), took[0].quantile(0.99)) if took else (None, None)
    return Series(win, since, step, matches, failed, p50, p99)
