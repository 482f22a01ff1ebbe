"""What follows a word's colon: values, comparisons, moments."""

import re

from eventhub.domain.filter import limits, units
from eventhub.domain.filter.cursor import Cursor
from eventhub.domain.filter.error import FilterError
from eventhub.domain.filter.terms import AnyOf, Compare, Exists, Moment, Nothing, Test, Value
from eventhub.domain.filter.words import EXISTS, NONE, STATUSES, Takes
from eventhub.domain.jsontext import Number
from eventhub.domain.pattern.numbers import as_double

_OPERATOR = re.compile(r">=|<=|>|<")
_OPERAND = re.compile(r'[^\s"()|*\\]*')
_PIECE = re.compile(r'[^\s"()|*\\]+')
_WHOLE = re.compile(r"[0-9]{1,6}")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_ID = re.compile(r"[0-9A-Fa-f-]{1,36}")
_ID_DIGITS = 32
_KEYWORDS = {EXISTS, NONE}


def read_test(cursor: Cursor, takes: Takes, *, optional: bool = False, may_be_none: bool = False) -> Test:
    """Read what is asked, and the blanks behind it."""
    began = cursor.at
    match takes:
        case Takes.COUNT | Takes.DURATION | Takes.JSON if cursor.peek in {">", "<"}:
            test: Test = _comparison(cursor, takes)
        case Takes.MOMENT:
            test = _moment(cursor)
        case Takes.DURATION:
            test = _values(cursor, takes)
            if not _is_keyword(test, EXISTS):
                raise FilterError("> or < and a duration, such as >500ms", f'"{test}"', began)
        case _:
            test = _values(cursor, takes)
    if _is_keyword(test, EXISTS) and (optional or takes is Takes.JSON):
        test = Exists()
    elif _is_keyword(test, NONE) and may_be_none:
        test = Nothing()
    if not cursor.ended() and cursor.peek != ")" and not cursor.peek.isspace():
        cursor.refuse("a blank, or quotes around the value")
    cursor.skip_blanks()
    return test


def _is_keyword(test: Test, keyword: str) -> bool:
    return isinstance(test, AnyOf) and test.values == (Value((keyword,)),)


def _comparison(cursor: Cursor, takes: Takes) -> Compare:
    operator = cursor.match(_OPERATOR)
    began = cursor.at
    operand = cursor.match(_OPERAND)
    assert operator is not None  # the caller saw one
    assert operand is not None  # it matches nothing as well
    number: float | None = None
    if takes is Takes.COUNT:
        wanted = "a whole number"
        number = int(operand) if _WHOLE.fullmatch(operand) else None
    elif takes is Takes.DURATION:
        wanted = "a duration such as 500ms or 2s"
        number = units.duration(operand)
    else:
        wanted = "a number"
        number = as_double(Number(operand)) if NUMBER.fullmatch(operand) else None
    if number is None:
        cursor.at = began
        cursor.refuse(wanted)
    return Compare(operator, number, operand)


def _moment(cursor: Cursor) -> Moment:
    began = cursor.at
    text = cursor.quoted() if cursor.peek == '"' else cursor.match(_OPERAND) or ""
    at, ago = units.moment(text), units.ago(text)
    if at is None and ago is None:
        cursor.at = began
        cursor.refuse("a moment such as 2026-11-28T10:00:00Z, or how long ago, such as 15m")
    return Moment(text.upper().replace(" ", "T") if at is not None else text, at, ago)


def _values(cursor: Cursor, takes: Takes) -> AnyOf:
    values = [_value(cursor, takes)]
    while cursor.peek == "|":
        cursor.step()
        values.append(_value(cursor, takes))
    return AnyOf(tuple(dict.fromkeys(values)))


def _value(cursor: Cursor, takes: Takes) -> Value:
    began = cursor.at
    cursor.count_value()
    value = _text(cursor)
    match takes:
        case Takes.JSON:
            return value
        case Takes.STATUS if value.exact not in STATUSES:
            cursor.at = began
            cursor.refuse(f"one of {', '.join(STATUSES)}")
        case Takes.COUNT if value.exact is None or not _WHOLE.fullmatch(value.exact):
            cursor.at = began
            cursor.refuse("a whole number, or > or < and one")
        case Takes.IDENTIFIER:
            return _identifier(cursor, value, began)
        case Takes.PHRASE if not any(value.pieces):
            raise FilterError("text to look for", "none", began)
    if takes is Takes.COUNT:
        return Value((str(int(value.pieces[0])),))
    # Quotes tell a JSON string from a number, and a value from a keyword; elsewhere they say nothing.
    return Value(value.pieces, value.quoted and value.exact in _KEYWORDS)


def _text(cursor: Cursor) -> Value:
    """Read pieces, in quotes or not, and the stars between them."""
    pieces, quoted, began = [""], False, cursor.at
    while True:
        if cursor.peek == '"':
            pieces[-1] += cursor.quoted()
            quoted = True
        elif cursor.peek == "*":
            cursor.step()
            if pieces[-1] or len(pieces) == 1:  # two stars are one
                pieces.append("")
            if len(pieces) - 1 > limits.MAX_STARS:
                raise FilterError(f"at most {limits.MAX_STARS} stars in a value", "one more", cursor.at - 1)
        else:
            piece = cursor.match(_PIECE)
            if piece is None:
                break
            pieces[-1] += piece
    if cursor.at == began:
        cursor.refuse("a value")
    return Value(tuple(pieces), quoted and len(pieces) == 1)


def _identifier(cursor: Cursor, value: Value, began: int) -> Value:
    digits = value.pieces[0].replace("-", "").lower()
    is_id = bool(_ID.fullmatch(value.pieces[0])) and (
        len(digits) == _ID_DIGITS
        if value.exact is not None
        else value.pieces[1:] == ("",) and 0 < len(digits) < _ID_DIGITS
    )
    if not is_id:
        cursor.at = began
        cursor.refuse("an event's id, or the beginning of one and *")
    return Value((digits, *value.pieces[1:]))
