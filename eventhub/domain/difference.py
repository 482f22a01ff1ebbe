"""What differs between two states of a thing, field by field, for people who read what somebody changed.

States are JSON objects. A path goes as deep as the difference: ``config.headers.X-Shop``, and for lists whose
members are named ``targets[crm].transform``. Of other lists, such as the alternatives of a pattern, the
values that came and went are told, not two whole lists. Fields that hold JSON as text are compared as JSON,
so a pattern that was only laid out anew says just that.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from eventhub.domain import jsontext

JSON_TEXTS = frozenset({"pattern"})  # fields of states that hold JSON as text
_DEEPEST = 40  # below that two values are told whole


class How(StrEnum):
    """What became of a value."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    ORDER = "order"  # a list has the same members in another order
    LAYOUT = "layout"  # the same JSON, written in another way


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. ``before`` means nothing where something was added, ``after`` where it was removed."""

    path: str
    how: How
    before: Any = None
    after: Any = None


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """Return what differs between two states, in the order of their fields; None: there is none.

    Of a thing that came or went, empty fields are not told.

    >>> was = {"pattern": '{"source": ["shop", "till"]}', "enabled": True}
    >>> for one in differences(was, {"pattern": '{"source": ["shop", "web"]}', "enabled": False}):
    ...     print(one.path, one.how, one.before, one.after)
    pattern.source removed till None
    pattern.source added None web
    enabled changed True False
    """
    if before is None:
        return [Difference(name, How.ADDED, after=_read(name, value)) for name, value in _filled(after)]
    if after is None:
        return [Difference(name, How.REMOVED, before=_read(name, value)) for name, value in _filled(before)]
    found: list[Difference] = []
    for name in dict.fromkeys([*before, *after]):
        found += _of_field(name, before.get(name, _ABSENT), after.get(name, _ABSENT))
    return found


def written(value: Any) -> str:
    """Return a value as JSON, a short one on one line.

    >>> written({"prefix": "EU-"})
    '{"prefix": "EU-"}'
    """
    text = jsontext.encode(value)
    flat: bytes = msgspec.json.format(text, indent=0)
    return (flat if len(flat) <= 80 else msgspec.json.format(text, indent=2)).decode()


class _Absent:
    """No value, where null is one."""


_ABSENT = _Absent()


def _filled(state: Mapping[str, Any] | None) -> Iterator[tuple[str, Any]]:
    for name, value in (state or {}).items():
        if value not in (None, "", [], {}):
            yield name, value


def _read(name: str, value: Any) -> Any:
    """Return the JSON that a field holds as text; another value, and text that is none, as it is."""
    if name not in JSON_TEXTS or not isinstance(value, str):
        return value
    try:
        return jsontext.decode(value.encode())
    except jsontext.JsonTextError:
        return value


def _of_field(name: str, before: Any, after: Any) -> Iterator[Difference]:
    if name in JSON_TEXTS and isinstance(before, str) and isinstance(after, str) and before != after:
        was, now = _read(name, before), _read(name, after)
        if not before or not after:
            was, now = was or _ABSENT, now or _ABSENT
        found = list(_between(name, was, now))
        yield from found or [Difference(name, How.LAYOUT, before, after)]
    else:
        yield from _between(name, before, after)


def _between(path: str, before: Any, after: Any, depth: int = 0) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping) and depth < _DEEPEST:
        for name in dict.fromkeys([*before, *after]):
            was, now = before.get(name, _ABSENT), after.get(name, _ABSENT)
            yield from _between(_below(path, name), was, now, depth + 1)
    elif isinstance(before, list) and isinstance(after, list) and depth < _DEEPEST:
        yield from _between_lists(path, before, after, depth)
    elif before is _ABSENT:
        if after is not _ABSENT:
            yield Difference(path, How.ADDED, after=after)
    elif after is _ABSENT:
        yield Difference(path, How.REMOVED, before=before)
    elif not _same(before, after):
        yield Difference(path, How.CHANGED, before, after)


def _between_lists(path: str, before: list[Any], after: list[Any], depth: int) -> Iterator[Difference]:
    names = [_names(before), _names(after)]
    if before and after and names[0] and names[1]:
        for name in dict.fromkeys([*names[0], *names[1]]):
            was, now = (those.get(name, _ABSENT) for those in names)
            yield from _between(f"{path}[{name}]", was, now, depth + 1)
        return
    gone, new = _without(before, after), _without(after, before)
    if path.endswith("$or") and _is_one_branch(gone, new):
        yield from _between(f"{path}[{before.index(gone[0])}]", gone[0], new[0], depth + 1)
        return
    if not gone and not new:
        if not _same(before, after):
            yield Difference(path, How.ORDER, before, after)
        return
    for value in gone:
        yield Difference(path, How.REMOVED, before=value)
    for value in new:
        yield Difference(path, How.ADDED, after=value)


def _is_one_branch(gone: list[Any], new: list[Any]) -> bool:
    """Tell whether one branch of an alternative became another that speaks of the same fields."""
    if not len(gone) == len(new) == 1:
        return False
    was, now = gone[0], new[0]
    return isinstance(was, Mapping) and isinstance(now, Mapping) and bool(was.keys() & now.keys())


def _names(values: Sequence[Any]) -> dict[str, Any]:
    """Return the members of a list by their names, if each has one of its own; else nothing."""
    for member in ("identifier", "name", "Sid"):
        named = {value[member]: value for value in values if isinstance(value, Mapping) and member in value}
        if named and len(named) == len(values):
            return named
    return {}


def _without(values: list[Any], others: list[Any]) -> list[Any]:
    """Return the values that have no partner among the others, in their order."""
    left = [_key(other) for other in others]
    found = []
    for value in values:
        key = _key(value)
        if key in left:
            left.remove(key)
        else:
            found.append(value)
    return found


def _same(before: Any, after: Any) -> bool:
    """Tell whether two values are the same JSON: 1 is not true, and 1.50 is written otherwise than 1.5."""
    return _key(before) == _key(after)


_encoder = msgspec.json.Encoder(order="sorted", enc_hook=lambda number: msgspec.Raw(number.text.encode()))


def _key(value: Any) -> bytes:
    try:
        return _encoder.encode(value)
    except RecursionError:  # nobody reads what is so deep; there the order of members counts
        return jsontext.encode(value)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if name and not set(name) & set('.[] "') else f"{path}[{json.dumps(name)}]"
