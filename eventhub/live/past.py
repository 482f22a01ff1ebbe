"""The flow at an instant of the past, out of the rollups: the same words and figures as the live snapshot's.

The younger the instant, the finer the grain: seconds for two hours, ten seconds for a day, minutes for a
week. Counts are those of the minute before the instant, rates those of its last seconds. The graph is that of
today's configuration; what was counted for rules and targets that are gone is shown as theirs.
"""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import structs

from eventhub.domain.filter import Filter
from eventhub.flow.rulebook import Rulebook
from eventhub.journal.counted import Counted, Timed
from eventhub.journal.port import CircuitState, Grain, Journal, Past, Search
from eventhub.journal.rolling import KEPT_SECONDS, TIMED_KINDS
from eventhub.journal.rows import EventRow
from eventhub.journal.summing import SECOND
from eventhub.live.gauges import Backlog, Backlogs, gauges, head
from eventhub.live.graph import Edge, draw
from eventhub.live.rows import Row
from eventhub.live.snapshot import FlowSnapshot
from eventhub.live.sums import rows_with_fate
from eventhub.live.view import View
from eventhub.live.window import RATE_SECONDS, WINDOW_SECONDS, Counts, Window, add

LATEST_SECONDS = 3  # so long ago everything is rolled up
EARLIEST_SECONDS = 7 * 86_400  # further back than that nobody looks
FINE_GRAINS = (Grain.SECOND, Grain.TEN, Grain.MINUTE)
EDGE_KINDS = ("source", "match", "attempt", "forward", "unmatched", "dead")
LISTED = 50


@dataclass(frozen=True, slots=True)
class PastSnapshot:
    """A flow snapshot of the past: ``grain`` is that of its figures, ``news`` what happened in the step."""

    flow: FlowSnapshot
    grain: Grain
    news: dict[Edge, tuple[int, int]]  # by edge: (count, failed) in the last ``step`` seconds


def grain_at(at: int, now: int) -> Grain:
    """Return the finest grain that is kept for the minute before ``at``; both are seconds.

    >>> [grain_at(1_000_000 - ago, 1_000_000).value for ago in (60, 3 * 3600, 48 * 3600)]
    [1, 10, 60]
    """
    kept = [grain for grain in FINE_GRAINS if at - WINDOW_SECONDS >= now - KEPT_SECONDS[grain]]
    return min(kept, default=Grain.MINUTE)


def past_snapshot(
    journal: Journal, rulebook: Rulebook, view: View, at: int, *, now: int, step: int = 0
) -> PastSnapshot:
    """Return what a view showed at the second ``at``, which is rounded down to the grain.

    ``step`` (seconds, rounded up to the grain) asks for the news that led there, as dots.
    """
    grain = grain_at(at, now)
    at -= at % grain
    window = Window()
    reading = _Reading(journal, view, window)
    reading.counts(Past(at - WINDOW_SECONDS, at, grain), window.count)
    reading.latencies(Past(at - WINDOW_SECONDS, at, grain))
    span = max(RATE_SECONDS, int(grain))
    recent = reading.sums(Past(at - span, at, grain))
    graph = draw(rulebook, window.counts, reading.sources(at), view)
    scale = RATE_SECONDS / span
    figures = {
        key: gauge._replace(rate=gauge.rate * scale)
        for key, gauge in gauges(
            graph, window, recent=recent, waiting=reading.backlogs(at, grain), now=at
        ).items()
    }
    header = head(graph, window, recent=recent, figures=figures, view=view)
    news = reading.sums(Past(at - max(step, int(grain)), at, grain)) if step else {}
    flow = FlowSnapshot(
        at=at,
        graph=graph,
        counts=graph.sums(window.counts),
        gauges=figures,
        head=structs.replace(header, rate_in=header.rate_in * scale, rate_out=header.rate_out * scale),
        rows=rows_until(journal, view, at, now),
    )
    return PastSnapshot(flow, grain, graph.sums(news))


def rows_until(journal: Journal, view: View, at: int, now: int) -> list[Row]:
    """Return the newest events accepted before the second ``at``, newest first, with what became of them."""
    found = journal.search(
        Search(Filter(), now=now * SECOND, limit=LISTED, until=at * SECOND, bus_ids=view.shown)
    )
    rows = {row.id: row for row in rows_with_fate(EventRow.objects.filter(id__in=found.ids))}
    return [rows[event_id] for event_id in found.ids if event_id in rows]


class _Reading:
    """Reads what a view may see."""

    def __init__(self, journal: Journal, view: View, window: Window) -> None:
        self._journal = journal
        self._view = view
        self._window = window

    def counts(self, past: Past, count: Callable[[int, Counted, int, int], None]) -> None:
        for kind in EDGE_KINDS:
            for one in self._journal.counts(kind, past, bus_ids=self._view.shown):
                count(past.since, one.counted, one.count, one.failed)

    def sums(self, past: Past) -> Counts:
        found: Counts = {}
        self.counts(past, lambda _second, *counted: add(found, *counted))
        return found

    def latencies(self, past: Past) -> None:
        for kind in TIMED_KINDS:
            for one in self._journal.latencies(kind, past):
                for bucket, times in enumerate(one.buckets):
                    if times:
                        self._window.time(past.since, Timed(kind, one.id), bucket, times)

    def sources(self, at: int) -> list[tuple[str, int]]:
        """Return the (source, bus id) pairs of the hours around: they keep their places while one scrubs."""
        hour = at - at % Grain.HOUR
        around = Past(hour - Grain.HOUR, hour + Grain.HOUR, Grain.HOUR)
        found = self._journal.counts("source", around, bus_ids=self._view.shown)
        return [(str(one.counted.a), one.counted.bus_id) for one in found]

    def backlogs(self, at: int, grain: Grain) -> Backlogs:
        """Return what waited at each target, and whether its circuit was open, as it was noted then."""
        noted = max(grain, Grain.TEN)  # samples are ten seconds apart
        since = at - at % noted
        return {
            ("target", int(one.counted.a)): Backlog(
                one.count, None, CircuitState.OPEN if one.failed else CircuitState.CLOSED
            )
            for one in self._journal.counts("backlog", Past(since, since + noted, noted), by=("a",))
        }
