"""Reading the small bodies of actions: a few members, each of one type."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from eventhub.domain.jsontext import Number
from eventhub.journal.rows import microseconds

REQUIRED: Any = object()


class Body:
    """The members of an action's body; collects what is wrong with them, to be raised once."""

    def __init__(self, request: Request, known: Mapping[str, str]) -> None:
        """Take the body; ``known`` says of each member what is wanted there."""
        data = request.data
        self.members: dict[str, Any] = dict(data) if isinstance(data, Mapping) else {}
        self._known = known
        self.wrong: dict[str, Any] = {
            name: f"unknown; known are: {', '.join(known)}" for name in self.members if name not in known
        }

    def take(self, name: str, kind: type | tuple[type, ...], default: Any = REQUIRED) -> Any:
        """Return a member; notes it if it is of another type, or missing and without a default."""
        value = self.members.get(name)
        if isinstance(value, Number) and isinstance(kind, tuple) and float in kind:
            value = float(value.text)
        if value is None:
            if default is REQUIRED or name in self.members:
                self.refuse(name, "null" if name in self.members else "nothing")
            return None if default is REQUIRED else default
        # A bool is an int for Python, and for nobody else.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.refuse(name, _shown(value))
            return default if default is not REQUIRED else None
        return value

    def number(self, name: str, low: float, high: float, default: Any = REQUIRED) -> Any:
        """Return a member that is a number in a range."""
        value = self.take(name, (int, float), default)
        if value is not None and not low <= value <= high:
            self.refuse(name, _shown(value))
        return value

    def refuse(self, name: str, found: str) -> None:
        """Note that a member is not what was wanted."""
        self.wrong.setdefault(name, f"wanted {self._known[name]}, found {found}")

    def done(self) -> None:
        """Raise ValidationError if anything was wrong."""
        if self.wrong:
            raise ValidationError(self.wrong)


def moment_given(text: str) -> int:
    """Read an RFC 3339 moment with a zone, in microseconds; raises ValueError.

    >>> moment_given("1970-01-01T00:00:01Z")
    1000000
    """
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(text)
    return microseconds(read)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
