"""A value list as one function from a key (see `keys`) to whether it matches.

The function answers for MISSING, too: true if the list holds `{"exists": false}`.
An operator that is not named here is asked itself; nothing but speed depends on
this module knowing it.
"""

from collections.abc import Callable, Sequence

from eventhub.domain.pattern.keys import MISSING, Key, key_of, leaf_of
from eventhub.domain.pattern.operators import Operator
from eventhub.domain.pattern.operators.anything_but import AnythingBut
from eventhub.domain.pattern.operators.exact import EqualsLiteral, EqualsNumber, EqualsText, Exactly
from eventhub.domain.pattern.operators.exists import Exists
from eventhub.domain.pattern.operators.numeric import Numeric
from eventhub.domain.pattern.operators.prefix import Prefix

Condition = Callable[[Key], bool]


def condition(operators: Sequence[Operator]) -> Condition:
    """Make the function for a value list.

    >>> holds = condition([EqualsText("a"), EqualsNumber("300", 300.0)])
    >>> holds("a"), holds(300.0), holds("b"), holds(MISSING)
    (True, True, False, False)
    """
    keys = [key for operator in operators if (key := exact_key(operator)) is not None]
    tests = [_test(operator) for operator in operators if exact_key(operator) is None]
    if keys:
        # The method of the set itself: half the price of a function around it.
        tests.insert(0, frozenset(keys).__contains__)
    if len(tests) == 1:
        return tests[0]
    return lambda key: any(test(key) for test in tests)


def exact_key(operator: Operator) -> Key | None:
    """Return the one key that an operator matches, if it is so simple."""
    if isinstance(operator, EqualsText | Exactly):
        return operator.text
    if isinstance(operator, EqualsLiteral):
        return key_of(operator.value)
    if isinstance(operator, EqualsNumber):
        return ("number", operator.text) if operator.value is None else operator.value
    return None


def _test(operator: Operator) -> Condition:
    match operator:
        case Numeric():
            return _numeric(operator)
        case Prefix(text=text, ignore_case=False):
            return lambda key: type(key) is str and key.startswith(text)
        case AnythingBut(nested="", excluded=excluded):
            keys = frozenset(exact_key(one) for one in excluded) | {MISSING}
            return lambda key: key not in keys
        case Exists(wanted=True):
            return lambda key: key is not MISSING
        case Exists(wanted=False):
            return lambda key: key is MISSING
    return lambda key: key is not MISSING and operator.matches(leaf_of(key))


def _numeric(operator: Numeric) -> Condition:
    if len(operator.terms) == 2:
        low, high = (_numeric(Numeric((term,))) for term in operator.terms)
        return lambda key: low(key) and high(key)
    term = operator.terms[0]
    bound = term.value
    match term.sign:
        case "<":
            return lambda key: type(key) is float and key < bound
        case "<=":
            return lambda key: type(key) is float and key <= bound
        case ">":
            return lambda key: type(key) is float and key > bound
        case ">=":
            return lambda key: type(key) is float and key >= bound
    return lambda key: key == bound
