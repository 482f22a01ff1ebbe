"""Saying in English what was wanted and what was found."""

from collections.abc import Sequence

from eventhub.domain import jsontext
from eventhub.domain.pattern.operators import Leaf, Operator
from eventhub.domain.pattern.operators.wording import one_of

MAX_VALUES = 3
MAX_CHARACTERS = 80


def sentence(path: str, operators: Sequence[Operator], found: Sequence[Leaf], *, holds: bool) -> str:
    """Say how a field fares.

    >>> from eventhub.domain.pattern.operators.numeric import Numeric, Term
    >>> more = Numeric((Term(">", "500", 500.0),))
    >>> sentence("detail.amount", [more], [120], holds=False)
    'detail.amount is 120, wanted more than 500'
    >>> sentence("detail.amount", [more], [], holds=False)
    'detail.amount is missing, wanted more than 500'
    >>> sentence("detail.amount", [more], [620], holds=True)
    'detail.amount is 620, as wanted: more than 500'
    """
    return f"{path} is {values(found)}, {'as wanted: ' if holds else 'wanted '}{wanted(operators)}"


def elsewhere(path: str, operators: Sequence[Operator], found: Sequence[Leaf], element: str) -> str:
    """Say that a field is missing in the array element that came nearest, and what it is in others.

    >>> from eventhub.domain.pattern.operators.numeric import Numeric, Term
    >>> elsewhere("d.c", [Numeric((Term("=", "2", 2.0),))], [2], "d[0]")
    'd.c is missing in d[0], wanted 2; elsewhere it is 2'
    """
    return f"{path} is missing in {element}, wanted {wanted(operators)}; elsewhere it is {values(found)}"


def wanted(operators: Sequence[Operator]) -> str:
    """Say what a value list asks for."""
    return one_of([operator.words() for operator in operators])


def values(found: Sequence[Leaf]) -> str:
    """Show values, the first few of many.

    >>> values(["a", 1, None, True, False])
    '"a", 1, null and 2 more'
    """
    if not found:
        return "missing"
    shown = [_shortened(jsontext.encode(value).decode()) for value in found[:MAX_VALUES]]
    more = len(found) - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    if len(shown) == 1:
        return shown[0]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"
