"""The tree that leads from an event's values to the rules that can match it.

A leaf holds a few branches of rules. When it grows it is split: one path is
chosen, and every branch that needs a value there moves into a table by what the
value must be (see `guards`; hundreds of values that one rule lists are one way
on, see `groups`). The other branches go on into `rest`, which is split in its
turn. Matching follows only what the event's values lead to, so its cost grows
with the branches that can match, and with the number of different paths that
guard them. Looking many values up is counted; when an event has taken all that
it may, every way on is followed, and what it leads to is left open.
"""

from collections.abc import Iterable, Iterator, Sequence

from eventhub.domain.pattern.groups import Groups
from eventhub.domain.pattern.guards import ABSENCE, PRESENCE, By, Guard
from eventhub.domain.pattern.keys import Key
from eventhub.domain.pattern.leaf import MAX_BRANCHES, Check, Entry, Leaf
from eventhub.domain.pattern.lookups import Lookup, lookup
from eventhub.domain.pattern.ranges import LOOK_UPS_PER_STEP, overlap
from eventhub.domain.pattern.values import Many, Values

# Asking a rule its conditions costs less than a step through a table, if the rules are few.
MAX_COUNT = 12
# So many are split by whatever there is, before moving them takes long: later ones may differ more.
MUST_SPLIT = 100
# A split must spare at least a fifth of the questions, else it is not worth its step.
WORTH = 0.8
# How likely a branch is met that only wants some value to be there: most events have it.
LIKELY = 0.9
# Going on to a node costs as much as so many questions.
GOING_ON = 3
# A branch is kept behind each of so many guards at one path, and in so many leaves; beyond, behind a list.
MAX_WAYS = 16
MAX_HOMES = 64
# So few values of an event are not worth counting what looking them up takes.
FEW_VALUES = 8


class Node:
    """Leaves; or, once split, a table and the `rest` of the tree."""

    __slots__ = ("count", "leaves", "proven", "rest", "split_at", "table", "used", "within")

    def __init__(
        self,
        used: frozenset[str],
        proven: frozenset[str],
        within: "tuple[Table, Guard | frozenset[Guard]] | None",
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
        for node in self._homes(entry):
            if not node.leaves or len(node.leaves[-1].entries) >= MAX_BRANCHES:
                node.leaves.append(Leaf(node.proven))
            node.leaves[-1].add(entry)
            entry.homes.append((node, node.leaves[-1]))
            node.count += 1
            if node.count > node.split_at:
                node.split()

    def _homes(self, entry: Entry) -> "list[Node]":
        homes: list[Node] = []
        todo = [self]
        while todo:
            node = todo.pop()
            table = node.table
            if table is None or node.rest is None:
                homes.append(node)
                continue
            guards = entry.guards(table.path)
            if len(guards) > MAX_WAYS or (
                len(guards) > 1 and len(entry.homes) + len(homes) + len(todo) + len(guards) > MAX_HOMES
            ):
                todo += table.grouped(guards)
            else:
                todo += [table.child(guard) for guard in guards] or [node.rest]
        return homes

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

    __slots__ = ("absence", "beside", "groups", "is_plain", "keys", "path", "presence", "proven", "used")

    def __init__(self, path: str, used: frozenset[str], proven: frozenset[str]) -> None:
        self.path = path
        self.used = used
        self.proven = proven
        self.keys: dict[Key, Node] = {}
        self.presence: Node | None = None
        self.absence: tuple[Node, ...] = ()  # at most one
        self.beside: dict[By, Lookup[Node]] | None = None
        self.groups: Groups[Node] | None = None
        self.is_plain = True  # a value that is there leads through keys only

    def child(self, guard: Guard) -> Node:
        """Return the node behind a guard, made if there is none yet."""
        node = self._get(guard)
        if node is None:
            proven = self.proven | {self.path} if guard.is_proof else self.proven
            node = Node(self.used, proven, (self, guard))
            self._put(guard, node)
        return node

    def grouped(self, guards: frozenset[Guard]) -> Iterator[Node]:
        """Yield the node behind a list of guards, made if there is none yet, and the one behind absence."""
        if ABSENCE in guards:
            yield self.child(ABSENCE)
            guards -= {ABSENCE}
        if self.groups is None:
            self.groups = Groups()
            self.is_plain = False
        node = self.groups.get(guards)
        if node is None:
            is_proof = all(guard.is_proof for guard in guards)
            node = Node(self.used, self.proven | {self.path} if is_proof else self.proven, (self, guards))
            self.groups.put(guards, node)
        yield node

    def _get(self, guard: Guard) -> Node | None:
        match guard.by:
            case By.KEY:
                return self.keys.get(guard.value)
            case By.PRESENCE:
                return self.presence
            case By.ABSENCE:
                return self.absence[0] if self.absence else None
        return self.beside[guard.by].get(guard.value) if self.beside and guard.by in self.beside else None

    def _put(self, guard: Guard, node: Node) -> None:
        match guard.by:
            case By.KEY:
                self.keys[guard.value] = node
            case By.ABSENCE:
                self.absence = (node,)
            case By.PRESENCE:
                self.presence = node
                self.is_plain = False
            case by:
                self.beside = self.beside or {}
                self.beside.setdefault(by, lookup(by)).put(guard.value, node)
                self.is_plain = False

    def drop(self, guard: Guard | frozenset[Guard]) -> None:
        """Forget an empty child."""
        if not isinstance(guard, Guard):
            assert self.groups
            self.groups.drop(guard)
            self.groups = self.groups if len(self.groups) else None
        else:
            self._drop(guard)
        self.is_plain = not (self.beside or self.presence or self.groups)

    def _drop(self, guard: Guard) -> None:
        match guard.by:
            case By.KEY:
                del self.keys[guard.value]
            case By.ABSENCE:
                self.absence = ()
            case By.PRESENCE:
                self.presence = None
            case by:
                assert self.beside
                self.beside[by].drop(guard.value)
                if not self.beside[by]:
                    del self.beside[by]

    def behind_many(self, many: Many, values: Values) -> Iterable[Node]:
        """Return the nodes that any of many values leads to, each once; all if that is too much to ask."""
        keys = many.keys
        # Most events have a few values at the most: those are looked up sooner than counted.
        is_counted = len(keys) > FEW_VALUES
        if is_counted and not values.spend(self._steps(many)):
            return self._all(many)
        # One by one, the smaller side: there may be as many such tables as an event has other values.
        if len(self.keys) <= len(keys):
            found = dict.fromkeys(node for key, node in self.keys.items() if key in keys)
        else:
            found = dict.fromkeys(node for key in keys if (node := self.keys.get(key)) is not None)
        if self.presence is not None:
            found[self.presence] = None
        # An element may be chosen that lacks the field.
        if many.in_elements:
            found.update(dict.fromkeys(self.absence))
        if self.beside:
            for beside in self.beside.values():
                found.update(beside.find_any(keys))
        if self.groups:
            found.update(self.groups.find_any(many))
        if is_counted:
            values.spend(GOING_ON * len(found))
        return found

    def _steps(self, many: Many) -> int:
        steps = 1 + min(len(self.keys), len(many.keys)) // LOOK_UPS_PER_STEP
        steps += sum(beside.steps(many) for beside in (self.beside or {}).values())
        return steps + (self.groups.steps(many) if self.groups else 0)

    def _all(self, many: Many) -> Iterator[Node]:
        yield from self.keys.values()
        if self.presence is not None:
            yield self.presence
        if many.in_elements:
            yield from self.absence
        for beside in (self.beside or {}).values():
            yield from beside.all()
        if self.groups:
            yield from self.groups.kept.values()

    def beside_key(self, key: Key) -> list[Node]:
        """Return the nodes that a value leads to beside the one by its key."""
        found = [] if self.presence is None else [self.presence]
        if self.beside:
            for beside in self.beside.values():
                found += beside.find(key)
        if self.groups:
            found += self.groups.find(key)
        return found


def _best_path(entries: Sequence[Entry], used: frozenset[str], *, must: bool) -> str | None:
    """Choose the path whose table leaves the fewest branches to ask, on average over its guards.

    None if no path spares enough; if it `must`, only if no path guards anything.
    """
    # The branches of one rule share their checks: those are counted first.
    times: dict[int, int] = {}
    checks: dict[int, Check] = {}
    for entry in entries:
        for check in entry.checks:
            number = id(check)
            times[number] = times.get(number, 0) + 1
            checks[number] = check
    ways: dict[str, dict[Guard, int]] = {}
    guarded: dict[str, int] = {}
    for number, check in checks.items():
        path = check.step.path
        if check.guards and path not in used:
            guarded[path] = guarded.get(path, 0) + times[number]
            behind = ways.setdefault(path, {})
            for guard in check.some_guards:
                behind[guard] = behind.get(guard, 0) + times[number]

    def cost(path: str) -> float:
        behind = ways[path]
        likely = max(behind.get(PRESENCE, 0), behind.get(ABSENCE, 0))
        ranges = {guard.value: number for guard, number in behind.items() if guard.by is By.RANGE}
        others = [
            number
            for guard, number in behind.items()
            if guard is not PRESENCE and guard is not ABSENCE and guard.by is not By.RANGE
        ]
        # A value leads through about one of the other guards, but through all ranges around it.
        average = sum(others) / len(others) if others else 0
        if ranges:
            average += GOING_ON * overlap(ranges)
        return average + LIKELY * likely + len(entries) - guarded[path]

    best = min(ways, key=cost, default=None)
    if best is None or must:
        return best
    return best if cost(best) <= WORTH * len(entries) else None
