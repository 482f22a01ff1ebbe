"""Which JSON numbers compare, and by what.

A number is comparable if it is a finite double and its decimal value is the
shortest text of that double. Others (`9007199254740993`, `1e400`) equal only
the same text and are never above or below anything: the reference's rule.
"""

from decimal import Decimal, InvalidOperation

from eventhub.domain.jsontext import Number

# Every integer up to here is a double of its own.
MAX_EXACT = 2**53
# A decimal of at most 15 digits survives the way into a double and back.
SAFE_LENGTH = 15


def as_double(number: int | Number) -> float | None:
    """Return the double that a comparable number is, else None.

    >>> as_double(Number("3.0e2")), as_double(2**53 + 1), as_double(Number("1e400"))
    (300.0, None, None)
    """
    if type(number) is int:
        if -MAX_EXACT <= number <= MAX_EXACT:
            return float(number)
        return _checked(str(number))
    text = number.text  # type: ignore[union-attr]  # bool and int are told apart by type()
    if len(text) <= SAFE_LENGTH and "e" not in text and "E" not in text:
        return float(text)
    return _checked(text)


def text_of(number: int | Number) -> str:
    """Return the number as it was written.

    >>> text_of(Number("1E2")), text_of(7)
    ('1E2', '7')
    """
    return number.text if type(number) is Number else str(number)


def _checked(text: str) -> float | None:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return None
    if value == 0:
        # Also spares Decimal the exponents that it cannot hold.
        mantissa = text.lower().partition("e")[0]
        return None if any(digit in mantissa for digit in "123456789") else value
    try:
        return value if Decimal(repr(value)) == Decimal(text) else None
    except InvalidOperation:
        return None
