"""Saying in English what was wanted and what was found."""

from collections.abc import Sequence

from eventhub.domain import jsontext
from eventhub.domain.pattern.operators import Leaf, Operator
from eventhub.domain.pattern.operators.wording import one_of

MAX_VALUES = 3
MAX_CHARACTERS = 80


def sentence(
    path: str,
    operators: Sequence[Operator],
    found: Sequence[Leaf],
    *,
    holds: bool,
    among_all: bool = False,
    place: str = "",
    elsewhere: Sequence[Leaf] = (),
) -> str:
    """Say how a field fares.

    `place` is the array element that came nearest, if nothing was found in it, and `elsewhere` what is in the
    others; `among_all` says that what should be absent was looked for in all elements.

    >>> from eventhub.domain.pattern.operators.numeric import Numeric, Term
    >>> more = Numeric((Term(">", "500", 500.0),))
    >>> sentence("detail.amount", [more], [120], holds=False)
    'detail.amount is 120, wanted more than 500'
    >>> sentence("detail.amount", [more], [], holds=False)
    'detail.amount is missing, wanted more than 500'
    >>> sentence("detail.amount", [more], [620], holds=True)
    'detail.amount is 620, as wanted: more than 500'
    >>> sentence("d.c", [more], [], holds=False, place="d[0]", elsewhere=[620])
    'd.c is missing in d[0], wanted more than 500; elsewhere it is 620'
    """
    where = f" in {place}" if place else ""
    fares = "as wanted: " if holds else "wanted "
    said = f"{path} is {values(found)}{where}, {fares}{wanted(operators)}"
    if elsewhere:
        said += f"; elsewhere it is {values(elsewhere)}"
    if among_all:
        said += "; all elements count, as no field before it chooses one"
    return said


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
