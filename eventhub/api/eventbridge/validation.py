"""Validation: any request against the service's model, with AWS's wording, for all operations alike.

What has the wrong type is a ``SerializationException`` at once, as no value can be read from it. What breaks
constraints is a ``ValidationException`` that names all of them. Members that the model does not know are
passed over, as AWS does: newer clients send them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from eventhub.api.eventbridge.errors import AwsError
from eventhub.api.eventbridge.model import Shape, service
from eventhub.domain.jsontext import Number

_FOUND = {str: "STRING_VALUE", bool: "TRUE_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE"}
_WANTED = {
    "string": "a String",
    "integer": "an Integer",
    "long": "a Long",
    "boolean": "a Boolean",
    "timestamp": "a Date",
}
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "timestamp": (int, float),
}

END_OF_TIME = 253_402_300_800  # seconds: the year 10000


def validated(operation: str, document: object) -> dict[str, Any]:
    """Return what a request to an operation says: the members that the model knows and that are not null.

    Raises AwsError, naming everything that is wrong.
    """
    if not isinstance(document, dict):
        raise AwsError("SerializationException", "Start of structure or map was expected.")
    name = service().inputs[operation]
    if not name:
        return {}
    shape = service().shapes[name]
    request: dict[str, Any] = _read(shape, document)
    broken = list(_broken(shape, request, ""))
    if broken:
        count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
        raise AwsError("ValidationException", count + "; ".join(broken))
    return request


def _read(shape: Shape, value: Any) -> Any:
    """Return a value of the shape, without what the model does not know."""
    shapes = service().shapes
    if shape.type == "structure":
        if not isinstance(value, dict):
            raise _unexpected(value)
        return {
            name: _read(shapes[of], value[name])
            for name, of in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type == "list":
        if not isinstance(value, list):
            raise _unexpected(value)
        return [None if one is None else _read(shapes[shape.member], one) for one in value]
    if shape.type == "map":
        if not isinstance(value, dict):
            raise _unexpected(value)
        return {key: None if one is None else _read(shapes[shape.member], one) for key, one in value.items()}
    if isinstance(value, (dict, list)):
        raise _unexpected(value)
    if isinstance(value, Number):
        return _read(shape, float(value.text))
    is_other = isinstance(value, bool) and shape.type != "boolean"
    if is_other or not isinstance(value, _TYPES[shape.type]):
        found = "FALSE_VALUE" if value is False else _FOUND[type(value)]
        raise AwsError("SerializationException", f"{found} can not be converted to {_WANTED[shape.type]}")
    if shape.type == "timestamp":
        _check_moment(value)
    elif isinstance(value, str) and "\0" in value:  # PostgreSQL has no such text
        raise AwsError("SerializationException", "A character with code 0 can not be kept.")
    return value


def _check_moment(value: Any) -> None:
    if not 0 <= value < END_OF_TIME:
        raise AwsError("SerializationException", f"{value} can not be converted to a Date")


def _unexpected(value: object) -> AwsError:
    if isinstance(value, list):
        return AwsError("SerializationException", "Start of list found where not expected")
    if isinstance(value, dict):
        return AwsError("SerializationException", "Start of structure or map found where not expected.")
    return AwsError("SerializationException", "Unexpected field type")


def _broken(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Yield a sentence for each constraint that a value breaks, its members' after its own."""
    shapes = service().shapes
    for constraint in _own(shape, value):
        yield _sentence(_shown(shape, value), path, constraint)
    if shape.type == "structure":
        for name, of in shape.members.items():
            here = f"{path}.{name[0].lower()}{name[1:]}" if path else name[0].lower() + name[1:]
            if name in value:
                yield from _broken(shapes[of], value[name], here)
            elif name in shape.required:
                yield _sentence("null", here, "Member must not be null")
    elif shape.type == "list":
        for number, one in enumerate(value, start=1):
            here = f"{path}.{number}.member"
            if one is None:
                yield _sentence("null", here, "Member must not be null")
            else:
                yield from _broken(shapes[shape.member], one, here)
    elif shape.type == "map":
        for key, one in value.items():
            yield from _broken(shapes[shape.key], key, f"{path}.{key}.key")
            if one is not None:
                yield from _broken(shapes[shape.member], one, f"{path}.{key}.member")


def _own(shape: Shape, value: Any) -> Iterator[str]:
    if shape.type in {"string", "list", "map"}:
        if shape.least is not None and len(value) < shape.least:
            yield f"Member must have length greater than or equal to {shape.least}"
        if shape.most is not None and len(value) > shape.most:
            yield f"Member must have length less than or equal to {shape.most}"
    elif shape.type in {"integer", "long"}:
        if shape.least is not None and value < shape.least:
            yield f"Member must have value greater than or equal to {shape.least}"
        if shape.most is not None and value > shape.most:
            yield f"Member must have value less than or equal to {shape.most}"
    if shape.type == "string":
        if shape.allowed and value not in shape.allowed:
            yield f"Member must satisfy enum value set: [{', '.join(shape.allowed)}]"
        if not shape.is_matched_by(value):
            yield f"Member must satisfy regular expression pattern: {shape.pattern}"


def _sentence(shown: str, path: str, constraint: str) -> str:
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(shape: Shape, value: Any) -> str:
    return f"'{_text(shape, value)}'"


def _text(shape: Shape, value: Any) -> str:
    """Return a value as AWS shows it; what is secret is never shown."""
    shapes = service().shapes
    if shape.is_sensitive:
        return "***Sensitive Data Redacted***"
    if value is None:
        return "null"
    if shape.type == "structure":
        members: Mapping[str, str] = shape.members
        said = ", ".join(
            f"{name[0].lower()}{name[1:]}={_text(shapes[of], value.get(name))}"
            for name, of in members.items()
        )
        return f"{shape.name}({said})"
    if shape.type == "list":
        return "[" + ", ".join(_text(shapes[shape.member], one) for one in value) + "]"
    if shape.type == "map":
        return (
            "{" + ", ".join(f"{key}={_text(shapes[shape.member], one)}" for key, one in value.items()) + "}"
        )
    return str(value)
