"""From an event to a pattern: the fields that it offers, and the pattern of those that were picked."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from eventhub.domain import jsontext
from eventhub.domain.jsontext import Number
from eventhub.domain.pattern.operators import Leaf

MOST = 100
# Of the envelope what says what an event is; the rest differs with each of them.
_TOLD = ("source", "detail-type", "resources")
_ENDS = "./-_: "
_DEEPEST = 40  # nobody picks what lies below


class How(StrEnum):
    """How a field is compared."""

    EXACT = "is"
    NOT = "is not"
    PREFIX = "starts with"
    SUFFIX = "ends with"
    ANY_CASE = "is, in upper or lower case"
    LIKE = "is like (* for anything)"
    MORE = "is more than"
    LEAST = "is at least"
    LESS = "is less than"
    MOST = "is at most"
    EXISTS = "is there"
    ABSENT = "is absent"


_SIGNS = {How.MORE: ">", How.LEAST: ">=", How.LESS: "<", How.MOST: "<="}
_NAMES = {
    How.NOT: "anything-but",
    How.PREFIX: "prefix",
    How.SUFFIX: "suffix",
    How.ANY_CASE: "equals-ignore-case",
    How.LIKE: "wildcard",
}
_ALWAYS = (How.EXISTS, How.ABSENT)
_OF_TEXT = (How.EXACT, How.NOT, How.PREFIX, How.SUFFIX, How.ANY_CASE, How.LIKE, *_ALWAYS)
_OF_NUMBERS = (How.EXACT, How.NOT, *_SIGNS, *_ALWAYS)


@dataclass(frozen=True, slots=True)
class Offered:
    """A field of an event: the names that lead to it, its value, and how it may be compared."""

    names: tuple[str, ...]
    value: Leaf

    @property
    def path(self) -> str:
        """Return the path as patterns and explanations write it."""
        return ".".join(self.names)

    @property
    def choices(self) -> Sequence[How]:
        """Return how it may be compared; by its value first."""
        if isinstance(self.value, str):
            return _OF_TEXT
        is_number = isinstance(self.value, int | Number) and not isinstance(self.value, bool)
        return _OF_NUMBERS if is_number else (How.EXACT, *_ALWAYS)

    @property
    def text(self) -> str:
        """Return the value as a person types it: text as it is, everything else as JSON."""
        return self.value if isinstance(self.value, str) else jsontext.encode(self.value).decode()

    def suggested(self, how: How) -> str:
        """Return what a comparison begins with: of a prefix the value's first part.

        >>> Offered(("source",), "shop.web").suggested(How.PREFIX)
        'shop.'
        """
        if how is How.PREFIX:
            ends = [at for at, char in enumerate(self.text) if char in _ENDS]
            return self.text[: ends[0] + 1] if ends else self.text
        if how is How.SUFFIX:
            ends = [at for at, char in enumerate(self.text) if char in _ENDS]
            return self.text[ends[-1] :] if ends else self.text
        return self.text


@dataclass(frozen=True, slots=True)
class Picked:
    """A field that matters, and how: ``text`` as a person typed it."""

    field: Offered
    how: How
    text: str


def offered(envelope: dict[str, Any]) -> list[Offered]:
    """Return the fields of an event as patterns see it, at most ``MOST``; each value of a list is one.

    >>> [one.path for one in offered({"source": "shop", "id": "1", "detail": {"items": [{"kind": "tea"}]}})]
    ['source', 'detail.items.kind']
    """
    found: dict[tuple[tuple[str, ...], str], Offered] = {}
    for name in (*_TOLD, "detail"):
        for names, value in _leaves((name,), envelope.get(name)):
            if value is None and len(names) == 1:
                continue
            found.setdefault((names, jsontext.encode(value).decode()), Offered(names, value))
            if len(found) == MOST:
                return list(found.values())
    return list(found.values())


def pattern_of(picked: Sequence[Picked]) -> str:
    """Return the text of a pattern that asks for all that was picked; of one path any of it.

    Raises ValueError, saying which field, for a text that its comparison cannot take.

    >>> field = Offered(("detail", "amount"), 120)
    >>> print(pattern_of([Picked(field, How.MORE, "100")]))
    {
      "detail": {
        "amount": [{"numeric": [">", 100]}]
      }
    }
    """
    tree: dict[str, Any] = {}
    for one in picked:
        at = tree
        for name in one.field.names[:-1]:
            at = at.setdefault(name, {})
            if not isinstance(at, dict):
                raise ValueError(f"{one.field.path}: a field above it was picked, too")
        if isinstance(at.get(one.field.names[-1], []), dict):
            raise ValueError(f"{one.field.path}: a field inside it was picked, too")
        operators = at.setdefault(one.field.names[-1], [])
        if (operator := _operator(one)) not in operators:
            operators.append(operator)
    return _laid_out(tree, "")


def _operator(one: Picked) -> str:
    """Return one member of a value list, as JSON."""
    if one.how in _ALWAYS:
        return f'{{"exists": {"true" if one.how is How.EXISTS else "false"}}}'
    value = one.text if isinstance(one.field.value, str) else _scalar(one)
    written = value if not isinstance(one.field.value, str) else json.dumps(value, ensure_ascii=False)
    if one.how is How.EXACT:
        return written
    if one.how in _SIGNS:
        return f'{{"numeric": ["{_SIGNS[one.how]}", {written}]}}'
    return f'{{"{_NAMES[one.how]}": {written}}}'


def _scalar(one: Picked) -> str:
    """Return a number or a literal as it was typed."""
    text = one.text.strip()
    try:
        value = jsontext.decode(text.encode())
    except jsontext.JsonTextError:
        value = ()
    is_number = isinstance(value, int | float | Number) and not isinstance(value, bool)
    if is_number or (one.how is How.EXACT and (value is None or isinstance(value, bool))):
        return text
    raise ValueError(f"{one.field.path}: {one.how.value} needs a number, got {text[:40]!r}")


def _laid_out(tree: dict[str, Any], indent: str) -> str:
    inner = indent + "  "
    members = [
        f"{inner}{json.dumps(name, ensure_ascii=False)}: "
        + (_laid_out(value, inner) if isinstance(value, dict) else f"[{', '.join(value)}]")
        for name, value in tree.items()
    ]
    return "{\n" + ",\n".join(members) + f"\n{indent}}}" if members else "{}"


def _leaves(names: tuple[str, ...], value: Any, depth: int = 0) -> Iterator[tuple[tuple[str, ...], Leaf]]:
    if isinstance(value, dict | list) and depth == _DEEPEST:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves((*names, name), inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(names, inner, depth + 1)
    else:
        yield names, value
