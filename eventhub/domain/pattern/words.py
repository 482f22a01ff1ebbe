"""Saying in English what was wanted and what was found."""

from collections.abc import Sequence
from typing import NamedTuple

from eventhub.domain import jsontext
from eventhub.domain.pattern.operators import Leaf, Operator
from eventhub.domain.pattern.operators.wording import one_of

MAX_VALUES = 3
MAX_CHARACTERS = 80


class Shown(NamedTuple):
    """The first of some values, and how many there are."""

    first: Sequence[Leaf]
    in_all: int


NOTHING = Shown((), 0)


def sentence(
    path: str,
    operators: Sequence[Operator],
    found: Shown,
    *,
    holds: bool,
    among_all: bool = False,
    elsewhere_at_a_loss: bool = False,
    place: str = "",
    elsewhere: Shown = NOTHING,
) -> str:
    """Say how a field fares.

    `place` is the array element that came nearest, if nothing was found in it, and `elsewhere` what is in the
    others; `among_all` says that what should be absent was looked for in all elements, and
    `elsewhere_at_a_loss` that a value satisfies the field in an element where fewer others hold.

    >>> from eventhub.domain.pattern.operators.numeric import Numeric, Term
    >>> more = Numeric((Term(">", "500", 500.0),))
    >>> sentence("detail.amount", [more], Shown([120], 1), holds=False)
    'detail.amount is 120, wanted more than 500'
    >>> sentence("detail.amount", [more], NOTHING, holds=False)
    'detail.amount is missing, wanted more than 500'
    >>> sentence("detail.amount", [more], Shown([620], 1), holds=True)
    'detail.amount is 620, as wanted: more than 500'
    >>> sentence("d.c", [more], NOTHING, holds=False, place="d[0]", elsewhere=Shown([620], 1))
    'd.c is missing in d[0], wanted more than 500; elsewhere it is 620'
    """
    where = f" in {place}" if place else ""
    fares = "as wanted: " if holds else "wanted "
    said = f"{path} is {values(found)}{where}, {fares}{wanted(operators)}"
    if elsewhere.first:
        said += f"; elsewhere it is {values(elsewhere)}"
    if among_all:
        said += "; all elements count, as no field before it chooses one"
    if elsewhere_at_a_loss:
        said += "; where it holds, fewer others do"
    return said


def wanted(operators: Sequence[Operator]) -> str:
    """Say what a value list asks for."""
    return one_of([operator.words() for operator in operators])


def values(found: Shown) -> str:
    """Show values, the first few of many.

    >>> values(Shown(["a", 1, None, True, False], 6))
    '"a", 1, null and 3 more'
    """
    if not found.first:
        return "missing"
    shown = [_shortened(jsontext.encode(value).decode()) for value in found.first[:MAX_VALUES]]
    more = found.in_all - len(shown)
    if more:
        return f"{', '.join(shown)} and {more} more"
    if len(shown) == 1:
        return shown[0]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"
