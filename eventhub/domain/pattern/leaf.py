"""A few branches of rules, and the conditions that are left to ask for them.

Branches are bits. All conditions are asked in one loop, path by path, so that a
value is read once; each leaves some branches standing. A bus of many rules has
many leaves, and an event finds its own cold: what a leaf keeps to itself is one
tuple, and what that names is shared with other leaves. (A dictionary from value
to branches asks less and measured a third slower.)
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from heapq import nsmallest
from typing import Any, NamedTuple, Protocol

from eventhub.domain.pattern.conditions import Condition, Test, condition, passes
from eventhub.domain.pattern.costs import QUESTIONS_PER_STEP, is_too_much, steps_to_ask
from eventhub.domain.pattern.guards import PRESENCE, Guard, guards
from eventhub.domain.pattern.keys import MISSING, key_of
from eventhub.domain.pattern.operators import Operator
from eventhub.domain.pattern.tree import Branch, Pattern
from eventhub.domain.pattern.values import Many, Values

# So the sets of branches are small numbers.
MAX_BRANCHES = 60

# Of a list of hundreds, so many tell how it meets with others.
SOME_GUARDS = 16

_NO_GUARDS: frozenset[Guard] = frozenset()
_PRESENT = frozenset([PRESENCE])


class Step(NamedTuple):
    """A path, and its last step apart."""

    path: str
    outer: str
    name: str


class Check(NamedTuple):
    """What one field of a branch asks."""

    step: Step
    condition: Condition
    cost: int  # of its rule's questions at the path, if they are many
    guards: frozenset[Guard]
    some_guards: tuple[Guard, ...]  # a few of them, those of other checks likewise


@lru_cache(maxsize=100_000)
def check(path: str, values: tuple[Operator, ...], cost: int) -> Check:
    """Make a check; equal ones are one."""
    wanted = condition(values)
    # A rule that asks so many questions must not be passed by: they may turn out to be too many.
    at_least = _NO_GUARDS if wanted.is_met_by(MISSING) else _PRESENT
    leading = at_least if cost else guards(values)
    return Check(_step(path), wanted, cost, leading, _some(leading))


def _some(leading: frozenset[Guard]) -> tuple[Guard, ...]:
    """Choose a few guards of many, by their hashes: of equal guards all are chosen or none, or nearly so."""
    return tuple(leading) if len(leading) <= SOME_GUARDS else tuple(nsmallest(SOME_GUARDS, leading, key=hash))


@lru_cache(maxsize=100_000)
def _step(path: str) -> Step:
    outer, dot, name = path.rpartition(".")
    # An empty first step: no object has such a path, so that Values is asked.
    return Step(path, outer if outer or not dot else path, name)


# For a test's answer, no or yes: the branches that it leaves standing; and what their rules' asking costs.
Left = tuple[int, int, int]


@lru_cache(maxsize=100_000)
def _left(askers: int, answer: bool, cost: int) -> Left:
    return (~askers, -1, cost) if answer else (-1, ~askers, cost)


class Home(Protocol):
    """What holds a leaf."""

    def remove(self, entry: "Entry", leaf: "Leaf") -> None:
        """Let an entry go."""


class Entry:
    """A branch of a rule in the index; `number` counts the rule's branches.

    `homes` are the leaves that it is in, and what holds them.
    """

    __slots__ = ("branch", "checks", "costs", "homes", "number", "rule_id")

    def __init__(
        self, rule_id: int, number: int, branch: Branch, costs: Mapping[str, int], checks: tuple[Check, ...]
    ) -> None:
        self.rule_id = rule_id
        self.number = number
        self.costs = costs
        self.branch = branch
        self.checks = checks
        self.homes: list[tuple[Home, Leaf]] = []

    def guards(self, path: str) -> frozenset[Guard]:
        """Return the guards of the field at a path, of which one must let an event pass, if there are any."""
        for check in self.checks:
            if check.step.path == path:
                return check.guards
        return _NO_GUARDS


def entries_of(rule_id: int, pattern: Pattern) -> list[Entry]:
    """Make the entries of a rule; a field that its branches share is looked at once."""
    costs = pattern.costs
    fields = {id(field): field for field in pattern.fields}
    checks = {
        number: check(field.path, field.values, costs.get(field.path, 0)) for number, field in fields.items()
    }
    return [
        Entry(rule_id, number, branch, costs, tuple([checks[id(field)] for field in branch]))
        for number, branch in enumerate(pattern.branches)
    ]


class Leaf:
    """At most `MAX_BRANCHES` branches that the index leads to together; fields at `proven` paths hold."""

    __slots__ = ("_is_planned", "_plan", "entries", "proven")

    def __init__(self, proven: frozenset[str]) -> None:
        self.proven = proven
        self.entries: list[Entry] = []
        self._is_planned = False
        # Step, test, what it leaves; step, test, and so on.
        self._plan: tuple[Any, ...] = ()

    def add(self, entry: Entry) -> None:
        """Take a branch in."""
        self.entries.append(entry)
        self._is_planned = False

    def remove(self, entry: Entry) -> None:
        """Let a branch go."""
        self.entries.remove(entry)
        self._is_planned = False

    def ask(self, values: Values) -> Iterator[Entry]:
        """Yield the branches whose conditions are met, each field for itself."""
        if not self._is_planned:
            self._make_plan()
        standing = (1 << len(self.entries)) - 1
        objects = values.objects
        last = None
        plan = iter(self._plan)
        for step, test, left in zip(plan, plan, plan, strict=True):
            if step is not last:
                if not standing:
                    return
                last = step
                # The common cases of Values.__missing__, in line: they are most of an event's cost.
                path, outer, name = step
                inside = objects.get(outer)
                if type(inside) is dict:
                    value = inside.get(name, MISSING)
                    kind = type(value)
                    if kind is not str and value is not MISSING:
                        value = values[path] if kind is list or kind is dict else key_of(value)
                else:
                    value = values[path]
                is_many = type(value) is Many
            if is_many:
                standing &= _left_by_many(test, left, value, values)
            elif type(test) is tuple:
                low, high = test
                standing &= left[type(value) is float and low <= value < high]
            else:
                standing &= left[test(value)]
        while standing:
            bit = standing & -standing
            standing ^= bit
            yield self.entries[bit.bit_length() - 1]

    def _make_plan(self) -> None:
        """Sort out what is to be asked: equal conditions once, all of a path together."""
        askers: dict[Step, dict[tuple[Condition, int], int]] = {}
        for number, entry in enumerate(self.entries):
            for step, wanted, cost, *_ in entry.checks:
                if step.path not in self.proven:
                    asked = askers.setdefault(step, {})
                    asking = (wanted, cost)
                    asked[asking] = asked.get(asking, 0) | 1 << number
        self._plan = tuple(
            part
            for step, asked in askers.items()
            for (wanted, cost), branches in asked.items()
            for part in (step, wanted.test, _left(branches, wanted.answer, cost))
        )
        self._is_planned = True


def _left_by_many(test: Test, left: Left, many: Many, values: Values) -> int:
    """Take the kindest answer: one value is enough.

    A field that may be absent is left open where elements can be chosen, and what is too much to ask: of one
    rule, or after all that was asked of this event.
    """
    keys = many.keys
    if is_too_much(left[2], len(keys)):
        return -1
    left_standing = left[passes(test, MISSING)] if many.in_elements else left[False] & left[True]
    listed = getattr(test, "__self__", None)
    if type(listed) is frozenset and len(listed) < len(keys):
        if not values.spend(len(listed) // QUESTIONS_PER_STEP):
            return -1
        common = sum(key in keys for key in listed)
        return left_standing | (left[True] if common else 0) | (left[False] if common < len(keys) else 0)
    if not values.spend(steps_to_ask(left[2], len(keys))):
        return -1
    for key in keys:
        left_standing |= left[passes(test, key)]
        if left_standing == -1:
            break
    return left_standing
