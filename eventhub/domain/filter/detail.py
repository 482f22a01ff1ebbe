"""A path of the detail and what is asked of what it leads to."""

from collections.abc import Callable, Iterable
from typing import Any

from eventhub.domain.filter.asked import NUMBER
from eventhub.domain.filter.terms import AnyOf, Compare, Exists, Step, Term, Value
from eventhub.domain.jsontext import Number
from eventhub.domain.pattern.numbers import as_double, text_of

_LITERALS = {True: "true", False: "false", None: "null"}


def detail_test(term: Term) -> Callable[[Any], bool]:
    """Return the test of a decoded detail.

    As in patterns, an array is looked through on the way and at its end: one element is enough.
    """
    path, test = term.path, term.test
    match test:
        case Exists():
            return lambda decoded: any(True for _ in _found(decoded, path))
        case Compare():
            return lambda decoded: any(_compares(test, leaf) for leaf in _leaves(_found(decoded, path)))
        case AnyOf(values):
            tests = [_value_test(value) for value in values]
            return lambda decoded: any(
                test(leaf) for leaf in _leaves(_found(decoded, path)) for test in tests
            )
    raise TypeError(f"detail takes no {type(test).__name__}")


def _found(value: Any, path: tuple[Step, ...]) -> list[Any]:
    """Return all that a path leads to; each place of the value is visited once at most for each step."""
    found = [value]
    for step in path:
        following: list[Any] = []
        for one in found:
            kind = type(one)
            if step is None:
                following.extend(one if kind is list else ())
            elif type(step) is int:
                if kind is list and step < len(one):
                    following.append(one[step])
            elif kind is dict:
                if step in one:
                    following.append(one[step])
            elif kind is list:
                following.extend(inner[step] for inner in one if type(inner) is dict and step in inner)
        found = following
        if not found:
            break
    return found


def _leaves(found: Iterable[Any]) -> Iterable[Any]:
    for one in found:
        if type(one) is list:
            yield from one
        else:
            yield one


def _compares(test: Compare, leaf: Any) -> bool:
    if type(leaf) is not int and type(leaf) is not Number:
        return False
    number = as_double(leaf)
    return number is not None and test.holds(number)


def _value_test(value: Value) -> Callable[[Any], bool]:
    """Return the test of one scalar: a value without quotes is a string, a number, true, false or null."""
    exact = value.exact
    if value.quoted or exact is None:
        return lambda leaf: type(leaf) is str and value.matches(leaf)
    number = _number(exact)

    def test(leaf: Any) -> bool:
        kind = type(leaf)
        if kind is str:
            return bool(leaf == exact)
        if kind is int or kind is Number:
            return text_of(leaf) == exact or (number is not None and as_double(leaf) == number)
        return (kind is bool or leaf is None) and _LITERALS[leaf] == exact

    return test


def _number(text: str) -> float | None:
    return as_double(Number(text)) if NUMBER.fullmatch(text) else None
