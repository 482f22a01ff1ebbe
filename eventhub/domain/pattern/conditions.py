"""A value list in the form that is quickest to ask, given a key (see `keys`).

It answers for MISSING, too: met if the list holds `{"exists": false}`. An
operator that is not named here is asked itself; nothing but speed depends on
this module knowing it.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeGuard

from eventhub.domain.pattern.addresses import read_address
from eventhub.domain.pattern.keys import MISSING, Key, key_of, leaf_of
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
from eventhub.domain.pattern.operators.numeric import Numeric
from eventhub.domain.pattern.operators.prefix import Prefix

Function = Callable[[Key], bool]
# The doubles from the first to below the second. Rules differ in their numbers most,
# and two floats are found in memory sooner than a function with its closure.
Interval = tuple[float, float]
Test = Function | Interval


class Condition(NamedTuple):
    """A test, and the answer that meets the condition.

    The test of a set is the set's own method, at half the price of a function
    around it; so that it serves anything-but, too, the answer may have to be no.
    """

    test: Test
    answer: bool = True

    def is_met_by(self, key: Key) -> bool:
        """Ask for one key."""
        return passes(self.test, key) is self.answer


def passes(test: Test, key: Key) -> bool:
    """Ask a test of either form."""
    if isinstance(test, tuple):
        low, high = test
        return isinstance(key, float) and low <= key < high
    return test(key)


def condition(operators: Sequence[Operator]) -> Condition:
    """Make the condition for a value list.

    >>> listed = condition([EqualsText("a"), EqualsNumber("300", 300.0)])
    >>> listed.is_met_by("a"), listed.is_met_by(300.0), listed.is_met_by("b"), listed.is_met_by(MISSING)
    (True, True, False, False)
    >>> condition([Exists(True)]).is_met_by(MISSING)
    False
    """
    wanted = [key for operator in operators if (key := _wanted_key(operator)) is not None]
    others = [operator for operator in operators if _wanted_key(operator) is None]
    if not others:
        return Condition(_is_one_of(frozenset(wanted)))
    if len(operators) == 1 and (unwanted := _unwanted_keys(others[0])):
        return Condition(_is_one_of(unwanted), answer=False)
    if len(operators) == 1 and isinstance(others[0], Numeric):
        return Condition(interval(others[0]))
    tests = [_is_one_of(frozenset(wanted))] if wanted else []
    addresses = frozenset(operator.address for operator in others if isinstance(operator, EqualsAddress))
    if addresses:
        tests.append(lambda key: type(key) is str and read_address(key) in addresses)
    prefixes = tuple(operator.text for operator in others if _is_plain_prefix(operator))
    if prefixes:
        tests.append(lambda key: type(key) is str and key.startswith(prefixes))
    tests += [
        _function(operator)
        for operator in others
        if not isinstance(operator, EqualsAddress) and not _is_plain_prefix(operator)
    ]
    if len(tests) == 1:
        return Condition(tests[0])
    return Condition(lambda key: any(test(key) for test in tests))


@lru_cache(maxsize=100_000)
def _is_one_of(keys: frozenset[Key]) -> Function:
    """Share equal sets, in whatever order the patterns list them."""
    return keys.__contains__


def exact_key(operator: Operator) -> Key | None:
    """Return the one key that an operator matches, if it is so simple."""
    if isinstance(operator, EqualsText | Exactly):
        return operator.text
    if isinstance(operator, EqualsLiteral):
        return key_of(operator.value)
    if isinstance(operator, EqualsNumber):
        return ("number", operator.text) if operator.value is None else operator.value
    if isinstance(operator, Numeric) and operator.terms[0].sign == "=":
        return operator.terms[0].value
    return None


def _wanted_key(operator: Operator) -> Key | None:
    return MISSING if operator == Exists(wanted=False) else exact_key(operator)


def _unwanted_keys(operator: Operator) -> frozenset[Key] | None:
    """Return the keys that an operator does not match, if it matches all others."""
    if operator == Exists(wanted=True):
        return frozenset([MISSING])
    if isinstance(operator, AnythingBut) and not operator.nested:
        keys = [key for one in operator.excluded if (key := exact_key(one)) is not None]
        return frozenset([*keys, MISSING])
    return None


def _is_plain_prefix(operator: Operator) -> TypeGuard[Prefix]:
    return isinstance(operator, Prefix) and not operator.ignore_case


def _function(operator: Operator) -> Function:
    if isinstance(operator, Numeric):
        doubles = interval(operator)
        return lambda key: passes(doubles, key)
    if unwanted := _unwanted_keys(operator):
        return lambda key: key not in unwanted
    return lambda key: key is not MISSING and operator.matches(leaf_of(key))


def interval(operator: Numeric) -> Interval:
    """Return the doubles from the first to below the second that the operator matches.

    >>> from eventhub.domain.pattern.operators.numeric import Term
    >>> interval(Numeric((Term(">", "1", 1.0),)))
    (1.0000000000000002, inf)
    """
    low, high = -math.inf, math.inf
    for term in operator.terms:
        after = math.nextafter(term.value, math.inf)
        if term.sign not in ("<", "<="):
            low = after if term.sign == ">" else term.value
        if term.sign not in (">", ">="):
            high = term.value if term.sign == "<" else after
    return low, high
