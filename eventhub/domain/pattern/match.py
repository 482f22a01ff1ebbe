"""Does an event match a pattern? The plain answer, and the definition of right.

Flatten the event, then ask each branch whether leaves can be chosen for all of
its fields that do not stand in different elements of one array.
"""

from enum import Enum
from typing import Any

from eventhub.domain.pattern.asking import Asked, TooComplexError
from eventhub.domain.pattern.consistency import can_choose
from eventhub.domain.pattern.flatten import Paths, flatten
from eventhub.domain.pattern.tree import Pattern


class Verdict(Enum):
    """What came out of asking whether an event matches a pattern."""

    MATCH = "match"
    NO_MATCH = "no match"
    TOO_COMPLEX = "too complex"  # asking, or the search through arrays, was given up


def match(pattern: Pattern, event: dict[str, Any]) -> Verdict:
    """Ask all branches; one that holds decides.

    >>> from eventhub.domain.pattern import parse
    >>> match(parse('{"a": [{"prefix": "x"}]}'), {"a": ["y", "xy"]})
    <Verdict.MATCH: 'match'>
    """
    asked = Asked(flatten(event, Paths.of(field.path for field in pattern.fields)), pattern.costs)
    verdict = Verdict.NO_MATCH
    for branch in pattern.branches:
        try:
            if can_choose(branch, asked):
                return Verdict.MATCH
        except TooComplexError:
            verdict = Verdict.TOO_COMPLEX
    return verdict


def matches(pattern: Pattern, event: dict[str, Any]) -> bool:
    """Tell whether the event is known to match.

    >>> from eventhub.domain.pattern import parse
    >>> matches(parse('{"a": [1]}'), {"a": True})
    False
    """
    return match(pattern, event) is Verdict.MATCH
