"""The tree that leads from an event's values to the rules that can match it.

A leaf holds a few branches of rules. When it grows it is split: one path is
chosen, and every branch that needs a value there moves into a table by what the
value must be: equal to a key, beginning with a text, an address, or anything at
all. The other branches go on into `rest`, which is split in its turn. Matching
follows only what the event's values lead to, so its cost grows with the
branches that can match, and with the number of different paths that guard them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, NamedTuple

from eventhub.domain.pattern.addresses import Address, read_address
from eventhub.domain.pattern.conditions import exact_key
from eventhub.domain.pattern.keys import Key
from eventhub.domain.pattern.leaf import MAX_BRANCHES, Entry, Leaf
from eventhub.domain.pattern.operators.exact import EqualsAddress
from eventhub.domain.pattern.operators.prefix import Prefix
from eventhub.domain.pattern.operators.wildcard import Wildcard
from eventhub.domain.pattern.tree import Field

# Asking a rule its conditions costs less than a step through a table, if the rules are few.
MAX_COUNT = 12
# So many are split by whatever there is, before moving them takes long: later ones may differ more.
MUST_SPLIT = 100
# A split must spare at least a fifth of the questions, else it is not worth its step.
WORTH = 0.8
# How likely a branch is met that only wants some value to be there: most events have it.
LIKELY = 0.9

Ways = dict[Key | Address | None, "Node"]


class By(Enum):
    """What a guard asks of a value."""

    KEY = "equal to a key"
    PREFIX = "begins with a text"
    ADDRESS = "an address"
    PRESENCE = "there at all"


class Guard(NamedTuple):
    """One way through a table."""

    by: By
    value: Key | Address | None


PRESENCE: Final = Guard(By.PRESENCE, None)


def guards(field: Field, costs: Mapping[str, int]) -> set[Guard]:
    """Return the guards of which one lets every event pass that satisfies the field.

    None at all if the field may be absent: it leads nowhere. Where a rule asks many
    questions, it must not be passed by: they may turn out to be too many.
    """
    if field.may_be_absent:
        return set()
    if field.path in costs:
        return {PRESENCE}
    found = set()
    for operator in field.values:
        key = exact_key(operator)
        if key is not None:
            found.add(Guard(By.KEY, key))
        elif isinstance(operator, EqualsAddress):
            found.add(Guard(By.ADDRESS, operator.address))
        elif isinstance(operator, Prefix) and operator.text and not operator.ignore_case:
            found.add(Guard(By.PREFIX, operator.text))
        elif isinstance(operator, Wildcard) and operator.pieces[0]:
            found.add(Guard(By.PREFIX, operator.pieces[0]))
        else:
            return {PRESENCE}
    return found


class Node:
    """Leaves; or, once split, a table and the `rest` of the tree."""

    __slots__ = ("count", "leaves", "proven", "rest", "split_at", "table", "used", "within")

    def __init__(
        self, used: frozenset[str], proven: frozenset[str], within: "tuple[Table, Guard] | None"
    ) -> None:
        self.used = used  # the paths of the tables above
        self.proven = proven  # those whose fields need no more asking
        self.within = within
        self.leaves: list[Leaf] = []
        self.count = 0
        self.table: Table | None = None
        self.rest: Node | None = None
        self.split_at = MAX_COUNT

    def add(self, entry: Entry) -> None:
        """Take an entry in, here or further on."""
        for node in list(self._homes(entry)):
            if not node.leaves or len(node.leaves[-1].entries) >= MAX_BRANCHES:
                node.leaves.append(Leaf(node.proven))
            node.leaves[-1].add(entry)
            entry.homes.append((node, node.leaves[-1]))
            node.count += 1
            if node.count > node.split_at:
                node.split()

    def _homes(self, entry: Entry) -> Iterator["Node"]:
        todo = [self]
        while todo:
            node = todo.pop()
            if node.table is None or node.rest is None:
                yield node
                continue
            path = node.table.path
            field = next((field for field in entry.branch if field.path == path), None)
            ways = guards(field, entry.costs) if field else set()
            todo += [node.table.child(way) for way in ways] or [node.rest]

    def split(self) -> None:
        """Choose a path to split by, if one is worth it, and move the entries on."""
        entries = [entry for leaf in self.leaves for entry in leaf.entries]
        path = _best_path(entries, self.used, must=self.count > MUST_SPLIT)
        if path is None:
            self.split_at *= 2
            return
        self.table = Table(path, self.used | {path}, self.proven)
        self.rest = Node(self.used | {path}, self.proven, None)
        self.leaves, self.count = [], 0
        for entry in entries:
            entry.homes = [home for home in entry.homes if home[0] is not self]
            self.add(entry)

    def remove(self, entry: Entry, leaf: Leaf) -> None:
        """Let an entry go; an empty node leaves its table."""
        leaf.remove(entry)
        self.count -= 1
        if not leaf.entries:
            self.leaves.remove(leaf)
        if not self.count and self.within is not None:
            table, guard = self.within
            table.drop(guard)


class Table:
    """The ways on from one path's value."""

    __slots__ = ("addresses", "is_plain", "keys", "path", "prefixes", "presence", "proven", "used")

    def __init__(self, path: str, used: frozenset[str], proven: frozenset[str]) -> None:
        self.path = path
        self.used = used
        self.proven = proven
        self.keys: Ways = {}
        self.prefixes: dict[int, Ways] = {}
        self.addresses: Ways = {}
        self.presence: Ways = {}
        self.is_plain = True  # there are keys only

    def child(self, guard: Guard) -> Node:
        """Return the node behind a guard, made if there is none yet."""
        ways = self._ways(guard)
        node = ways.get(guard.value)
        if node is None:
            # What begins with a wildcard's first piece is not yet like the wildcard.
            is_proof = guard.by in (By.KEY, By.ADDRESS)
            proven = self.proven | {self.path} if is_proof else self.proven
            node = ways[guard.value] = Node(self.used, proven, (self, guard))
            self.is_plain = self.is_plain and guard.by is By.KEY
        return node

    def drop(self, guard: Guard) -> None:
        """Forget an empty child."""
        del self._ways(guard)[guard.value]
        if guard.by is By.PREFIX and not self.prefixes[len(str(guard.value))]:
            del self.prefixes[len(str(guard.value))]
        self.is_plain = not (self.prefixes or self.addresses or self.presence)

    def behind_many(self, keys: Iterable[Key]) -> Iterable[Node]:
        """Return the nodes that any of many values leads to, each once."""
        found: dict[Node, None] = dict.fromkeys(self.presence.values())
        for key in keys:
            if (node := self.keys.get(key)) is not None:
                found[node] = None
            if not self.is_plain:
                found.update(dict.fromkeys(self.beside_key(key)))
        return found

    def beside_key(self, key: Key) -> Iterator[Node]:
        """Yield the nodes that a value leads to beside those by key and by presence."""
        if isinstance(key, str):
            for length, ways in self.prefixes.items():
                if (node := ways.get(key[:length])) is not None:
                    yield node
            if self.addresses and (node := self.addresses.get(read_address(key))) is not None:
                yield node

    def _ways(self, guard: Guard) -> Ways:
        match guard.by:
            case By.KEY:
                return self.keys
            case By.PREFIX:
                return self.prefixes.setdefault(len(str(guard.value)), {})
            case By.ADDRESS:
                return self.addresses
            case By.PRESENCE:
                return self.presence


def _best_path(entries: Sequence[Entry], used: frozenset[str], *, must: bool) -> str | None:
    """Choose the path whose table leaves the fewest branches to ask, on average over its guards.

    None if no path spares enough; if it `must`, only if no path guards anything.
    """
    ways: dict[str, Counter[Guard]] = {}
    guarded: Counter[str] = Counter()
    for entry in entries:
        for field in entry.branch:
            if field.path not in used and (found := guards(field, entry.costs)):
                ways.setdefault(field.path, Counter()).update(found)
                guarded[field.path] += 1

    def cost(path: str) -> float:
        behind = ways[path]
        present = behind[PRESENCE]
        others = [number for guard, number in behind.items() if guard is not PRESENCE]
        # A value leads through about one of the other guards.
        average = sum(others) / len(others) if others else 0
        return average + LIKELY * present + len(entries) - guarded[path]

    best = min(ways, key=cost, default=None)
    if best is None or must:
        return best
    return best if cost(best) <= WORTH * len(entries) else None
