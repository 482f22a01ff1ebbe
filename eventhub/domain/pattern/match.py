"""Does an event match a pattern? The plain answer, and the definition of right.

Flatten the event, then ask each branch whether leaves can be chosen for all of
its fields that do not stand in different elements of one array.
"""

from typing import Any

from eventhub.domain.pattern.asking import Asked
from eventhub.domain.pattern.flatten import Paths, flatten
from eventhub.domain.pattern.tree import Pattern
from eventhub.domain.pattern.verdict import Verdict, verdict_on_any


def match(pattern: Pattern, event: dict[str, Any]) -> Verdict:
    """Ask all branches; one that holds decides.

    >>> from eventhub.domain.pattern import parse
    >>> match(parse('{"a": [{"prefix": "x"}]}'), {"a": ["y", "xy"]})
    <Verdict.MATCH: 'match'>
    """
    asked = Asked(flatten(event, Paths.of(field.path for field in pattern.fields)), pattern.costs)
    return verdict_on_any(pattern.branches, asked)


def matches(pattern: Pattern, event: dict[str, Any]) -> bool:
    """Tell whether the event is known to match.

    >>> from eventhub.domain.pattern import parse
    >>> matches(parse('{"a": [1]}'), {"a": True})
    False
    """
    return match(pattern, event) is Verdict.MATCH
