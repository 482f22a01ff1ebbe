"""Which of many rules an event came nearest to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from eventhub.domain.pattern.asking import Asked, Keys
from eventhub.domain.pattern.choosing import Effort
from eventhub.domain.pattern.explain import MAX_EFFORT, Explanation, explain_leaves
from eventhub.domain.pattern.flatten import Paths, flatten
from eventhub.domain.pattern.rough import Distance, rough_distances
from eventhub.domain.pattern.tree import Pattern
from eventhub.domain.pattern.verdict import Verdict

# Of asking and searching, for all rules together: some half a second.
MAX_STEPS = 500_000


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A rule that did not match, and why."""

    rule_id: int
    explanation: Explanation

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"rule_id": self.rule_id, **self.explanation.as_dict()}


def near_misses(
    rules: Iterable[tuple[int, Pattern]], event: dict[str, Any], *, limit: int = 10
) -> list[NearMiss]:
    """Rank the rules that the event does not match: fewest failing clauses first, then most that hold.

    What it looks at is limited for all rules together: of an event or of rules that take too much, some rules
    are left out.

    >>> from eventhub.domain.pattern import parse
    >>> rules = [(1, parse('{"a": [1], "b": [1]}')), (2, parse('{"a": [2], "b": [2]}'))]
    >>> [miss.rule_id for miss in near_misses(rules, {"a": 2, "b": 3})]
    [2, 1]
    """
    rules = list(rules)
    leaves = flatten(event, Paths.of(field.path for _, pattern in rules for field in pattern.fields))
    keys = Keys()
    spent = 0
    seeming: list[tuple[Distance, int, Pattern, Asked]] = []
    for rule_id, pattern in rules:
        asked = Asked(leaves, pattern.costs, keys)
        seeming.append((min(rough_distances(pattern.branches, asked)), rule_id, pattern, asked))
        spent += asked.spent
        if spent > MAX_STEPS:
            break
    misses: list[NearMiss] = []
    effort = Effort(MAX_EFFORT)
    # The rough count is cheap, and only too kind where arrays are: so explain some more than asked for.
    for _, rule_id, pattern, asked in sorted(seeming, key=lambda one: one[0]):
        spent -= asked.spent
        explanation = explain_leaves(asked, pattern, effort)
        spent += asked.spent
        if explanation.verdict is not Verdict.MATCH:
            misses.append(NearMiss(rule_id, explanation))
        if len(misses) == 4 * limit or spent > MAX_STEPS:
            break
    misses.sort(key=lambda miss: _distance(miss.explanation))
    return misses[:limit]


def _distance(explanation: Explanation) -> tuple[int, int]:
    return explanation.clauses - explanation.satisfied, -explanation.satisfied
