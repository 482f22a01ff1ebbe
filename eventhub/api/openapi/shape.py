"""How shapes are written: JSON Schema (2020-12) by short words."""

from collections.abc import Iterable, Mapping
from typing import Any

Schema = dict[str, Any]


def obj(description: str, members: Mapping[str, Schema], *, optional: Iterable[str] = ()) -> Schema:
    """Return an object that has these members and no others, all of them but the optional ones.

    >>> obj("A point.", {"x": {"type": "number"}})["required"]
    ['x']
    """
    left = set(optional)
    required = [name for name in members if name not in left]
    shape: Schema = {"type": "object", "description": description, "properties": dict(members)}
    if required:
        shape["required"] = required
    return shape | {"additionalProperties": False}


def text(description: str = "", **more: Any) -> Schema:
    """Return a string."""
    return _described({"type": "string"}, description, more)


def name(description: str, longest: int) -> Schema:
    """Return a name of letters, digits, dots, hyphens and underscores."""
    return text(description, minLength=1, maxLength=longest, pattern=r"^[.\-_A-Za-z0-9]+$")


def words(description: str, *known: str) -> Schema:
    """Return a string of a few known ones."""
    return text(description, enum=list(known))


def moment(description: str) -> Schema:
    """Return a moment: RFC 3339 in UTC, with milliseconds in answers."""
    return text(description, format="date-time")


def uuid(description: str) -> Schema:
    """Return an event's id."""
    return text(description, format="uuid")


def position(description: str = "Where it is in its list: for `before` and `after`.") -> Schema:
    """Return a place in a list of what happened; opaque."""
    return text(description)


def whole(description: str = "", **more: Any) -> Schema:
    """Return an integer."""
    return _described({"type": "integer"}, description, more)


def number(description: str = "", **more: Any) -> Schema:
    """Return a number."""
    return _described({"type": "number"}, description, more)


def truth(description: str = "", **more: Any) -> Schema:
    """Return true or false."""
    return _described({"type": "boolean"}, description, more)


def anything(description: str) -> Schema:
    """Return an object of which more is not said here."""
    return {"type": "object", "description": description, "additionalProperties": True}


def many(items: Schema, description: str = "", **more: Any) -> Schema:
    """Return an array."""
    return _described({"type": "array", "items": items}, description, more)


def nullable(shape: Schema) -> Schema:
    """Return the same, or null.

    >>> nullable({"type": "string"})
    {'type': ['string', 'null']}
    """
    if "$ref" in shape:
        return {"anyOf": [shape, {"type": "null"}]}
    either = shape | {"type": [shape["type"], "null"]}
    return either | {"enum": [*shape["enum"], None]} if "enum" in shape else either


def ref(component: str) -> Schema:
    """Return what is written once under ``components``."""
    return {"$ref": f"#/components/schemas/{component}"}


def some(shape: Schema, names: Iterable[str], *, required: Iterable[str] = (), **instead: Schema) -> Schema:
    """Return what may be sent of a shape: these members, some of them otherwise than they are answered."""
    members = {one: instead.get(one, shape["properties"].get(one)) for one in names}
    needed = set(required)
    return obj(shape["description"], members, optional=[one for one in members if one not in needed])


def _described(shape: Schema, description: str, more: Mapping[str, Any]) -> Schema:
    return {**shape, **({"description": description} if description else {}), **more}
