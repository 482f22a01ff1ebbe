"""Many rules, one event: which of them match?"""

from dataclasses import dataclass, field
from typing import Any

from eventhub.domain.pattern.match import Verdict, match
from eventhub.domain.pattern.tree import Pattern


@dataclass(slots=True)
class Matches:
    """The rules that match an event, and those whose search was given up."""

    rule_ids: list[int] = field(default_factory=list)
    too_complex: list[int] = field(default_factory=list)


class RuleIndex:
    """The rules of one bus.

    >>> from eventhub.domain.pattern import parse
    >>> index = RuleIndex()
    >>> index.add(7, parse('{"source": ["shop"]}'))
    >>> index.match({"source": "shop"})
    Matches(rule_ids=[7], too_complex=[])
    """

    def __init__(self) -> None:
        self._patterns: dict[int, Pattern] = {}

    def add(self, rule_id: int, pattern: Pattern) -> None:
        """Take a rule in, or its new pattern."""
        self._patterns[rule_id] = pattern

    def remove(self, rule_id: int) -> None:
        """Forget a rule."""
        del self._patterns[rule_id]

    def match(self, event: dict[str, Any]) -> Matches:
        """Find the rules that the event matches."""
        found = Matches()
        for rule_id, pattern in self._patterns.items():
            match match(pattern, event):
                case Verdict.MATCH:
                    found.rule_ids.append(rule_id)
                case Verdict.TOO_COMPLEX:
                    found.too_complex.append(rule_id)
        return found
