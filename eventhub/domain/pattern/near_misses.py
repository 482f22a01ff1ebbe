"""Which of many rules an event came nearest to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from eventhub.domain.pattern.asking import Asked
from eventhub.domain.pattern.explain import Explanation, explain_leaves
from eventhub.domain.pattern.flatten import Found, Paths, flatten
from eventhub.domain.pattern.match import Verdict
from eventhub.domain.pattern.tree import Field, Pattern


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

    >>> from eventhub.domain.pattern import parse
    >>> rules = [(1, parse('{"a": [1], "b": [1]}')), (2, parse('{"a": [2], "b": [2]}'))]
    >>> [miss.rule_id for miss in near_misses(rules, {"a": 2, "b": 3})]
    [2, 1]
    """
    rules = list(rules)
    leaves = flatten(event, Paths.of(field.path for _, pattern in rules for field in pattern.fields))
    misses: list[NearMiss] = []
    # The rough count is cheap, and only too kind where arrays are: so explain some more than asked for.
    for rule_id, pattern in sorted(rules, key=lambda rule: _failing(rule[1], leaves)):
        explanation = explain_leaves(pattern, leaves)
        if explanation.verdict is not Verdict.MATCH:
            misses.append(NearMiss(rule_id, explanation))
        if len(misses) == 4 * limit:
            break
    misses.sort(key=lambda miss: _distance(miss.explanation))
    return misses[:limit]


def _distance(explanation: Explanation) -> tuple[int, int]:
    return explanation.clauses - explanation.satisfied, -explanation.satisfied


def _failing(pattern: Pattern, leaves: dict[str, list[Found]]) -> tuple[int, int]:
    """Count failing and holding fields of the best branch, each field for itself."""
    asked = Asked(leaves, pattern.costs)
    counts = []
    for branch in pattern.branches:
        holding = sum(_holds(field, asked) for field in branch)
        counts.append((len(branch) - holding, -holding))
    return min(counts)


def _holds(field: Field, asked: Asked) -> bool:
    if not asked.leaves.get(field.path):
        return field.may_be_absent
    answer = asked.answer(field)
    # It may be absent from some element, if all of its values lie in elements.
    return answer is not None and bool(answer.fitting or (field.may_be_absent and answer.found_inside))
