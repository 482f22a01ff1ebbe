"""JSON text to Python values and back, without losing a digit.

`decode` reads events, `check_detail` reads what a producer sends as `detail`
and refuses what two readers could understand differently. Numbers with a point
or an exponent become `Number`, which keeps their text: `1e400` is no float and
`300.0` must go out as it came in. Integers are Python's, however long.

Nothing here recurses over the data in Python. Text too deep for the C decoder
(it shares the interpreter's recursion limit) is read by `jsontokens` instead,
some fifty times slower.
"""

import json
import math
import re
from typing import Any, NoReturn

import msgspec

from eventhub.domain import jsontokens
from eventhub.domain.jsontokens import Kind

MAX_DEPTH = 1000


class JsonTextError(ValueError):
    """The text is not the JSON that was wanted. `position` counts bytes from 0."""

    def __init__(self, message: str, position: int = 0, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.path = path

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message} (byte {self.position})"


class Number:
    """A JSON number with a point or an exponent, by its text.

    >>> decode(b"[1e400, 2.50, 7]")
    [Number('1e400'), Number('2.50'), 7]
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return type(other) is Number and other.text == self.text

    def __hash__(self) -> int:
        return hash(("Number", self.text))

    def __repr__(self) -> str:
        return f"Number({self.text!r})"


def _finite(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text


_decoder = msgspec.json.Decoder(float_hook=Number)
_encoder = msgspec.json.Encoder(enc_hook=lambda number: msgspec.Raw(number.text.encode()))
_plain_decoder = msgspec.json.Decoder(float_hook=_finite)
# For counting names, numbers need not be written.
_encoder_of_names = msgspec.json.Encoder(enc_hook=lambda number: None)


def decode(data: bytes) -> Any:
    """Read JSON text of any depth. Of equal keys in one object, the last counts.

    >>> decode(b'{"a": [1, null], "a": 12345678901234567890}')
    {'a': 12345678901234567890}
    """
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        # Too deep, too long an integer, or wrong: the slow reader takes the
        # first two and says what is wrong with the rest.
        return _read_slowly(data)


def encode(value: Any) -> bytes:
    """Write a decoded value of any depth as compact JSON; a `Number` goes out as it came in.

    >>> encode(decode(b'{"a": [1.50, 1E3]}'))
    b'{"a":[1.50,1E3]}'
    """
    try:
        return _encoder.encode(value)
    except RecursionError:
        return _write_slowly(value)


def plain(value: Any) -> Any:
    """Return a decoded value for encoders that do not know `Number`: a float, or its text if there is none.

    >>> plain([Number("1.50"), Number("1e400")])
    [1.5, '1e400']
    """
    return _plain_decoder.decode(encode(value))


def check_detail(data: bytes) -> dict[str, Any]:
    """Read a producer's `detail`, or raise `JsonTextError`.

    It must be an object of strict JSON in UTF-8, at most `MAX_DEPTH` levels
    deep, with no key twice in one object: readers disagree on which one counts.

    >>> check_detail(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    eventhub.domain.jsontext.JsonTextError: a: the same key twice in one object (byte 9)
    """
    # A level takes two bytes, so shorter text cannot be too deep.
    if len(data) > 2 * MAX_DEPTH and data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        _check_depth(data)
    value = decode(data)
    if type(value) is not dict:
        raise JsonTextError(f"a JSON object was wanted, got {kind_of(value)}")
    if not _has_plainly_unique_keys(data, value):
        _check_keys(data)
    return value


_KINDS: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    int: "number",
    Number: "number",
    bool: "boolean",
    type(None): "null",
}


def kind_of(value: Any) -> str:
    """Name the JSON kind of a decoded value.

    >>> kind_of(True), kind_of(1), kind_of(None)
    ('boolean', 'number', 'null')
    """
    return _KINDS[type(value)]


_NOTHING = object()


def _read_slowly(data: bytes) -> Any:
    text = _text(data)
    stack: list[Any] = []
    names: list[str] = []
    value: Any = _NOTHING
    try:
        for token in jsontokens.tokens(text):
            match token.kind:
                case Kind.BEGIN_OBJECT | Kind.BEGIN_ARRAY:
                    stack.append({} if token.kind is Kind.BEGIN_OBJECT else [])
                    continue
                case Kind.NAME:
                    names.append(token.value)
                    continue
                case Kind.END_OBJECT | Kind.END_ARRAY:
                    value = stack.pop()
                case Kind.NUMBER:
                    value = number(token.value)
                case _:
                    value = token.value
            if not stack:
                continue
            if type(stack[-1]) is dict:
                stack[-1][names.pop()] = value
            else:
                stack[-1].append(value)
    except jsontokens.JsonSyntaxError as error:
        _refuse_syntax(error, text)
    if value is _NOTHING:
        raise JsonTextError("a JSON value was wanted, got the end of the text", len(data))
    return value


def _write_slowly(value: Any) -> bytes:
    parts: list[bytes] = []
    # What is still to write, the next last: values, and text between them.
    rest: list[Any] = [value]
    while rest:
        one = rest.pop()
        if type(one) is dict:
            rest.append(_Text(b"}"))
            for number, (name, member) in enumerate(reversed(one.items()), start=1):
                comma = b"" if number == len(one) else b","
                rest += [member, _Text(comma + _encoder.encode(name) + b":")]
            rest.append(_Text(b"{"))
        elif type(one) is list:
            rest.append(_Text(b"]"))
            for number, member in enumerate(reversed(one), start=1):
                rest += [member, _Text(b"" if number == len(one) else b",")]
            rest.append(_Text(b"["))
        else:
            parts.append(one if type(one) is _Text else _encoder.encode(one))
    return b"".join(parts)


class _Text(bytes):
    """Text that is JSON already."""


# Python converts at most 4,300 digits, to stay linear; longer integers keep their text.
_MAX_INT_DIGITS = 4300


def number(text: str) -> "int | Number":
    """Read the text of one JSON number.

    >>> number("12"), number("12.0")
    (12, Number('12.0'))
    """
    plain = text[1:] if text[0] == "-" else text
    if plain.isdigit() and len(plain) <= _MAX_INT_DIGITS:
        return int(text)
    return Number(text)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise JsonTextError("the text is not valid UTF-8", error.start) from None


def _refuse_syntax(error: jsontokens.JsonSyntaxError, text: str) -> NoReturn:
    position = len(text[: error.offset].encode())
    raise JsonTextError(f"{error.wanted} was wanted, got {error.found}", position) from None


_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)


def _check_depth(data: bytes) -> None:
    depth = 0
    for bracket in _BRACKETS.finditer(data):
        match bracket[0]:
            case b"{" | b"[":
                depth += 1
                if depth > MAX_DEPTH:
                    raise JsonTextError(f"nested deeper than {MAX_DEPTH} levels", bracket.start())
            case b"}" | b"]":
                depth -= 1


def _has_plainly_unique_keys(data: bytes, value: dict[str, Any]) -> bool:
    """Tell cheaply that no key is double; False means: look closely.

    Encoding the decoded value writes each distinct key once, so the text holds
    no double key if it has as many colons as the encoding: one for each key,
    and those inside strings, which are the same in both unless written escaped.
    """
    if b"\\u00" in data and _ESCAPED_COLON.search(data):
        return False
    try:
        encoded = _encoder_of_names.encode(value)
    except RecursionError:
        return False
    return data.count(b":") == encoded.count(b":")


_ESCAPED_COLON = re.compile(rb"\\u003[aA]")


def _check_keys(data: bytes) -> None:
    try:
        json.loads(data, object_pairs_hook=_unique_pairs, parse_float=_skip, parse_int=_skip)
    except (_DoubleKeyError, RecursionError):
        _find_double_key(data)


class _DoubleKeyError(Exception):
    pass


def _skip(text: str) -> None:
    """Stand for any number: only names matter here."""


def _unique_pairs(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise _DoubleKeyError


def _find_double_key(data: bytes) -> None:
    text = data.decode()
    seen: list[set[str]] = []
    path: list[str] = []
    for token in jsontokens.tokens(text):
        match token.kind:
            case Kind.BEGIN_OBJECT | Kind.BEGIN_ARRAY:
                seen.append(set())
                path.append("")
            case Kind.END_OBJECT | Kind.END_ARRAY:
                seen.pop()
                path.pop()
            case Kind.NAME:
                path[-1] = token.value
                if token.value in seen[-1]:
                    where = ".".join(name for name in path if name)
                    position = len(text[: token.start].encode())
                    raise JsonTextError("the same key twice in one object", position, where)
                seen[-1].add(token.value)
