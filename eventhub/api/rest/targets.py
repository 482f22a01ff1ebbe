"""Targets as a resource."""

import time
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied
from rest_framework.serializers import BaseSerializer, SerializerMethodField, SlugRelatedField

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.api.rest.configured import ConfiguredViewSet
from eventhub.api.rest.media import moment_of
from eventhub.api.rest.permissions import verified
from eventhub.api.rest.secrets import SealedSerializer
from eventhub.domain.retry import Schedule, age_with
from eventhub.domain.signature import PrivateKey, parse_secret
from eventhub.flow.configure import Algorithm
from eventhub.models import ApiDestination, Bus, Connection, Target
from eventhub.models.signing import SigningSecret
from eventhub.secret import BrokenSealError
from eventhub.targets.kinds import kind_of


def _named(rows: "QuerySet[Any]", what: str, article: str = "a") -> Any:
    """Return a member that names a row, or null."""
    return SlugRelatedField(
        slug_field="name",
        queryset=rows,
        allow_null=True,
        required=False,
        error_messages={
            "does_not_exist": f"no {what} is named {{value!r}}",
            "invalid": f"wanted the name of {article} {what}",
        },
    )


class TargetSerializer(SealedSerializer[Target]):
    """A target as JSON; other rows are given by name, secrets only come in."""

    bus = _named(Bus.objects.all(), "bus")
    connection = _named(Connection.objects.all(), "connection")
    api_destination = _named(ApiDestination.objects.all(), "API destination", "an")
    dead_letter_target = _named(Target.objects.all(), "target")
    signing = SerializerMethodField()

    class Meta:
        model = Target
        fields = [
            "name",
            "kind",
            "url",
            "bus",
            "api_destination",
            "connection",
            "config",
            "secrets",
            "secrets_set",
            "signing",
            "payload_format",
            "enabled",
            "disabled_reason",
            "owned",
            "paused",
            "max_attempts",
            "max_age_seconds",
            "schedule",
            "timeout_seconds",
            "connect_timeout_seconds",
            "max_in_flight",
            "rate_per_second",
            "circuit_failures",
            "circuit_ratio",
            "circuit_wait_seconds",
            "fifo_path",
            "dead_letter_target",
            "note",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["disabled_reason", "owned"]

    def prepare(self, row: Any, attrs: dict[str, Any]) -> None:
        """Let events grow as old as the schedule takes, unless it is said how old."""
        given = self.initial_data  # not attrs: PUT has filled in what it leaves out
        if "schedule" in given and "max_age_seconds" not in given and "schedule" in attrs:
            # What PUT leaves out is as in a new row.
            before = row if self.partial else Target()
            attrs["max_age_seconds"] = age_with(
                Schedule(attrs["schedule"]),
                before=Schedule(before.schedule),
                age_before=before.max_age_seconds,
            )
        super().prepare(row, attrs)

    def taken(self, row: Any) -> dict[str, Any]:
        """Return what the model clears by itself, too."""
        return {**super().taken(row), "disabled_reason": row.disabled_reason}

    def to_representation(self, instance: Target) -> Any:
        """Leave out the names of a bus and of another target that the caller does not see."""
        shown = super().to_representation(instance)
        caller = verified(self.context["request"])
        if caller.bus_ids is not None:
            if instance.bus_id is not None and instance.bus_id not in caller.bus_ids:
                shown["bus"] = None
            beyond = instance.dead_letter_target_id
            if beyond is not None and not seen.targets(caller).filter(pk=beyond).exists():
                shown["dead_letter_target"] = None
        return shown

    def get_signing(self, row: Target) -> list[dict[str, Any]]:
        """Return what signs the requests of a webhook now, the newest first, without the secrets."""
        try:
            signing = row.signing(now=time.time_ns() // 1000)
        except BrokenSealError:  # saving and delivering say so
            return []
        return [_signing_json(one) for one in signing]


def _signing_json(one: SigningSecret) -> dict[str, Any]:
    secret = parse_secret(one.text)
    pair = isinstance(secret, PrivateKey)
    return {
        "algorithm": Algorithm.V1A if pair else Algorithm.V1,
        "public_key": str(secret.public) if isinstance(secret, PrivateKey) else None,
        "until": moment_of(one.until),
    }


class TargetViewSet(ConfiguredViewSet[Target]):
    """``/api/targets``."""

    serializer_class = TargetSerializer
    lookup_field = "name"
    beyond_buses = "targets"
    passing = frozenset({"signing"})
    lookups = ConfiguredViewSet.lookups | {
        "kind": "kind",
        "enabled": "enabled",
        "paused": "paused",
        "bus": "bus__name",
        "connection": "connection__name",
        "api_destination": "api_destination__name",
    }

    def get_queryset(self) -> QuerySet[Target]:
        """Return the targets that the caller may see."""
        beside = ("bus", "connection", "api_destination", "dead_letter_target")
        return seen.targets(verified(self.request)).select_related(*beside)

    def filter_queryset(self, queryset: Any) -> Any:
        """Leave what the filters ask for; by a bus that the caller does not see, nothing."""
        caller = verified(self.request)
        if self.request.query_params.get("bus") and caller.bus_ids is not None:
            queryset = queryset.filter(bus_id__in=caller.bus_ids)
        return super().filter_queryset(queryset)

    def perform_create(self, serializer: BaseSerializer[Target]) -> None:
        """Make or change the target, unless its kind is for administrators and the caller is none."""
        kind = kind_of(serializer.validated_data["kind"])
        if getattr(kind, "administrators_only", False) and not verified(self.request).may_everywhere(
            Scope.ADMIN
        ):
            raise PermissionDenied(f"a {kind.name} target needs the scope {Scope.ADMIN}")
        super().perform_create(serializer)
