"""Buses as a resource."""

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from eventhub.api.rest.configured import ConfiguredSerializer, ConfiguredViewSet
from eventhub.api.rest.errors import Conflict
from eventhub.api.rest.fields import Body
from eventhub.api.rest.listing import check_parameters
from eventhub.api.rest.media import moment_of
from eventhub.api.rest.permissions import refuse_limited, verified
from eventhub.flow.configure import has_pending, switch_bus
from eventhub.flow.unrouted import unrouted
from eventhub.models import DEFAULT_BUS, Bus


class BusSerializer(ConfiguredSerializer[Bus]):
    """A bus as JSON."""

    class Meta:
        model = Bus
        fields = ["name", "description", "paused", "created_at", "updated_at"]


class BusViewSet(ConfiguredViewSet[Bus]):
    """``/api/buses``."""

    serializer_class = BusSerializer
    lookup_field = "name"
    lookups = ConfiguredViewSet.lookups | {"name": "name", "paused": "paused"}

    def get_queryset(self) -> QuerySet[Bus]:
        """Return the buses that the caller may see."""
        bus_ids = verified(self.request).bus_ids
        return Bus.objects.all() if bus_ids is None else Bus.objects.filter(pk__in=bus_ids)

    def perform_create(self, serializer: BaseSerializer[Bus]) -> None:
        """Make or change the bus, unless the key is limited to some."""
        refuse_limited(self.request, "buses")
        super().perform_create(serializer)

    def refuse_deletion(self, row: Bus) -> None:
        """Refuse to delete a bus with rules, or with work that waits, without ``?force=true``."""
        refuse_limited(self.request, "buses")
        check_parameters(self.request, frozenset({"force"}))
        if row.name == DEFAULT_BUS or self.request.query_params.get("force") == "true":
            return
        rules = row.rules.count()
        holds = [f"{rules} rule{'s' * (rules != 1)}"] * bool(rules)
        holds += ["waiting deliveries"] * has_pending(row)
        holds += ["events that wait for routing"] * (row.paused and unrouted([row.pk])[row.pk].events > 0)
        if holds:
            raise Conflict(
                f"bus {row.name} has {' and '.join(holds)}; add ?force=true to delete them with it "
                "(what waits becomes dead letters, and events that wait are recorded as of an unknown bus)"
            )

    def switch(self, request: Request, name: str, *, paused: bool) -> Response:
        """Pause or resume routing; answers the bus."""
        refuse_limited(request, "buses")
        Body(request, {}).done()
        with transaction.atomic():
            switch_bus(self.current(), paused=paused)
        return self.tagged(self.get_serializer(self.get_object()).data)

    def state(self, request: Request, name: str) -> Response:
        """Answer whether events are routed, and how many wait for it."""
        check_parameters(request, frozenset())
        bus: Bus = self.get_object()
        waiting = unrouted([bus.pk])[bus.pk]
        return Response(
            {
                "bus": bus.name,
                "paused": bus.paused,
                "unrouted": waiting.events,
                "unrouted_more": waiting.more,
                "oldest_unrouted_at": moment_of(waiting.oldest_at),
            }
        )
