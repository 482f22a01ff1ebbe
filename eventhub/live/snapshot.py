"""The flow page's content at a moment, from the journal's tables and the rulebook: as a new hub shows it."""

import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connections, transaction

from eventhub.flow.rulebook import Rulebook, load
from eventhub.journal.port import Journal, Position, Tail
from eventhub.live.gauges import Gauge, Head, gauges, head
from eventhub.live.graph import Edge, Graph, draw
from eventhub.live.rows import Row
from eventhub.live.sums import EVERYTHING, Known, read_backlogs, read_known, recent_rows
from eventhub.live.view import EVERY_BUS, View

__all__ = ["FlowSnapshot", "flow_snapshot", "read_start", "recent_rows"]


@dataclass(frozen=True, slots=True)
class FlowSnapshot:
    """What the flow page shows; the same words and figures as the socket's snaps."""

    at: float  # seconds since 1970
    graph: Graph
    counts: dict[
        Edge, tuple[int, int]
    ]  # of the last 60 s by edge: (count, failed); edges without are left out
    gauges: dict[str, Gauge]  # by node key
    head: Head
    rows: list[Row]  # the 50 newest, newest first


def flow_snapshot(
    view: View = EVERY_BUS, *, rulebook: Rulebook | None = None, now: float | None = None
) -> FlowSnapshot:
    """Return what the flow page shows of a view at ``now`` (seconds)."""
    now = time.time() if now is None else now
    rulebook = load() if rulebook is None else rulebook
    known = read_known(EVERYTHING, now)
    graph = draw(rulebook, known.window.counts, known.sources, view)
    recent = known.window.recent(int(now))
    figures = gauges(graph, known.window, recent=recent, waiting=read_backlogs(rulebook.paused, now), now=now)
    return FlowSnapshot(
        at=now,
        graph=graph,
        counts=graph.sums(known.window.counts),
        gauges=figures,
        head=head(graph, known.window, recent=recent, figures=figures, view=view),
        rows=recent_rows(50, bus_ids=view.shown),
    )


def read_start(journal: Journal, now: float) -> tuple[Known, list[Row]]:
    """Return what a hub starts from: everything up to a place in the journal, exactly; and newest rows."""
    if not settings.EMBEDDED:
        # Nothing that commits later falls before the head.
        tail = journal.head()
        return read_known(tail, now), recent_rows(50, tail=tail)
    with transaction.atomic(
        using="journal"
    ):  # one state of all tables; outcomes carry no position of their own
        with connections["journal"].cursor() as cursor:
            tables = "event", "routing", "attempt", "dead_letter"
            newest = []
            for table in tables:
                cursor.execute(f"SELECT max(seq) FROM {table}")  # noqa: S608 - one of ours
                newest.append(cursor.fetchone()[0])
        tail = Tail(*(Position(0, seq or 0) for seq in newest))
        return read_known(tail, now), recent_rows(50, tail=tail)
