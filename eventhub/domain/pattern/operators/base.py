"""What every operator can do."""

from typing import Any, Protocol, Self

from eventhub.domain.jsontext import Number
from eventhub.domain.pattern.reader import Reader

# The values that events hold at a path: what arrays and objects are made of in the end.
Leaf = str | int | Number | bool | None


class Operator(Protocol):
    """One member of a value list: a frozen value, equal to its like."""

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read what follows the operator's name, up to the end of its expression."""

    def matches(self, leaf: Leaf) -> bool:
        """Tell whether one leaf value is what the operator asks for."""

    def dump(self) -> Any:
        """Return the JSON value that reads as this operator."""

    def words(self) -> str:
        """Say what is wanted, so that "wanted ..." is English."""
