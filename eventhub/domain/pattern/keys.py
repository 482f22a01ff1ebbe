"""Leaf values in a form that hashes and compares as patterns compare.

Python's `1 == True` and `300` against `3.0e2` are settled here once, when an
event is read, so that the index can use plain dictionaries and sets.
"""

from typing import Final

from eventhub.domain.jsontext import Number
from eventhub.domain.pattern.numbers import MAX_EXACT, SAFE_LENGTH, as_double, text_of
from eventhub.domain.pattern.operators import Leaf


class Mark:
    """A key that equals nothing but itself."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


TRUE: Final = Mark("true")
FALSE: Final = Mark("false")
NULL: Final = Mark("null")
MISSING: Final = Mark("missing")

# A string; the double of a comparable number; ("number", text) of another; a mark.
Key = str | float | tuple[str, str] | Mark


def key_of(leaf: Leaf) -> Key:
    """Return the key of a leaf value.

    >>> key_of(300) == key_of(Number("3.0e2")), key_of(True) == key_of(1)
    (True, False)
    """
    if type(leaf) is str:
        return leaf
    if type(leaf) is Number:
        double = float(leaf.text)
        # So short a text, away from the ends of the range, is comparable (see `numbers`).
        if len(leaf.text) <= SAFE_LENGTH and 1e-300 < double < 1e300:
            return double
        return _key_of_number(leaf)
    if type(leaf) is int:
        return float(leaf) if -MAX_EXACT <= leaf <= MAX_EXACT else _key_of_number(leaf)
    return {True: TRUE, False: FALSE, None: NULL}[leaf]  # type: ignore[index]  # no other leaf is left


def _key_of_number(number: int | Number) -> Key:
    double = as_double(number)
    return ("number", text_of(number)) if double is None else double


def leaf_of(key: Key) -> Leaf:
    """Return a leaf value that has this key.

    >>> leaf_of(2.5), leaf_of(NULL)
    (Number('2.5'), None)
    """
    if isinstance(key, str):
        return key
    if isinstance(key, float):
        return Number(repr(key))
    if isinstance(key, tuple):
        return Number(key[1])
    return {TRUE: True, FALSE: False, NULL: None}[key]
