"""`{"exists": true}` and `{"exists": false}`."""

# ruff: noqa: D102 - what the methods promise stands in base.py

from dataclasses import dataclass
from typing import Any, Self

from eventhub.domain.jsontokens import Kind
from eventhub.domain.pattern.operators.base import Leaf
from eventhub.domain.pattern.reader import Reader


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether there is a value at all; null and "" count.

    No value satisfies `false`: the matcher asks for the absence itself.
    """

    # ruff: noqa: D102 - what the methods promise stands in base.py

    wanted: bool

    @classmethod
    def read(cls, reader: Reader) -> Self:
        token = reader.next()
        if token.kind is not Kind.BOOLEAN:
            reference = "exists match pattern must be either true or false."
            raise reader.error(reference, "exists", wanted="true or false")
        reader.only_key("exists", "Only one key allowed in match expression")
        return cls(token.value)

    def matches(self, leaf: Leaf) -> bool:
        return self.wanted

    def dump(self) -> Any:
        return {"exists": self.wanted}

    def words(self) -> str:
        return "any value" if self.wanted else "no value"
