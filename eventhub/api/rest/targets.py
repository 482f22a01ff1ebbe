"""Targets as a resource."""

from django.db.models import QuerySet
from rest_framework.serializers import BaseSerializer, SlugRelatedField

from eventhub.api.rest.configured import ConfiguredSerializer, ConfiguredViewSet
from eventhub.api.rest.permissions import refuse_limited, verified
from eventhub.models import Bus, Target


def visible_targets(bus_ids: frozenset[int] | None) -> QuerySet[Target]:
    """Return the targets that a caller may see: limited to buses, those of the rules there."""
    targets = Target.objects.select_related("bus")
    return targets if bus_ids is None else targets.filter(rules__bus_id__in=bus_ids).distinct()


class TargetSerializer(ConfiguredSerializer[Target]):
    """A target as JSON; ``bus`` is a name."""

    bus = SlugRelatedField(
        slug_field="name",
        queryset=Bus.objects.all(),
        allow_null=True,
        required=False,
        error_messages={"does_not_exist": "no bus is named {value!r}", "invalid": "wanted the name of a bus"},
    )

    class Meta:
        model = Target
        fields = [
            "name",
            "kind",
            "url",
            "bus",
            "enabled",
            "max_attempts",
            "max_age_seconds",
            "timeout_seconds",
            "note",
            "created_at",
            "updated_at",
        ]


class TargetViewSet(ConfiguredViewSet[Target]):
    """``/api/targets``."""

    serializer_class = TargetSerializer
    lookup_field = "name"

    def get_queryset(self) -> QuerySet[Target]:
        """Return the targets that the caller may see."""
        return visible_targets(verified(self.request).bus_ids)

    def perform_create(self, serializer: BaseSerializer[Target]) -> None:
        """Make or change the target, unless the key is limited to buses."""
        refuse_limited(self.request, "targets")
        super().perform_create(serializer)

    def perform_destroy(self, instance: Target) -> None:
        """Delete the target; 409 while rules deliver to it."""
        refuse_limited(self.request, "targets")
        super().perform_destroy(instance)
