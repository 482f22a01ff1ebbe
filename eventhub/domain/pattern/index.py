"""Many rules, one event: which of them match?

`guards` leads to the rules that can match, `values` reads the event on the way,
`conditions` asks what is left. The answer is the plain matcher's (`match`), to
which array consistency is left: it comes up only when two fields of a branch
have values inside array elements.
"""

from dataclasses import dataclass, field
from typing import Any

from eventhub.domain.pattern.consistency import TooComplexError, can_choose
from eventhub.domain.pattern.flatten import Paths, flatten
from eventhub.domain.pattern.guards import Node
from eventhub.domain.pattern.keys import MISSING
from eventhub.domain.pattern.leaf import Entry
from eventhub.domain.pattern.tree import Branch, Pattern
from eventhub.domain.pattern.values import Many, Values


@dataclass(slots=True)
class Matches:
    """The rules that match an event, and those whose search was given up; by ascending id."""

    rule_ids: list[int] = field(default_factory=list)
    too_complex: list[int] = field(default_factory=list)


class RuleIndex:
    """The rules of one bus; one thread at a time may use it.

    >>> from eventhub.domain.pattern import parse
    >>> index = RuleIndex()
    >>> index.add(7, parse('{"source": ["shop"]}'))
    >>> index.match({"source": "shop"})
    Matches(rule_ids=[7], too_complex=[])
    """

    def __init__(self) -> None:
        self._root = Node(frozenset(), frozenset(), None)
        self._entries: dict[int, list[Entry]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, rule_id: int) -> bool:
        return rule_id in self._entries

    def add(self, rule_id: int, pattern: Pattern) -> None:
        """Take a rule in, or its new pattern."""
        if rule_id in self._entries:
            self.remove(rule_id)
        self._entries[rule_id] = entries = [Entry(rule_id, branch) for branch in pattern.branches]
        for entry in entries:
            self._root.add(entry)

    def remove(self, rule_id: int) -> None:
        """Forget a rule."""
        for entry in self._entries.pop(rule_id):
            for home, leaf in entry.homes:
                home.remove(entry, leaf)

    def match(self, event: dict[str, Any]) -> Matches:
        """Find the rules that the event matches."""
        values = Values(event)
        matched: set[int] = set()
        too_complex: set[int] = set()
        todo = [self._root]
        while todo:
            node = todo.pop()
            while (table := node.table) is not None and node.rest is not None:
                value = values[table.path]
                if value is not MISSING:
                    for key in value.keys if type(value) is Many else (value,):
                        if (inner := table.keys.get(key)) is not None:
                            todo.append(inner)
                        if not table.is_plain:
                            todo += table.beside_keys(key)
                node = node.rest
            for leaf in node.leaves:
                for entry in leaf.ask(values):
                    try:
                        if not values.has_elements or _is_consistent(entry.branch, values):
                            matched.add(entry.rule_id)
                    except TooComplexError:
                        too_complex.add(entry.rule_id)
        return Matches(sorted(matched), sorted(too_complex - matched))


def _is_consistent(branch: Branch, values: Values) -> bool:
    """Hold the fields to the same elements of arrays; may raise `TooComplexError`."""
    inside = [one for one in branch if type(value := values[one.path]) is Many and value.in_elements]
    if len(inside) < 2 and not any(one.may_be_absent for one in inside):
        return True
    return can_choose(branch, flatten(values.event, Paths.of(one.path for one in branch)))
