"""Members of JSON, taken as what they are: 5 is no text, "5" no number, "yes" no truth, [] no object."""

from typing import Any

from rest_framework import serializers

from eventhub.domain.jsontext import Number, kind_of


class TextField(serializers.CharField):
    """A string; the framework's own takes numbers too."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        if not isinstance(data, str):
            raise serializers.ValidationError(f"wanted a string, found {_found(data)}")
        return super().to_internal_value(data)


class IntegerField(serializers.IntegerField):
    """An integer; the framework's own takes strings too."""

    def to_internal_value(self, data: Any) -> int:
        """Return the integer."""
        if type(data) is not int:
            raise serializers.ValidationError(f"wanted an integer, found {_found(data)}")
        return data


class NumberField(serializers.FloatField):
    """A number; the framework's own takes strings too."""

    def to_internal_value(self, data: Any) -> float:
        """Return the number."""
        if isinstance(data, Number):
            return float(data.text)
        if type(data) not in (int, float):
            raise serializers.ValidationError(f"wanted a number, found {_found(data)}")
        return float(data)


class ObjectField(serializers.Field[dict[str, Any], Any, Any, Any]):
    """An object; what it may hold is for the model to say."""

    def __init__(self, **options: Any) -> None:
        for unknown in ("encoder", "decoder", "style"):
            options.pop(unknown, None)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the object."""
        if not isinstance(data, dict):
            raise serializers.ValidationError(f"wanted an object, found {_found(data)}")
        return {name: _plain(value) for name, value in data.items()}

    def to_representation(self, value: Any) -> Any:
        """Return the object."""
        return value


class BooleanField(serializers.BooleanField):
    """True or false; the framework's own takes "on", "no", 1 and others too."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if type(data) is not bool:
            raise serializers.ValidationError(f"wanted true or false, found {_found(data)}")
        return data


def _plain(value: Any) -> Any:
    """Return a value with numbers as Python has them."""
    if isinstance(value, Number):
        return float(value.text)
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _found(data: Any) -> str:
    kind = kind_of(data)
    return f"{'an' if kind[0] in 'ao' else 'a'} {kind}"
