"""Rows with secrets as resources: secrets go in and never come out."""

from typing import Any, TypeVar

from rest_framework import serializers

from eventhub.api.rest.configured import ConfiguredSerializer
from eventhub.models.sealed import Sealed
from eventhub.models.signing import MEMBER
from eventhub.secret import BrokenSealError

S = TypeVar("S", bound=Sealed)


class SecretsField(serializers.Field[Any, Any, Any, Any]):
    """An object of secrets by name, to be written only; null takes one away, one left out stays."""

    default_error_messages = {"invalid": "wanted an object of secrets by name"}

    def __init__(self, **options: Any) -> None:
        super().__init__(write_only=True, required=False, **options)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the object; what it may hold is the model's to say."""
        if not isinstance(data, dict):
            self.fail("invalid")
        if data.get(MEMBER) is not None:  # null ends signing
            raise serializers.ValidationError(
                {MEMBER: "wanted no signing secret here: the action rotate-secret makes or takes one"}
            )
        return dict(data)


class SealedSerializer(ConfiguredSerializer[S]):
    """Adds ``secrets`` (in) and ``secrets_set`` (out: the names of those that are set)."""

    beside: tuple[str, ...] = ("secrets",)

    secrets = SecretsField()
    secrets_set = serializers.SerializerMethodField()

    def get_secrets_set(self, row: S) -> list[str]:
        """Return which secrets are set; none if they do not open, which saving says."""
        try:
            return [name for name in row.secret_names() if name != MEMBER]
        except BrokenSealError:
            return []

    def prepare(self, row: Any, attrs: dict[str, Any]) -> None:
        """Seal what was given, before the model is asked."""
        self._given: dict[str, Any] = attrs.pop("secrets", {})
        if self._given:
            try:
                row.change_secrets(self._given)
            except BrokenSealError as error:
                raise serializers.ValidationError({"secrets": str(error)}) from error

    def update(self, instance: S, validated_data: dict[str, Any]) -> S:
        """Save what differs; the given secrets beside those that are there by now."""
        validated_data.pop("sealed")
        if self._given:
            now = self.model().objects.select_for_update().only("sealed").get(pk=instance.pk)
            now.change_secrets(self._given)
            validated_data["sealed"] = now.sealed
        return super().update(instance, validated_data)

    def taken(self, row: Any) -> dict[str, Any]:
        """Return the sealed secrets beside the members."""
        return super().taken(row) | {"sealed": row.sealed}
