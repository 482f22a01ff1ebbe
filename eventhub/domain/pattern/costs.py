"""What it costs to ask an event's values whether they satisfy a field.

Equal to one of these, beginning with one of those: that is one question to a
value, however many there are. Every other operator is a question of its own,
and hundreds of them times tens of thousands of values would keep a bus waiting.
So they are counted, before they are asked, for the rule and the path.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from eventhub.domain.pattern.operators import Operator
from eventhub.domain.pattern.operators.anything_but import AnythingBut
from eventhub.domain.pattern.operators.exact import (
    EqualsAddress,
    EqualsLiteral,
    EqualsNumber,
    EqualsText,
    Exactly,
)
from eventhub.domain.pattern.operators.exists import Exists
from eventhub.domain.pattern.operators.prefix import Prefix
from eventhub.domain.pattern.tree import Branch

# So few may be asked of every event, which is no longer than a bus takes it.
FREE_QUESTIONS = 4
# Asking so many takes some 50 ms.
MAX_QUESTIONS = 250_000
# So many questions take as long as a step of the search through arrays.
QUESTIONS_PER_STEP = 4
# All rules of a bus together may take so many steps to ask and search one event: about two seconds, after
# which no long list of values is asked and no search begins any more.
MAX_STEPS_IN_ALL = 2_000_000

_TOGETHER = (EqualsText, EqualsAddress, EqualsNumber, EqualsLiteral, Exactly, Exists)
_NOTHING: Mapping[str, int] = MappingProxyType({})


def questions(operators: Sequence[Operator]) -> int:
    """Count the operators of a value list that are asked one by one.

    >>> from eventhub.domain.pattern import parse
    >>> questions(parse('{"a": [1, "x", {"prefix": "y"}, {"suffix": "z"}]}').branches[0][0].values)
    1
    """
    return sum(
        len(operator.excluded) if isinstance(operator, AnythingBut) and operator.nested else 1
        for operator in operators
        if not isinstance(operator, _TOGETHER)
        and not (isinstance(operator, Prefix) and not operator.ignore_case)
    )


def costly_paths(branches: Iterable[Branch]) -> Mapping[str, int]:
    """Return the paths of which a rule asks more than a few questions, and how many."""
    fields = {id(field): field for branch in branches for field in branch}
    counts: dict[str, int] = {}
    for field in fields.values():
        counts[field.path] = counts.get(field.path, 0) + questions(field.values)
    return {path: count for path, count in counts.items() if count > FREE_QUESTIONS} or _NOTHING


def is_too_much(cost: int, values: int) -> bool:
    """Tell whether so many questions to so many different values are too many."""
    return cost * values > MAX_QUESTIONS


def steps_to_ask(cost: int, values: int) -> int:
    """Return how many steps it takes to ask so many questions, or a few, of each of so many values."""
    return 1 + max(cost, FREE_QUESTIONS) * values // QUESTIONS_PER_STEP
