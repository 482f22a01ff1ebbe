"""Members that are arrays of texts."""

from typing import Any

from rest_framework import serializers


class TextsField(serializers.Field[list[str], Any, Any, Any]):
    """An array of texts, each once."""

    def __init__(self, wanted: str, known: frozenset[str] | None = None, **options: Any) -> None:
        super().__init__(required=False, **options)
        self._wanted, self._known = wanted, known

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the texts."""
        if not isinstance(data, list):
            raise serializers.ValidationError(f"wanted {self._wanted}, found {data!r:.80}")
        wrong: dict[Any, Any] = {
            place: f"wanted {self._wanted}, found {one!r:.80}"
            for place, one in enumerate(data)
            if not isinstance(one, str) or (self._known is not None and one not in self._known)
        }
        if wrong:
            raise serializers.ValidationError(wrong)
        return list(dict.fromkeys(data))

    def to_representation(self, value: Any) -> Any:
        """Return the texts."""
        return value
