"""Archives as a resource."""

from django.db.models import QuerySet
from rest_framework import serializers

from eventhub.access import seen
from eventhub.api.rest.configured import ConfiguredSerializer, ConfiguredViewSet
from eventhub.api.rest.media import RuleBody
from eventhub.api.rest.permissions import verified
from eventhub.api.rest.rules import PatternField, VisibleBus
from eventhub.flow.archives import size_of
from eventhub.flow.process import parts
from eventhub.models import Archive, Bus


class ArchiveSerializer(ConfiguredSerializer[Archive]):
    """An archive as JSON; ``events`` and ``bytes`` are what it holds now."""

    bus = VisibleBus(
        slug_field="name",
        queryset=Bus.objects.all(),
        error_messages={"does_not_exist": "no bus is named {value!r}", "invalid": "wanted the name of a bus"},
    )
    pattern = PatternField(required=False, default="")
    events = serializers.SerializerMethodField()
    bytes = serializers.SerializerMethodField()

    class Meta:
        model = Archive
        fields = [
            "name",
            "bus",
            "description",
            "pattern",
            "retention_days",
            "events",
            "bytes",
            "created_at",
            "updated_at",
        ]

    def get_events(self, archive: Archive) -> int:
        """Return how many events it holds."""
        return size_of(parts().journal, archive).events

    def get_bytes(self, archive: Archive) -> int:
        """Return how many bytes their texts have."""
        return size_of(parts().journal, archive).bytes


class ArchiveViewSet(ConfiguredViewSet[Archive]):
    """``/api/archives``."""

    serializer_class = ArchiveSerializer
    parser_classes = [RuleBody]
    lookup_field = "name"
    passing = frozenset({"events", "bytes"})
    lookups = ConfiguredViewSet.lookups | {"bus": "bus__name"}

    def bus_of(self, row: Archive) -> int:
        """Return the archive's bus."""
        return row.bus_id

    def get_queryset(self) -> QuerySet[Archive]:
        """Return the archives of buses that the caller may see."""
        every = Archive.objects.select_related("bus")
        return seen.on_buses(every, verified(self.request))
