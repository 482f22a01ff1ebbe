"""Judging a whole pattern before it is in force: whether it picks every event, or the same as another.

Both err on the side of no: what they tell is certain, what they do not see is not.
"""

from eventhub.domain.pattern.operators import Operator
from eventhub.domain.pattern.operators.exact import EqualsText
from eventhub.domain.pattern.operators.exists import Exists
from eventhub.domain.pattern.operators.prefix import Prefix
from eventhub.domain.pattern.operators.suffix import Suffix
from eventhub.domain.pattern.operators.wildcard import Wildcard
from eventhub.domain.pattern.tree import Field, Pattern

# Members of the envelope that every event has, each a text.
_ALWAYS_THERE = frozenset({"id", "source", "detail-type", "time", "version", "account", "region"})
_VERSION = "0"  # what every envelope says of itself

Meaning = frozenset[frozenset[tuple[str, frozenset[Operator]]]]


def picks_everything(pattern: Pattern) -> bool:
    """Tell whether a pattern matches each event whatever it holds.

    >>> from eventhub.domain.pattern import parse
    >>> picks_everything(parse('{"source": [{"exists": true}]}'))
    True
    >>> picks_everything(parse('{"source": [{"prefix": ""}], "detail": {"a": [{"exists": true}]}}'))
    False
    >>> picks_everything(parse('{"$or": [{"source": ["a"]}, {"version": ["0"]}]}'))
    True
    """
    return any(all(_holds_always(one) for one in branch) for branch in pattern.branches)


def meaning(pattern: Pattern) -> Meaning:
    """Return what two patterns have in common that differ in order, layout or repetition alone.

    >>> from eventhub.domain.pattern import parse
    >>> one = parse('{"a": [1, 2], "$or": [{"b": ["x"]}, {"c": ["y"]}]}')
    >>> other = parse('{"$or": [{"c": ["y"], "a": [2, 1]}, {"a": [1, 2, 2], "b": ["x"]}]}')
    >>> meaning(one) == meaning(other), meaning(one) == meaning(parse('{"a": [1, 2]}'))
    (True, False)
    """
    return frozenset(
        frozenset((one.path, frozenset(one.values)) for one in branch) for branch in pattern.branches
    )


def _holds_always(one: Field) -> bool:
    values = set(one.values)
    if Exists(wanted=True) in values and Exists(wanted=False) in values:
        return True
    return one.path in _ALWAYS_THERE and any(_takes_any(operator, one.path) for operator in values)


def _takes_any(operator: Operator, path: str) -> bool:
    """Tell whether an operator takes whatever text an event has at a path."""
    match operator:
        case Exists(wanted=True) | Prefix(text="") | Suffix(text=""):
            return True
        case Wildcard(text=text):
            return bool(text) and not text.strip("*")
        case EqualsText(text=text):
            return path == "version" and text == _VERSION
    return False
