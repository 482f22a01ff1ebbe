"""`{"prefix": "x"}` and `{"prefix": {"equals-ignore-case": "x"}}`."""

# ruff: noqa: D102 - what the methods promise stands in base.py

import re
from dataclasses import dataclass, field
from typing import Any, Self

from eventhub.domain.jsontokens import Kind
from eventhub.domain.pattern.casing import either_case
from eventhub.domain.pattern.operators.base import Leaf
from eventhub.domain.pattern.operators.ignore_case import read_nested_ignore_case
from eventhub.domain.pattern.operators.wording import quoted
from eventhub.domain.pattern.reader import Reader


@dataclass(frozen=True, slots=True)
class Prefix:
    """A string that starts with the text; "" holds for every string and only for strings."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    text: str
    ignore_case: bool = False
    _form: re.Pattern[str] | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        form = either_case(self.text) if self.ignore_case else None
        object.__setattr__(self, "_form", form)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        token = reader.next()
        if token.kind is Kind.BEGIN_OBJECT:
            text, ignore_case = read_nested_ignore_case(reader, "prefix"), True
        elif token.kind is Kind.STRING:
            text, ignore_case = reader.text_of(token), False
        else:
            raise reader.error("prefix match pattern must be a string", "prefix", wanted="a string")
        reader.only_key("prefix", "Only one key allowed in match expression")
        return cls(text, ignore_case)

    def matches(self, leaf: Leaf) -> bool:
        if type(leaf) is not str:
            return False
        if self._form is None:
            return leaf.startswith(self.text)
        return self._form.match(leaf) is not None

    def dump(self) -> Any:
        return {"prefix": {"equals-ignore-case": self.text} if self.ignore_case else self.text}

    def words(self) -> str:
        case = " in upper or lower case" if self.ignore_case else ""
        return f"text that starts with {quoted(self.text)}{case}"
