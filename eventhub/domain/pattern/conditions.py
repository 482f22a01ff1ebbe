"""A value list in the form that is quickest to ask, given a key (see `keys`).

It answers for MISSING, too: met if the list holds `{"exists": false}`. An
operator that is not named here is asked itself; nothing but speed depends on
this module knowing it.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from eventhub.domain.pattern.keys import MISSING, Key, key_of, leaf_of
from eventhub.domain.pattern.operators import Operator
from eventhub.domain.pattern.operators.anything_but import AnythingBut
from eventhub.domain.pattern.operators.exact import EqualsLiteral, EqualsNumber, EqualsText, Exactly
from eventhub.domain.pattern.operators.exists import Exists
from eventhub.domain.pattern.operators.numeric import Numeric, Term
from eventhub.domain.pattern.operators.prefix import Prefix

Test = Callable[[Key], bool]


class Condition(NamedTuple):
    """A test, and the answer that meets the condition.

    The test of a set is the set's own method, at half the price of a function
    around it; so that it serves anything-but, too, the answer may have to be no.
    """

    test: Test
    answer: bool = True

    def is_met_by(self, key: Key) -> bool:
        """Ask for one key."""
        return self.test(key) is self.answer


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
    tests = [_test(operator) for operator in others]
    if wanted:
        tests.insert(0, _is_one_of(frozenset(wanted)))
    if len(tests) == 1:
        return Condition(tests[0])
    return Condition(lambda key: any(test(key) for test in tests))


@lru_cache(maxsize=100_000)
def _is_one_of(keys: frozenset[Key]) -> Test:
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


def _test(operator: Operator) -> Test:
    match operator:
        case Numeric(terms=(term,)):
            return _comparison(term.sign, term.value)
        case Numeric(terms=(low, high)):
            return _range(low, high)
        case Prefix(text=text, ignore_case=False):
            return lambda key: type(key) is str and key.startswith(text)
    return lambda key: key is not MISSING and operator.matches(leaf_of(key))


def _comparison(sign: str, bound: float) -> Test:
    match sign:
        case "<":
            return lambda key: type(key) is float and key < bound
        case "<=":
            return lambda key: type(key) is float and key <= bound
        case ">":
            return lambda key: type(key) is float and key > bound
        case ">=":
            return lambda key: type(key) is float and key >= bound
    return lambda key: key == bound


def _range(bottom: Term, top: Term) -> Test:
    low, high = bottom.value, top.value
    match bottom.sign, top.sign:
        case ">", "<":
            return lambda key: type(key) is float and low < key < high
        case ">", "<=":
            return lambda key: type(key) is float and low < key <= high
        case ">=", "<":
            return lambda key: type(key) is float and low <= key < high
    return lambda key: type(key) is float and low <= key <= high
