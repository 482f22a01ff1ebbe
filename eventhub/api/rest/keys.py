"""API keys as a resource: a secret is in the answer to making or rotating its key, and nowhere afterwards."""

from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.access import seen
from eventhub.access.keys import KEY_ID, administered, mint
from eventhub.access.last_use import last_used
from eventhub.access.rotation import MAX_OVERLAP_SECONDS, OVERLAP_SECONDS, rotate_key
from eventhub.access.scopes import Scope
from eventhub.api.rest.arrays import TextsField
from eventhub.api.rest.configured import ConfiguredSerializer, ConfiguredViewSet
from eventhub.api.rest.fields import Body
from eventhub.api.rest.media import moment
from eventhub.api.rest.pagination import KeyPagination
from eventhub.api.rest.permissions import verified
from eventhub.flow.configure import take_effect
from eventhub.models import ApiKey, Bus

_SCOPES = ", ".join(Scope)
_ROTATE = {"overlap_seconds": f"a number from 0 to {MAX_OVERLAP_SECONDS}"}


class MomentField(serializers.Field[datetime, Any, Any, Any]):
    """A moment with its zone, or null."""

    def to_internal_value(self, data: Any) -> datetime:
        """Return the moment."""
        try:
            read = datetime.fromisoformat(data)
        except (TypeError, ValueError):
            read = None
        if read is None or read.tzinfo is None:
            wanted = "wanted a moment with its zone, such as 2026-01-31T12:00:00Z"
            raise serializers.ValidationError(f"{wanted}, found {data!r:.80}")
        return read

    def to_representation(self, value: datetime) -> str | None:
        """Return the moment."""
        return moment(value)


class AdministeredBus(serializers.SlugRelatedField[Bus]):
    """A bus by its name, among those that the caller administers."""

    def get_queryset(self) -> QuerySet[Bus]:
        """Return the buses to choose from."""
        return seen.buses(verified(self.context["request"]), Scope.ADMIN)


class KeySerializer(ConfiguredSerializer[ApiKey]):
    """A key as JSON, without its secret; ``buses`` are names, none for every bus."""

    beside = ("buses",)

    scopes = TextsField(f"scopes, of {_SCOPES}", frozenset(Scope))
    buses = AdministeredBus(
        many=True,
        slug_field="name",
        queryset=Bus.objects.all(),
        required=False,
        error_messages={"does_not_exist": "no bus is named {value!r}", "invalid": "wanted the name of a bus"},
    )
    sources = TextsField("sources, such as shop.web or shop.*")
    expires_at = MomentField(required=False, allow_null=True)
    old_secret_until = serializers.SerializerMethodField()
    last_used_at = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields = [
            "id",
            "name",
            "scopes",
            "buses",
            "sources",
            "account",
            "rate_per_second",
            "enabled",
            "expires_at",
            "old_secret_until",
            "last_used_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id"]

    def get_old_secret_until(self, key: ApiKey) -> str | None:
        """Return until when the secret before is good too; null if it is not."""
        until = key.old_secret_until
        return moment(until) if until is not None and until > timezone.now() else None

    def get_last_used_at(self, key: ApiKey) -> str | None:
        """Return when the key last opened a door, to the minute; null if it never did."""
        return moment(last_used(key))

    def prepare(self, row: Any, attrs: dict[str, Any]) -> None:
        """Refuse what the model cannot see: no scope, and buses that would widen or take away the limit."""
        wrong: dict[str, str] = {}
        if not attrs.get("scopes", row.scopes):
            wrong["scopes"] = f"wanted one or more scopes, of {_SCOPES}"
        buses = attrs.get("buses")
        if buses is None and (self.instance is None or not self.partial):
            buses = attrs["buses"] = []
        if buses == []:
            if self.instance is not None and self.instance.buses.exists():
                wrong["buses"] = "this key is limited to buses: name one, or make another key for every bus"
            elif not verified(self.context["request"]).may_everywhere(Scope.ADMIN):
                wrong["buses"] = "wanted one or more of the buses that you administer"
        if wrong:
            raise serializers.ValidationError(wrong)
        if self.instance is None:  # until they are made, so that the model has something to look at
            row.id, row.secret_digest, row.sealed_secret = "A" * 20, b"-", b"-"

    def create(self, validated_data: dict[str, Any]) -> ApiKey:
        """Make the key; the secret is in ``made_secret``, for this answer alone."""
        made, self.made_secret = mint(
            validated_data.pop("name"), validated_data.pop("scopes"), **validated_data
        )
        return made

    def update(self, instance: ApiKey, validated_data: dict[str, Any]) -> ApiKey:
        """Save the key and its buses, together."""
        buses = validated_data.pop("buses", None)
        with transaction.atomic():
            updated = super().update(instance, validated_data)
            if buses is not None:
                updated.set_buses(buses)
        return updated


class KeyIdPagination(KeyPagination):
    """Pages of keys, whose ids are random."""

    orders = KeyPagination.orders | {"made": "created_at"}

    def read_key(self, text: str) -> str:
        """Return the id; raises ValueError."""
        if not KEY_ID.fullmatch(text):
            raise ValueError(text)
        return text


class KeyViewSet(ConfiguredViewSet[ApiKey]):
    """``/api/keys``."""

    serializer_class = KeySerializer
    reads = writes = Scope.ADMIN
    pagination_class = KeyIdPagination
    passing = frozenset({"last_used_at", "old_secret_until"})
    lookups = ConfiguredViewSet.lookups | {"enabled": "enabled", "bus": "buses__name"}

    def get_queryset(self) -> QuerySet[ApiKey]:
        """Return the keys that the caller administers."""
        return administered(verified(self.request)).prefetch_related("buses").select_related("use")

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a key; this answer alone shows its secret."""
        serializer = cast(KeySerializer, self.get_serializer(data=request.data))
        serializer.is_valid(raise_exception=True)
        self.perform_create(serializer)
        return self._with_secret(serializer.data, serializer.made_secret, status=201)

    def rotate(self, request: Request, pk: str) -> Response:
        """Give the key another secret, which this answer alone shows; the old one is good for a while."""
        body = Body(request, _ROTATE)
        overlap = body.number("overlap_seconds", 0, MAX_OVERLAP_SECONDS, default=OVERLAP_SECONDS)
        body.done()
        with transaction.atomic():
            _, secret = rotate_key(self.current().pk, overlap_seconds=overlap, now=timezone.now())
            take_effect()
        return self._with_secret(self.get_serializer(self.get_object()).data, secret, status=200)

    def _with_secret(self, shown: Any, secret: str, *, status: int) -> Response:
        headers = {"Cache-Control": "no-store", "ETag": self.tag(shown)}
        return Response({**shown, "secret": secret}, status, headers=headers)
