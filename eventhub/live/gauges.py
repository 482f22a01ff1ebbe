"""What a node and the header show beside counts: a state in one word, rates, latencies and backlogs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from django.conf import settings

from eventhub.journal.counted import Timed
from eventhub.journal.limits import CircuitState
from eventhub.live.graph import Edge, Graph, Node
from eventhub.live.view import View
from eventhub.live.window import RATE_SECONDS, Counts, Window

# States of a target that does not take what it should.
OPEN = frozenset({CircuitState.OPEN.value, CircuitState.HALF_OPEN.value})
TROUBLED = OPEN | {"failing"}


class Gauge(NamedTuple):
    """A node's figures; the order is the socket's. Latencies and ``oldest`` in ms, ``rate`` per second."""

    state: str
    rate: float
    p50: float | None = None
    p99: float | None = None
    backlog: int | None = None
    oldest: int | None = None


class Head(msgspec.Struct, frozen=True):
    """The header's figures; latencies and ``oldest`` in ms, rates per second.

    ``in60`` and ``out60``: how many in the last minute, exactly. ``open``: those of the failing targets whose
    circuit is open.
    """

    rate_in: float = msgspec.field(default=0.0, name="in")
    rate_out: float = msgspec.field(default=0.0, name="out")
    p50: float | None = None
    p99: float | None = None
    backlog: int = 0
    oldest: int | None = None
    failing: int = 0
    in60: int = 0
    out60: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits at a target or a paused bus, since when (microseconds) the oldest does, and its circuit."""

    pending: int
    oldest_at: int | None
    circuit: CircuitState = CircuitState.CLOSED


Backlogs = Mapping[tuple[str, int], Backlog]  # by kind and id of the node


def gauges(
    graph: Graph, window: Window, *, recent: Counts, waiting: Backlogs, now: float
) -> dict[str, Gauge]:
    """Return every node's figures at the moment ``now`` (seconds); ``recent`` are the counts of 5 seconds."""
    totals, latest = graph.sums(window.counts), graph.sums(recent)
    flows: dict[str, _Flow] = {key: _Flow() for key in graph.nodes}
    for edge in graph.edges:
        _sum_up(graph, flows, edge, totals.get(edge, (0, 0)), latest.get(edge, (0, 0))[0])
    return {key: _gauge(node, flows[key], window, waiting, now) for key, node in graph.nodes.items()}


class _Flow:
    """What a node's edges add up to."""

    __slots__ = ("attempts", "failed", "recent", "seen")

    def __init__(self) -> None:
        self.seen = self.attempts = self.failed = self.recent = 0


def _sum_up(graph: Graph, flows: dict[str, _Flow], edge: Edge, totals: tuple[int, int], recent: int) -> None:
    (start, end), (count, failed) = edge, totals
    kind = graph.nodes[start].kind
    if kind == "source":
        flows[start].seen += count
        flows[start].recent += recent
    elif kind == "rule" and graph.nodes[end].kind == "target":
        for key in edge:
            flows[key].attempts += count
            flows[key].failed += failed
    if graph.nodes[end].kind != "bus" or kind == "source":  # what a target forwards counts as a source's
        flows[end].seen += count
        flows[end].recent += recent


def _gauge(node: Node, flow: _Flow, window: Window, waiting: Backlogs, now: float) -> Gauge:
    rate = flow.recent / RATE_SECONDS
    p50, p99 = window.quantiles(Timed(node.kind, node.id)) if node.id is not None else (None, None)
    if node.kind != "target" and not node.paused:
        return Gauge(_state(node, flow, p99), rate, p50, p99)
    there = waiting.get((node.kind, node.id or 0))
    if there is None:
        return Gauge(_state(node, flow, p99), rate, p50, p99, 0)
    oldest = None if there.oldest_at is None else max(0, int(now * 1000) - there.oldest_at // 1000)
    return Gauge(_state(node, flow, p99, there), rate, p50, p99, there.pending, oldest)


def _state(node: Node, flow: _Flow, p99: float | None, there: Backlog | None = None) -> str:
    held = _held(node, there)
    if held:
        return held
    if flow.failed:
        return "failing" if flow.failed * 2 >= flow.attempts else "retrying"
    if p99 is not None and p99 > settings.SLOW_MS and node.kind in ("rule", "target"):
        return "slow"
    if flow.seen:
        return "ok"
    return "retrying" if there is not None and there.pending else "idle"


def _held(node: Node, there: Backlog | None) -> str:
    """Return what keeps everything from going on here, or that there is nothing to go on to."""
    if node.deleted and node.id != 0:
        return "deleted"
    if not node.enabled:
        return "disabled"
    if node.shadow:
        return "shadow"
    if node.paused:
        return "paused"
    if there is not None and there.circuit is not CircuitState.CLOSED:
        return there.circuit.value
    return ""


def head(graph: Graph, window: Window, *, recent: Counts, figures: Mapping[str, Gauge], view: View) -> Head:
    """Return the header of a graph whose nodes have these figures."""
    latest = graph.sums(recent)
    arrived = delivered = backlog = failing = opened = 0
    oldest: int | None = None
    for (start, end), (count, failed) in latest.items():
        kinds = (graph.nodes[start].kind, graph.nodes[end].kind)
        arrived += count if kinds == ("source", "bus") else 0
        delivered += count - failed if kinds == ("rule", "target") else 0
    for key, gauge in figures.items():
        backlog += gauge.backlog or 0
        failing += gauge.state in TROUBLED and graph.nodes[key].kind == "target"
        opened += gauge.state in OPEN and graph.nodes[key].kind == "target"
        if gauge.oldest is not None:
            oldest = max(oldest or 0, gauge.oldest)
    ways = [Timed("all", 0)] if view.shown is None else [Timed("bus", bus_id) for bus_id in view.shown]
    p50, p99 = window.quantiles(*ways)
    return Head(
        arrived / RATE_SECONDS,
        delivered / RATE_SECONDS,
        p50,
        p99,
        backlog,
        oldest,
        failing,
        *_last_minute(window, view),
        opened,
    )


def _last_minute(window: Window, view: View) -> tuple[int, int]:
    """Return how many events were accepted and how many deliveries made."""
    arrived = delivered = 0
    for counted, (count, failed) in window.counts.items():
        if view.shows(counted.bus_id):
            arrived += count if counted.kind == "source" else 0
            delivered += count - failed if counted.kind == "attempt" else 0
    return arrived, delivered
