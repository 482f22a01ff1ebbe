"""The graph that the flow page shows: nodes and edges from the rulebook and from what was counted.

A pure function of both, drawn anew when either brings something new; ``Numbering`` gives what is drawn the
numbers that the socket uses instead of keys.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from eventhub.flow.rulebook import Rulebook, RuleOnBus
from eventhub.flow.target import TargetInForce
from eventhub.journal.counted import Counted
from eventhub.journal.port import UNKNOWN_BUS
from eventhub.live.crowd import Crowd, crowds
from eventhub.live.view import View
from eventhub.live.window import Counts

SHOWN_SOURCES = 30
OTHER_SOURCES = "source:*"
UNMATCHED = "sink:unmatched"
DEAD = "sink:dead"

Edge = tuple[str, str]  # keys of its ends


@dataclass(frozen=True, slots=True)
class Node:
    """A thing of the graph; ``more`` holds what only its kind has."""

    key: str
    kind: str  # source, bus, rule, target, sink
    id: int | None
    name: str
    label: str
    url: str | None = None
    enabled: bool = True
    deleted: bool = False  # still counted, but not configured any more
    paused: bool = False  # what comes to it waits there
    shadow: bool = False  # a rule that is only tried
    more: Mapping[str, object] = field(default_factory=dict)

    def as_json(self, number: int) -> dict[str, object]:
        """Return the node as the socket carries it."""
        shown = {"i": number, "key": self.key, "kind": self.kind, "id": self.id, "name": self.name}
        return {**shown, "label": self.label, "url": self.url, **self.more}


@dataclass(slots=True)
class Graph:
    """Nodes by key, edges in drawing order, and which edge each count belongs to."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)
    edge_of: dict[Counted, Edge] = field(default_factory=dict)
    not_drawn: set[Counted] = field(default_factory=set)  # has no edge, and would have none if drawn anew
    crowded: dict[int, Crowd] = field(default_factory=dict)  # rules that share a node, by id

    def knows(self, counted: Counted, view: View) -> bool:
        """Tell whether a count has its edge here, or is none of this graph's business."""
        return counted in self.edge_of or counted in self.not_drawn or not view.shows(counted.bus_id)

    def hides(self, counted: Counted) -> bool:
        """Tell whether what failed did so for a rule that has no node of its own, but should."""
        return counted.kind in ("attempt", "dead") and int(counted.a) in self.crowded

    def sums(self, counts: Mapping[Counted, Iterable[int]]) -> dict[Edge, tuple[int, int]]:
        """Return the counts by edge."""
        sums: dict[Edge, tuple[int, int]] = {}
        for counted, (count, failed) in counts.items():
            edge = self.edge_of.get(counted)
            if edge is not None:
                before = sums.get(edge, (0, 0))
                sums[edge] = (before[0] + count, before[1] + failed)
        return sums


def draw(rulebook: Rulebook, counts: Counts, sources: Collection[tuple[str, int]], view: View) -> Graph:
    """Draw the buses of a view and what hangs on them.

    ``counts`` are the window's; ``sources`` are (source, bus id) pairs known from before the window.
    """
    mine = [counted for counted in counts if view.shows(counted.bus_id)]
    graph = Graph()
    _draw_sources(graph, mine, counts, [pair for pair in sources if view.shows(pair[1])])
    buses = {bus: name for bus, name in rulebook.bus_names.items() if view.shows(bus)}
    for bus, name in sorted(buses.items(), key=lambda item: item[1]):
        _add_bus(graph, bus, name, paused=bus in rulebook.paused)
    for source_bus in [edge[1] for edge in graph.edges]:
        _bus(graph, rulebook, int(source_bus.removeprefix("bus:")))
    _draw_rules(graph, rulebook, counts, list(buses), view)
    if view.shown is None:
        for target in rulebook.targets.values():
            _target(graph, rulebook, target.id, view)
    graph.nodes[UNMATCHED] = Node(
        UNMATCHED, "sink", None, "unmatched", "no rule matched", "/events?q=status:unmatched"
    )
    graph.nodes[DEAD] = Node(DEAD, "sink", None, "dead", "dead letters", "/dead-letters")
    for counted in mine:
        if counted.kind != "source":
            _add_counted(graph, rulebook, counted, view)
    for key, node in list(graph.nodes.items()):
        if node.kind == "bus" and view.shows(node.id or 0):
            _join(graph, Counted("unmatched", node.id or 0, 0, 0), key, UNMATCHED)
    return graph


def _draw_rules(graph: Graph, rulebook: Rulebook, counts: Counts, buses: list[int], view: View) -> None:
    known = [on_bus for bus in buses if (on_bus := rulebook.rules.get(bus)) is not None]
    graph.crowded = crowds([rule for one in known for rule in one.rules.values()], counts, view.opened)
    for crowd, size in sorted(Counter(graph.crowded.values()).items()):
        of_bus = rulebook.bus_names.get(crowd.bus_id, "")
        name = f"other rules of {of_bus}" if crowd.pattern == "*" else crowd.pattern
        more = {"bus": crowd.bus_id, "count": size}
        graph.nodes[crowd.key] = Node(crowd.key, "rule", None, crowd.pattern, name, more=more)
    for one in known:
        for rule in sorted(one.rules.values(), key=lambda rule: rule.name):
            _add_rule(graph, rulebook, rule, view)


def _draw_sources(graph: Graph, mine: list[Counted], counts: Counts, known: list[tuple[str, int]]) -> None:
    totals: dict[str, int] = dict.fromkeys((source for source, _ in known), 0)
    pairs = dict.fromkeys(known)
    for counted in mine:
        if counted.kind == "source":
            name = str(counted.a)
            totals[name] = totals.get(name, 0) + counts[counted][0]
            pairs[name, counted.bus_id] = None
    ranked = sorted(totals, key=lambda name: (-totals[name], name))
    shown = set(ranked[:SHOWN_SOURCES])
    for name in sorted(shown):
        url = f"/events?source={quote(name, safe='')}"
        graph.nodes[f"source:{name}"] = Node(f"source:{name}", "source", None, name, name, url)
    others = len(ranked) - len(shown)
    if others:
        label = f"+{others} {'source' if others == 1 else 'sources'}"
        graph.nodes[OTHER_SOURCES] = Node(OTHER_SOURCES, "source", None, "*", label, more={"count": others})
    for name, bus in pairs:
        key = f"source:{name}" if name in shown else OTHER_SOURCES
        _join(graph, Counted("source", bus, name, 0), key, f"bus:{bus}")


def _add_counted(graph: Graph, rulebook: Rulebook, counted: Counted, view: View) -> None:
    """Join what was counted, adding nodes for what is not configured any more."""
    if counted.kind == "unmatched":
        _bus(graph, rulebook, counted.bus_id)
    elif counted.kind == "forward":
        into = rulebook.targets.get(int(counted.a))
        if into is not None and into.bus_id is not None and view.sees(into.bus_id):
            start = _bus(graph, rulebook, counted.bus_id)
            _join(graph, counted, start, _bus(graph, rulebook, into.bus_id))
        else:
            graph.not_drawn.add(counted)
    elif counted.kind == "match":
        bus = _bus(graph, rulebook, counted.bus_id)
        _join(graph, counted, bus, _rule(graph, int(counted.a)))
    elif counted.kind == "attempt":
        _join(graph, counted, _rule(graph, int(counted.a)), _target(graph, rulebook, counted.b, view))
    elif counted.b:
        _join(graph, counted, _target(graph, rulebook, counted.b, view), DEAD)
    else:
        _join(graph, counted, _rule(graph, int(counted.a)), DEAD)


def _add_rule(graph: Graph, rulebook: Rulebook, rule: RuleOnBus, view: View) -> None:
    if rule.id not in graph.crowded:
        key = f"rule:{rule.id}"
        url = f"/rules/{rule.id}"
        more = {"bus": rule.bus_id}
        state = {"enabled": rule.enabled, "shadow": rule.shadow}
        graph.nodes[key] = Node(key, "rule", rule.id, rule.name, rule.name, url, **state, more=more)
    key = _rule(graph, rule.id)
    _join(graph, Counted("match", rule.bus_id, rule.id, 0), f"bus:{rule.bus_id}", key)
    for target_id in rule.target_ids:
        target = _target(graph, rulebook, target_id, view)
        _join(graph, Counted("attempt", rule.bus_id, rule.id, target_id), key, target)
        _join(graph, Counted("dead", rule.bus_id, rule.id, target_id), target, DEAD)
        into = rulebook.targets.get(target_id)
        if into is not None and into.bus_id is not None and view.sees(into.bus_id):
            counted = Counted("forward", rule.bus_id, target_id, 0)
            _join(graph, counted, f"bus:{rule.bus_id}", _bus(graph, rulebook, into.bus_id))


def _join(graph: Graph, counted: Counted, start: str, end: str) -> None:
    graph.edges[start, end] = None
    graph.edge_of[counted] = (start, end)


def _bus(graph: Graph, rulebook: Rulebook, bus_id: int) -> str:
    if f"bus:{bus_id}" not in graph.nodes:
        _add_bus(graph, bus_id, rulebook.bus_names.get(bus_id), paused=bus_id in rulebook.paused)
    return f"bus:{bus_id}"


def _add_bus(graph: Graph, bus_id: int, name: str | None, *, paused: bool) -> None:
    key = f"bus:{bus_id}"
    if name is not None:
        graph.nodes[key] = Node(key, "bus", bus_id, name, name, f"/buses/{quote(name)}", paused=paused)
    elif bus_id == UNKNOWN_BUS:
        graph.nodes[key] = Node(key, "bus", bus_id, "unknown bus", "unknown bus", deleted=True)
    else:
        graph.nodes[key] = Node(key, "bus", bus_id, f"bus {bus_id}", f"bus {bus_id} (deleted)", deleted=True)


def _rule(graph: Graph, rule_id: int) -> str:
    if rule_id in graph.crowded:
        return graph.crowded[rule_id].key
    key = f"rule:{rule_id}"
    if key not in graph.nodes:
        name = f"rule {rule_id}"
        graph.nodes[key] = Node(key, "rule", rule_id, name, f"{name} (deleted)", deleted=True)
    return key


def _target(graph: Graph, rulebook: Rulebook, target_id: int, view: View) -> str:
    key = f"target:{target_id}"
    if key not in graph.nodes:
        target = rulebook.targets.get(target_id)
        if target is None:
            name = f"target {target_id}"
            graph.nodes[key] = Node(key, "target", target_id, name, f"{name} (deleted)", deleted=True)
        else:
            graph.nodes[key] = _configured(key, target, view)
    return key


def _configured(key: str, target: TargetInForce, view: View) -> Node:
    # The host only: a path or a query may hold a secret of the receiver's.
    address = urlsplit(target.url).netloc
    if target.bus_id is not None:
        address = target.bus if view.sees(target.bus_id) else "another bus"
    more = {"target_kind": target.kind, "address": address}
    url = f"/targets/{target.id}"
    return Node(
        key,
        "target",
        target.id,
        target.name,
        target.name,
        url,
        enabled=target.enabled,
        paused=target.enabled and bool(target.waits),
        more=more,
    )


@dataclass
class Numbering:
    """Gives keys of nodes and edges their numbers, each once."""

    nodes: dict[str, int] = field(default_factory=dict)
    edges: dict[Edge, int] = field(default_factory=dict)

    def node(self, key: str) -> int:
        """Return a node's number."""
        return self.nodes.setdefault(key, len(self.nodes))

    def edge(self, edge: Edge) -> int:
        """Return an edge's number."""
        return self.edges.setdefault(edge, len(self.edges))
