"""Members of JSON that are taken as what they are: 5 is no text, "5" is no number, "yes" is no truth."""

from typing import Any

from rest_framework import serializers

from eventhub.domain.jsontext import kind_of


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


class BooleanField(serializers.BooleanField):
    """True or false; the framework's own takes "on", "no", 1 and others too."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if type(data) is not bool:
            raise serializers.ValidationError(f"wanted true or false, found {_found(data)}")
        return data


def _found(data: Any) -> str:
    kind = kind_of(data)
    return f"{'an' if kind[0] in 'ao' else 'a'} {kind}"
