"""The list twin of the flow's graph: which things are shown, in which order, with what they say.

As ``static/js/list.js`` and ``graph.js`` show them; here for the first rendering, and without JavaScript.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from eventhub.dashboard import words
from eventhub.live.gauges import TROUBLED, Gauge
from eventhub.live.graph import Edge, Graph, Node
from eventhub.live.snapshot import FlowSnapshot

MOST_ROWS = 100  # without JavaScript the filter by name finds the others
_KINDS = ["source", "bus", "rule", "target", "sink"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One row: a node, its figures, how many events of the last minute, its state in words."""

    node: Node
    gauge: Gauge
    minute: int
    said: words.Said


@dataclass(frozen=True, slots=True)
class Column:
    """A heading; ``href`` sorts by it, or the other way round; ``sorted`` is how it is now, for ARIA."""

    name: str
    title: str
    is_number: bool
    href: str
    sorted: str


_SORTS: dict[str, tuple[str, bool, Callable[[Listed], Any]]] = {
    "kind": ("Kind", False, lambda one: _KINDS.index(one.node.kind)),
    "name": ("Name", False, lambda one: one.node.label.lower()),
    # In powers of two, as the page does, whose rows change places seldom.
    "rate": ("Rate", True, lambda one: -one.minute.bit_length()),
    "p50": ("p50", True, lambda one: -(one.gauge.p50 or -1)),
    "p99": ("p99", True, lambda one: -(one.gauge.p99 or -1)),
    "waiting": ("Waiting", True, lambda one: -(one.gauge.backlog or -1)),
    "state": ("State", False, lambda one: _urgency(one.gauge.state)),
}


def _urgency(state: str) -> int:
    if state in TROUBLED:
        return 0
    return {"retrying": 1, "slow": 1, "paused": 1, "idle": 3}.get(state, 2)


def columns(query: QueryDict) -> list[Column]:
    """Return the headings, with addresses that keep what else is asked."""
    now = query.get("sort", "")
    made = []
    for name, (title, is_number, _) in _SORTS.items():
        other = query.copy()
        other["sort"] = f"-{name}" if now == name else name
        way = "ascending" if now == name else "descending" if now == f"-{name}" else ""
        made.append(Column(name, title, is_number, f"?{other.urlencode()}", way))
    return made


def listed(snapshot: FlowSnapshot, last_minute: Counter[str], query: QueryDict) -> list[Listed]:
    """Return the rows that ``find``, ``focus`` and ``sort`` ask for; else all, along the flow by rate."""
    shown = _shown(snapshot.graph, query.get("focus", ""), query.get("find", "").strip())
    rows = [
        Listed(
            node, snapshot.gauges[key], last_minute[key], _said(node, snapshot.gauges[key], last_minute[key])
        )
        for key, node in snapshot.graph.nodes.items()
        if key in shown
    ]
    rows.sort(key=lambda one: (_KINDS.index(one.node.kind), -one.minute.bit_length(), one.node.label))
    name = query.get("sort", "")
    if name.removeprefix("-") in _SORTS:
        rows.sort(key=_SORTS[name.removeprefix("-")][2], reverse=name.startswith("-"))
    return rows[:MOST_ROWS]


def _said(node: Node, gauge: Gauge, minute: int) -> words.Said:
    return words.lost(node.name, minute) if node.kind == "sink" else words.condition(gauge)


def _shown(graph: Graph, focus: str, find: str) -> set[str]:
    """Return the keys of one path, and of what holds a text in its name with its paths; of all if unasked."""
    shown = set(graph.nodes)
    if focus in shown:
        shown = _paths(graph.edges, [focus])
    if find:
        wanted = find.lower()
        shown &= _paths(graph.edges, [key for key in shown if wanted in graph.nodes[key].label.lower()])
    return shown


def _paths(edges: Iterable[Edge], starts: list[str]) -> set[str]:
    """Return what lies up- and downstream of some nodes, and these."""
    after: dict[str, list[str]] = {}
    before: dict[str, list[str]] = {}
    for start, end in edges:
        after.setdefault(start, []).append(end)
        before.setdefault(end, []).append(start)
    found: set[str] = set()
    for ways in (after, before):
        reached = dict.fromkeys(starts)
        queue = list(starts)
        while queue:
            for key in ways.get(queue.pop(), ()):
                if key not in reached:
                    reached[key] = None
                    queue.append(key)
        found.update(reached)
    return found


def last_minute(snapshot: FlowSnapshot) -> tuple[Counter[str], Counter[str]]:
    """Count, as ``static/js/model.js`` does, the events of each node, and those ``in`` and ``out`` of all."""
    nodes = snapshot.graph.nodes
    by_node: Counter[str] = Counter()
    minute: Counter[str] = Counter()
    for (start, end), (count, failed) in snapshot.counts.items():
        kinds = (nodes[start].kind, nodes[end].kind)
        if kinds[0] == "source":
            by_node[start] += count
        if kinds[0] == "source" or kinds[1] != "bus":
            by_node[end] += count
        minute["in"] += count if kinds == ("source", "bus") else 0
        minute["out"] += count - failed if kinds == ("rule", "target") else 0
    return by_node, minute
