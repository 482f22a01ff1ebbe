"""`{"anything-but": ...}`: a value that is there and is not what is listed."""

# ruff: noqa: D102 - what the methods promise stands in base.py

from dataclasses import dataclass, field
from typing import Any, Self

from eventhub.domain.jsontext import number
from eventhub.domain.jsontokens import Kind, Token
from eventhub.domain.pattern.operators.base import Leaf, Operator
from eventhub.domain.pattern.operators.exact import EqualsNumber, Exactly
from eventhub.domain.pattern.operators.ignore_case import EqualsIgnoreCase
from eventhub.domain.pattern.operators.prefix import Prefix
from eventhub.domain.pattern.operators.suffix import Suffix
from eventhub.domain.pattern.operators.wildcard import Wildcard, read_wildcard_text
from eventhub.domain.pattern.operators.wording import one_of
from eventhub.domain.pattern.reader import Reader, describe

_NESTED: dict[str, Any] = {
    "equals-ignore-case": EqualsIgnoreCase,
    "prefix": Prefix,
    "suffix": Suffix,
    "wildcard": Wildcard,
}
_ALLOWED = "a string, a number, a list of either, or an object with " + one_of(
    [f'"{name}"' for name in _NESTED]
)
_TOO_MANY = "Too many elements in numeric expression"


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """A leaf that none of the listed operators matches; a missing field is no leaf.

    `nested` is the inner operator's name, "" for plain strings and numbers.
    """

    # ruff: noqa: D102 - what the methods promise stands in base.py

    excluded: tuple[Operator, ...]
    nested: str
    is_list: bool = field(compare=False)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        token, nested = reader.next(), ""
        if token.kind is Kind.BEGIN_OBJECT:
            nested = _read_nested_name(reader)
            token = reader.next()
        if token.kind is Kind.BEGIN_ARRAY:
            members = _read_list(reader, nested)
        elif token.kind in (Kind.STRING, Kind.NUMBER):
            members = [_read_member(reader, token, nested)]
        else:
            reference = "Value of anything-but must be an array or single string/number value."
            raise reader.error(reference, "anything-but", wanted=_ALLOWED)
        reader.only_key(nested or "anything-but", _TOO_MANY)
        if nested:
            reader.only_key("anything-but", _TOO_MANY)
        return cls(tuple(members), nested, token.kind is Kind.BEGIN_ARRAY)

    def matches(self, leaf: Leaf) -> bool:
        return not any(operator.matches(leaf) for operator in self.excluded)

    def dump(self) -> Any:
        values: list[Any] = [_plain(operator) for operator in self.excluded]
        value = values if self.is_list else values[0]
        return {"anything-but": {self.nested: value} if self.nested else value}

    def words(self) -> str:
        wanted = [
            operator.words().removeprefix("exactly ").removeprefix("text that ") for operator in self.excluded
        ]
        if self.nested in ("prefix", "suffix"):
            return f"anything but text that {one_of(wanted)}"
        return f"anything but {one_of(wanted)}"


def _plain(operator: Operator) -> Any:
    value = operator.dump()
    return next(iter(value.values())) if isinstance(value, dict) else value


def _read_nested_name(reader: Reader) -> str:
    name = reader.next()
    if name.kind is not Kind.NAME:
        reference = "Anything-But expression name not found"
        raise reader.error(reference, "anything-but", wanted=_ALLOWED, found="{}")
    if name.value not in _NESTED:
        reference = f"Unsupported anything-but pattern: {name.value}"
        raise reader.error(reference, "anything-but", wanted=_ALLOWED)
    return str(name.value)


def _read_list(reader: Reader, nested: str) -> list[Operator]:
    members: list[Operator] = []
    while (token := reader.next()).kind is not Kind.END_ARRAY:
        members.append(_read_member(reader, token, nested, in_list=True))
    kinds = {type(member) for member in members}
    if len(kinds) != 1:
        reference = (
            "Inside anything but list, either all values are number or string, mixed type is not supported"
        )
        wanted = "a list of strings" if nested else "a list of strings or a list of numbers"
        found = "an empty list" if not members else "a list of both"
        raise reader.error(reference, nested or "anything-but", wanted=wanted, found=found)
    return members


def _read_member(reader: Reader, token: Token, nested: str, *, in_list: bool = False) -> Operator:
    # Inside a list the reference catches its own errors and adds the location once more.
    locations = 2 if in_list else 1
    if not nested:
        if token.kind is Kind.STRING:
            return Exactly(reader.text_of(token))
        if token.kind is Kind.NUMBER:
            return _read_number(reader, token, in_list)
        reference = "Inside anything but list, start|null|boolean is not supported."
        wanted = "a list of strings or a list of numbers"
        raise reader.error(
            reference, "anything-but", wanted=wanted, found=f"{describe(token)} in it", locations=locations
        )
    if token.kind is not Kind.STRING:
        raise reader.error(
            _NESTED_FAULTS[nested], nested, wanted="a string or a list of strings", locations=locations
        )
    if nested == "wildcard":
        return Wildcard(read_wildcard_text(reader))
    text = reader.text_of(token)
    if not text and nested in ("prefix", "suffix"):
        reference = "Null prefix/suffix not allowed"
        raise reader.error(
            reference, nested, wanted="a text that is not empty", found='""', locations=locations
        )
    operator: Operator = _NESTED[nested](text)
    return operator


_NESTED_FAULTS = {
    "equals-ignore-case": (
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
    ),
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
}


def _read_number(reader: Reader, token: Token, in_list: bool) -> EqualsNumber:
    operator = EqualsNumber.of(number(reader.text_of(token)))
    if operator.value is None:
        reference = f"Cannot compare number : {operator.text}"
        wanted = "a number that a double can hold"
        raise reader.error(
            reference, "anything-but", wanted=wanted, found=operator.text, locations=1 if in_list else 0
        )
    return operator
