"""What a value must be at least, so that a field can hold: equal to a key, beginning with a text, and so on.

The index looks a value's guards up and so finds the rules that can match, however many others there are. A
guard may let a value pass that does not satisfy the field, and never the other way round.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

from eventhub.domain.pattern.casing import folded
from eventhub.domain.pattern.conditions import exact_key, interval
from eventhub.domain.pattern.operators import Operator
from eventhub.domain.pattern.operators.cidr import Cidr
from eventhub.domain.pattern.operators.exact import EqualsAddress
from eventhub.domain.pattern.operators.exists import Exists
from eventhub.domain.pattern.operators.ignore_case import EqualsIgnoreCase
from eventhub.domain.pattern.operators.numeric import Numeric
from eventhub.domain.pattern.operators.prefix import Prefix
from eventhub.domain.pattern.operators.suffix import Suffix
from eventhub.domain.pattern.operators.wildcard import Wildcard


class By(Enum):
    """What a guard asks of a value."""

    KEY = "equal to a key"
    HEAD = "begins with a text"
    TAIL = "ends with a text"
    FOLDED = "equal to a text but for case"
    FOLDED_HEAD = "begins with a text but for case"
    FOLDED_TAIL = "ends with a text but for case"
    NETWORK = "an address in a network: of so many bits, of which so many are the host's, and the others"
    RANGE = "a number from the first to below the second"
    PRESENCE = "there at all"
    ABSENCE = "not there, at least not in every element"

    # Enum's own is Python code, and guards are hashed by the hundred.
    __hash__ = object.__hash__


# What lets nothing pass that does not satisfy the field: see `Guard.is_proof`.
_PROOFS = frozenset([By.KEY, By.NETWORK, By.RANGE, By.ABSENCE])


class Guard(NamedTuple):
    """One way to satisfy a field; what `value` is, `by` says."""

    by: By
    value: Any

    @property
    def is_proof(self) -> bool:
        """Whether what passes the guard satisfies the field."""
        return self.by in _PROOFS


PRESENCE: Final = Guard(By.PRESENCE, None)
ABSENCE: Final = Guard(By.ABSENCE, None)


def guards(operators: Sequence[Operator]) -> frozenset[Guard]:
    """Return the guards of which one lets an event pass that satisfies the field; none if they lead nowhere.

    >>> from eventhub.domain.pattern import parse
    >>> [field] = parse('{"a": [{"numeric": [">=", 1, "<", 2.5]}]}').branches[0]
    >>> guards(field.values)
    frozenset({Guard(by=<By.RANGE: 'a number from the first to below the second'>, value=(1.0, 2.5))})
    """
    may_be_absent = Exists(wanted=False) in operators
    found = set()
    for operator in operators:
        if operator != Exists(wanted=False):
            guard = _guard(operator)
            if guard is PRESENCE and may_be_absent:
                return frozenset()
            if guard is PRESENCE:
                return frozenset([PRESENCE])
            found.add(guard)
    if found and may_be_absent:
        found.add(ABSENCE)
    return frozenset(found)


def _guard(operator: Operator) -> Guard:
    by: By = By.KEY
    value: Any = exact_key(operator)
    match operator:
        case EqualsAddress(address=address):
            by, value = By.NETWORK, (address.bits, 0, address.value)
        case Cidr(address=address, host_bits=host_bits):
            by, value = By.NETWORK, (address.bits, host_bits, address.value >> host_bits)
        case Numeric() if value is None:
            by, value = By.RANGE, interval(operator)
        case EqualsIgnoreCase(text=text):
            by, value = By.FOLDED, folded(text)
        # Every string begins and ends with nothing.
        case Prefix(text=text, ignore_case=False):
            by, value = By.HEAD, text or None
        case Prefix(text=text):
            by, value = By.FOLDED_HEAD, folded(text) or None
        case Suffix(text=text, ignore_case=False):
            by, value = By.TAIL, text or None
        case Suffix(text=text):
            by, value = By.FOLDED_TAIL, folded(text) or None
        case Wildcard(pieces=(text,)):
            value = text
        case Wildcard(pieces=(head, *_, tail)):
            # The longer one tells more rules apart.
            by, value = (By.TAIL, tail) if len(tail) > len(head) else (By.HEAD, head or None)
    return PRESENCE if value is None else Guard(by, value)
