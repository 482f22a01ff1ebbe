"""Exact values: strings, numbers, literals; strings that are addresses compare as addresses."""

# ruff: noqa: D102 - what the methods promise stands in base.py

from dataclasses import dataclass
from typing import Any, Self

from eventhub.domain.jsontext import Number, number
from eventhub.domain.jsontokens import Kind, Token
from eventhub.domain.pattern.addresses import Address, read_address
from eventhub.domain.pattern.numbers import as_double, text_of
from eventhub.domain.pattern.operators.base import Leaf, Operator
from eventhub.domain.pattern.operators.wording import quoted
from eventhub.domain.pattern.reader import Reader


def exact(reader: Reader, token: Token) -> Operator:
    """Make the operator that a bare value stands for."""

    # ruff: noqa: D102 - what the methods promise stands in base.py
    if token.kind is Kind.STRING:
        text = reader.text_of(token)
        address = read_address(text)
        return EqualsAddress(text, address) if address else EqualsText(text)
    if token.kind is Kind.NUMBER:
        return EqualsNumber.of(number(token.value))
    return EqualsLiteral(token.value)


class _Bare:
    """A bare value has no name, so nothing ever reads it by one."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    @classmethod
    def read(cls, reader: Reader) -> Self:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class EqualsText(_Bare):
    """`"open"`: the same code points."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    text: str

    def matches(self, leaf: Leaf) -> bool:
        return type(leaf) is str and leaf == self.text

    def dump(self) -> str:
        return self.text

    def words(self) -> str:
        return quoted(self.text)


@dataclass(frozen=True, slots=True)
class EqualsAddress(_Bare):
    """`"10.0.0.1"`: the same address, however it is written."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    text: str
    address: Address

    def matches(self, leaf: Leaf) -> bool:
        return type(leaf) is str and read_address(leaf) == self.address

    def dump(self) -> str:
        return self.text

    def words(self) -> str:
        return f"the address {self.text}"


@dataclass(frozen=True, slots=True)
class EqualsNumber(_Bare):
    """`300`: the same value, however it is written; what no double holds, by its text."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    text: str
    value: float | None

    @classmethod
    def of(cls, number: int | Number) -> Self:
        return cls(text_of(number), as_double(number))

    def matches(self, leaf: Leaf) -> bool:
        if type(leaf) is not int and type(leaf) is not Number:
            return False
        if self.value is None:
            return text_of(leaf) == self.text
        return as_double(leaf) == self.value

    def dump(self) -> int | Number:
        return number(self.text)

    def words(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class EqualsLiteral(_Bare):
    """`true`, `false`, `null`: itself. Python's `True == 1` is kept out by identity."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    value: bool | None

    def matches(self, leaf: Leaf) -> bool:
        return leaf is self.value

    def dump(self) -> bool | None:
        return self.value

    def words(self) -> str:
        return {True: "true", False: "false", None: "null"}[self.value]


@dataclass(frozen=True, slots=True)
class Exactly:
    """`{"exactly": "10.0.0.1"}`: the same text, addresses too."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    text: str

    @classmethod
    def read(cls, reader: Reader) -> Self:
        token = reader.next()
        if token.kind is not Kind.STRING:
            raise reader.error("exact match pattern must be a string", "exactly", wanted="a string")
        text = reader.text_of(token)
        reader.only_key("exactly", "Only one key allowed in match expression")
        return cls(text)

    def matches(self, leaf: Leaf) -> bool:
        return type(leaf) is str and leaf == self.text

    def dump(self) -> Any:
        return {"exactly": self.text}

    def words(self) -> str:
        return f"exactly {quoted(self.text)}"
