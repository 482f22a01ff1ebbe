"""A page as the protocol describes it: applies snaps and parts, and checks that each continues the last."""

from typing import Any


class Page:
    """What one subscription shows."""

    def __init__(self) -> None:
        self.to: int | None = None
        self.nodes: dict[int, dict[str, Any]] = {}
        self.edges: dict[int, tuple[int, int]] = {}
        self.counts: dict[int, list[int]] = {}
        self.states: dict[int, list[Any]] = {}
        self.head: dict[str, Any] = {}
        self.rows: dict[str, list[Any]] = {}
        self.seen = self.failed = self.missing = 0
        self.gaps: list[list[str]] = []
        self.event: dict[str, Any] | None = None
        self.snaps: list[str] = []

    def snap(self, snap: dict[str, Any]) -> None:
        """Begin anew from a snap."""
        self.to = snap["seq"]
        self.snaps.append(snap["why"])
        if snap["ch"] == "flow":
            self.nodes = {node["i"]: node for node in snap["nodes"]}
            self.edges = {edge: (start, end) for edge, start, end in snap["edges"]}
            self.counts = {edge: [count, failed] for edge, count, failed in snap["ctr"]}
            self.states = {node: state for node, *state in snap["ns"]}
            self.head = snap["head"]
        elif snap["ch"] == "head":
            self.head = snap["head"]
        elif snap["ch"] == "rows":
            self.rows = {row[0]: row for row in snap["rows"]}
        else:
            self.event = snap["ev"]

    def part(self, part: dict[str, Any]) -> None:
        """Apply a part, which must continue what is shown."""
        start, self.to = part["c"][0], part["c"][1] if part["c"][0] == self.to else None
        assert self.to is not None, f"a part from {start} does not continue the page"
        self._flow(part)
        if "tot" in part:
            seen, failed, missing = part["tot"]
            self.seen += seen
            self.failed += failed
            self.missing += missing
            assert len(part.get("r", ())) == seen - missing
            assert ("gap" in part) == (missing > 0)
            if missing:
                self.gaps.append(part["gap"])
        for row in part.get("r", ()):
            self.rows[row[0]] = row
        for event, *stand, lost, tries in part.get("u", ()):
            if event in self.rows:
                self.rows[event][5:10] = stand
                self.rows[event][12:] = [lost, tries]
        self.event = part.get("ev", self.event)

    def _flow(self, part: dict[str, Any]) -> None:
        topo = part.get("topo")
        if topo:
            for node in [*topo["add"]["nodes"], *topo["upd"]]:
                self.nodes[node["i"]] = node
            for edge, start, end in topo["add"]["edges"]:
                self.edges[edge] = (start, end)
            for node in topo["del"]["nodes"]:
                del self.nodes[node]
                self.states.pop(node, None)
            for edge in topo["del"]["edges"]:
                del self.edges[edge]
                self.counts.pop(edge, None)
        for name, sign in (("e", 1), ("x", -1)):
            flat = part.get(name, [])
            for edge, count, failed in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
                entry = self.counts.setdefault(edge, [0, 0])
                entry[0] += sign * count
                entry[1] += sign * failed
        for edge, count, failed in part.get("ctr", ()):
            self.counts[edge] = [count, failed]
        for node, *state in part.get("ns", ()):
            self.states[node] = state
        self.head = part.get("head", self.head)

    def shown_counts(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Return what is counted, by the keys of the edges' ends."""
        return {
            (self.nodes[self.edges[edge][0]]["key"], self.nodes[self.edges[edge][1]]["key"]): (count, failed)
            for edge, (count, failed) in self.counts.items()
            if count
        }

    def shown_states(self) -> dict[str, list[Any]]:
        """Return the nodes' states by their keys."""
        return {self.nodes[node]["key"]: state for node, state in self.states.items()}
