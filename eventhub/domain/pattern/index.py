"""Many rules, one event: which of them match?

`guards` leads to the rules that can match, `values` reads the event on the way,
`conditions` asks what is left. The answer is the plain matcher's (`match`), to
which two questions are left: array consistency, which comes up only when two
fields of a branch have values inside array elements; and what to do about
fields that are too much to ask.
"""

from dataclasses import dataclass, field
from typing import Any

from eventhub.domain.pattern.asking import Asked, Keys
from eventhub.domain.pattern.branching import Node
from eventhub.domain.pattern.costs import MAX_STEPS_IN_ALL, is_too_much
from eventhub.domain.pattern.flatten import Paths, flatten
from eventhub.domain.pattern.keys import MISSING
from eventhub.domain.pattern.leaf import Entry, entries_of
from eventhub.domain.pattern.tree import Pattern
from eventhub.domain.pattern.values import Many, Values
from eventhub.domain.pattern.verdict import Verdict, verdict_on_any


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
        self._paths: Paths | None = None  # of all rules, worked out when an event needs it

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, rule_id: int) -> bool:
        return rule_id in self._entries

    def add(self, rule_id: int, pattern: Pattern) -> None:
        """Take a rule in, or its new pattern."""
        if rule_id in self._entries:
            self.remove(rule_id)
        self._entries[rule_id] = entries = entries_of(rule_id, pattern)
        for entry in entries:
            self._root.add(entry)
        self._paths = None

    def remove(self, rule_id: int) -> None:
        """Forget a rule."""
        for entry in self._entries.pop(rule_id):
            for home, leaf in entry.homes:
                home.remove(entry, leaf)
        self._paths = None

    def match(self, event: dict[str, Any]) -> Matches:
        """Find the rules that the event matches."""
        values = Values(event, self._all_paths)
        matched: set[int] = set()
        in_question: dict[int, dict[int, Entry]] = {}
        todo = [self._root]
        while todo:
            node = todo.pop()
            while (table := node.table) is not None and node.rest is not None:
                value = values[table.path]
                if value is MISSING:
                    todo += table.absence
                elif type(value) is Many:
                    todo += table.behind_many(value, values)
                else:
                    if (inner := table.keys.get(value)) is not None:
                        todo.append(inner)
                    if not table.is_plain:
                        todo += table.beside_key(value)
                node = node.rest
            for leaf in node.leaves:
                for entry in leaf.ask(values):
                    if values.is_simple or _holds_surely(entry, values):
                        matched.add(entry.rule_id)
                    else:
                        in_question.setdefault(entry.rule_id, {})[entry.number] = entry
        too_complex = []
        if in_question:
            too_complex = _settle(values, in_question, matched)
        return Matches(sorted(matched), sorted(too_complex))

    def _all_paths(self) -> Paths:
        if self._paths is None:
            entries = (entry for own in self._entries.values() for entry in own)
            self._paths = Paths.of(one.path for entry in entries for one in entry.branch)
        return self._paths


def _holds_surely(entry: Entry, values: Values) -> bool:
    """Tell whether the fields' holding, each for itself, is enough."""
    inside = 0
    for one in entry.branch:
        value = values[one.path]
        if type(value) is Many:
            if values.spent > MAX_STEPS_IN_ALL:
                return False  # it may not have been asked
            if one.path in entry.costs and is_too_much(entry.costs[one.path], len(value.keys)):
                return False
            if value.in_elements:
                inside += 2 if one.may_be_absent else 1
    return inside < 2


def _settle(values: Values, in_question: dict[int, dict[int, Entry]], matched: set[int]) -> list[int]:
    """Ask the plain matcher for the branches in question; add to `matched`, return what is too complex."""
    asking = {rule_id: entries for rule_id, entries in in_question.items() if rule_id not in matched}
    leaves = flatten(
        values.event,
        Paths.of(
            one.path for entries in asking.values() for entry in entries.values() for one in entry.branch
        ),
    )
    too_complex = []
    keys = Keys()
    spent = values.spent
    for rule_id, entries in sorted(asking.items()):
        if spent > MAX_STEPS_IN_ALL:  # each rule is bounded, but a bus may have any number of them
            too_complex.append(rule_id)
            continue
        asked = Asked(leaves, next(iter(entries.values())).costs, keys)
        # In the pattern's order, as the plain matcher: what one branch spends another lacks.
        verdict = verdict_on_any([entry.branch for _, entry in sorted(entries.items())], asked)
        if verdict is Verdict.MATCH:
            matched.add(rule_id)
        elif verdict is Verdict.TOO_COMPLEX:
            too_complex.append(rule_id)
        spent += asked.spent
    return too_complex
