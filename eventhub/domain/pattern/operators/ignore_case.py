"""`{"equals-ignore-case": "open"}`."""

# ruff: noqa: D102 - what the methods promise stands in base.py

import re
from dataclasses import dataclass, field
from typing import Any, Self

from eventhub.domain.jsontokens import Kind
from eventhub.domain.pattern.casing import either_case
from eventhub.domain.pattern.operators.base import Leaf
from eventhub.domain.pattern.operators.wording import quoted
from eventhub.domain.pattern.reader import Reader


@dataclass(frozen=True, slots=True)
class EqualsIgnoreCase:
    """The whole string, upper and lower case alike."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    text: str
    _form: re.Pattern[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_form", either_case(self.text))

    @classmethod
    def read(cls, reader: Reader) -> Self:
        text = read_ignore_case_text(reader)
        reader.only_key("equals-ignore-case", "Only one key allowed in match expression")
        return cls(text)

    def matches(self, leaf: Leaf) -> bool:
        return type(leaf) is str and self._form.fullmatch(leaf) is not None

    def dump(self) -> Any:
        return {"equals-ignore-case": self.text}

    def words(self) -> str:
        return f"{quoted(self.text)} in upper or lower case"


def read_ignore_case_text(reader: Reader) -> str:
    """Read the string behind `equals-ignore-case`."""

    # ruff: noqa: D102 - what the methods promise stands in base.py
    token = reader.next()
    if token.kind is not Kind.STRING:
        reference = "equals-ignore-case match pattern must be a string"
        raise reader.error(reference, "equals-ignore-case", wanted="a string")
    return reader.text_of(token)


def read_nested_ignore_case(reader: Reader, operator: str) -> str:
    """Read `{"equals-ignore-case": "..."}` as the value of `operator`, whose object has just begun."""

    # ruff: noqa: D102 - what the methods promise stands in base.py
    name = reader.next()
    if name.kind is not Kind.NAME:
        reference = f"{operator.capitalize()} expression name not found"
        raise reader.error(reference, operator, wanted='a string or {"equals-ignore-case": …}', found="{}")
    if name.value != "equals-ignore-case":
        reference = f"Unsupported {operator} pattern: {name.value}"
        raise reader.error(reference, operator, wanted='a string or {"equals-ignore-case": …}')
    text = read_ignore_case_text(reader)
    reader.only_key("equals-ignore-case", "Only one key allowed in match expression")
    return text
