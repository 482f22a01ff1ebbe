"""The flow channel: the graph, its counters and the states of its nodes, of every bus or of some."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from eventhub.live.channel import Channel
from eventhub.live.gauges import Backlogs, Gauge, Head, gauges, head
from eventhub.live.graph import Edge, Graph, Numbering
from eventhub.live.view import View
from eventhub.live.window import Counts, Window, merged

_encode = msgspec.json.Encoder().encode
Deltas = Mapping[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class FlowChange:
    """What one tick changed; ``topo`` is the encoded change of the graph."""

    tick: int
    at: float
    added: Deltas
    gone: Deltas
    nodes: frozenset[str] = frozenset()
    head: bool = False
    topo: str = ""
    set_edges: frozenset[Edge] = frozenset()

    @property
    def weight(self) -> int:
        """Return how many entries it holds."""
        return 1 + len(self.added) + len(self.gone) + len(self.nodes)


@dataclass(slots=True)
class _Redrawn:
    topo: str = ""
    set_edges: set[Edge] = field(default_factory=set)


class FlowChannel(Channel[FlowChange]):
    """One graph, kept current."""

    name = "flow"

    def __init__(self, view: View, bus: str | None, tick: int, numbering: Numbering, window: Window) -> None:
        super().__init__(tick)
        self.view = view
        self.bus = bus
        self.graph = Graph()
        self.version = 0
        self._numbering = numbering
        self._window = window
        self._gauges: dict[str, Gauge] = {}
        self._head = Head()
        self._redrawn = _Redrawn()
        self._moved: set[str] = set()
        self._head_moved = False

    def begin(self, graph: Graph, version: int, recent: Counts, backlogs: Backlogs, now: float) -> None:
        """Take the first drawing, before anybody watches."""
        self.version = version
        self.redraw(graph, version)
        self.measure(recent, backlogs, now)
        self._moved, self._head_moved, self._redrawn = set(), False, _Redrawn()

    def redraw(self, graph: Graph, version: int) -> None:
        """Take a new drawing; what differs goes out with the next change."""
        old, self.graph = self.graph, graph
        number, edge_number = self._numbering.node, self._numbering.edge
        add = [key for key in graph.nodes if key not in old.nodes]
        upd = [key for key, node in graph.nodes.items() if key in old.nodes and old.nodes[key] != node]
        gone = [key for key in old.nodes if key not in graph.nodes]
        new_edges = [edge for edge in graph.edges if edge not in old.edges]
        gone_edges = [edge for edge in old.edges if edge not in graph.edges]
        for counted in self._window.counts:
            before, after = old.edge_of.get(counted), graph.edge_of.get(counted)
            if before != after:
                self._redrawn.set_edges |= {edge for edge in (before, after) if edge in graph.edges and edge}
        for key in gone:
            self._gauges.pop(key, None)
        if add or upd or gone or new_edges or gone_edges:
            self.version = version
            self._redrawn.topo = _encode(
                {
                    "v": version,
                    "add": {
                        "nodes": [graph.nodes[key].as_json(number(key)) for key in add],
                        "edges": [
                            (edge_number(edge), number(edge[0]), number(edge[1])) for edge in new_edges
                        ],
                    },
                    "del": {
                        "nodes": [number(key) for key in gone],
                        "edges": [edge_number(edge) for edge in gone_edges],
                    },
                    "upd": [graph.nodes[key].as_json(number(key)) for key in upd],
                }
            ).decode()

    @property
    def head(self) -> Head:
        """Return the header's figures."""
        return self._head

    def measure(self, recent: Counts, backlogs: Backlogs, now: float) -> None:
        """Work out states, rates and latencies anew: once a second, and when the graph changed."""
        fresh = gauges(self.graph, self._window, recent=recent, waiting=backlogs, now=now)
        self._moved |= {key for key, gauge in fresh.items() if self._gauges.get(key) != gauge}
        self._gauges = fresh
        header = head(self.graph, self._window, recent=recent, figures=fresh, view=self.view)
        self._head_moved = self._head_moved or header != self._head
        self._head = header

    def advance(self, tick: int, now: float, added: Counts, gone: Counts) -> bool:
        """Record what this tick changed; False if nothing did."""
        change = FlowChange(
            tick=tick,
            at=now,
            added=self._numbered(added),
            gone=self._numbered(gone),
            nodes=frozenset(self._moved),
            head=self._head_moved,
            topo=self._redrawn.topo,
            set_edges=frozenset(self._redrawn.set_edges),
        )
        if change.weight == 1 and not change.head and not change.topo and not change.set_edges:
            return False
        self._moved, self._head_moved, self._redrawn = set(), False, _Redrawn()
        self.record(change)
        return True

    def _numbered(self, counts: Counts) -> dict[int, tuple[int, int]]:
        return {self._numbering.edge(edge): sums for edge, sums in self.graph.sums(counts).items()}

    def snap(self) -> str:
        """Return the whole graph with its counters."""
        number, edge_number = self._numbering.node, self._numbering.edge
        members = {
            "topo": self.version,
            "bus": self.bus,
            "nodes": [node.as_json(number(key)) for key, node in self.graph.nodes.items()],
            "edges": [(edge_number(edge), number(edge[0]), number(edge[1])) for edge in self.graph.edges],
            "ctr": self._counters(self._window.counts),
            "ns": [(number(key), *gauge) for key, gauge in self._gauges.items()],
            "head": self._head,
        }
        return f",{_encode(members).decode()[1:-1]}"

    def _counters(self, counts: Counts) -> list[tuple[int, int, int]]:
        return [(edge, count, failed) for edge, (count, failed) in self._numbered(counts).items() if count]

    def _merge(self, since: int, changes: list[FlowChange]) -> str | None:
        latest = changes[-1] if changes else None
        if any(change.topo for change in changes if change is not latest):
            return None  # the differences of several drawings are not worth composing
        parts = []
        if latest is not None and latest.topo:
            if len(changes) > 1:
                return None
            parts.append(f',"topo":{latest.topo}')
        for name, deltas in (("e", [c.added for c in changes]), ("x", [c.gone for c in changes])):
            total = deltas[0] if len(deltas) == 1 else merged(deltas)
            if total:
                flat = [figure for edge, sums in total.items() for figure in (edge, *sums)]
                parts.append(f',"{name}":{_encode(flat).decode()}')
        set_edges = {edge for change in changes for edge in change.set_edges if edge in self.graph.edges}
        if set_edges:
            sums = self.graph.sums(self._window.counts)
            now = [(self._numbering.edge(edge), *sums.get(edge, (0, 0))) for edge in sorted(set_edges)]
            parts.append(f',"ctr":{_encode(now).decode()}')
        nodes = {key for change in changes for key in change.nodes if key in self._gauges}
        if nodes:
            states = [(self._numbering.node(key), *self._gauges[key]) for key in sorted(nodes)]
            parts.append(f',"ns":{_encode(states).decode()}')
        if any(change.head for change in changes):
            parts.append(f',"head":{_encode(self._head).decode()}')
        return "".join(parts)
