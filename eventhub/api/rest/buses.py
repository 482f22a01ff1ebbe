"""Buses as a resource."""

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from eventhub.api.rest.configured import ConfiguredSerializer, ConfiguredViewSet
from eventhub.api.rest.errors import Conflict
from eventhub.api.rest.permissions import refuse_limited, verified
from eventhub.flow.configure import has_pending
from eventhub.models import DEFAULT_BUS, Bus


class BusSerializer(ConfiguredSerializer[Bus]):
    """A bus as JSON."""

    class Meta:
        model = Bus
        fields = ["name", "description", "created_at", "updated_at"]


class BusViewSet(ConfiguredViewSet[Bus]):
    """``/api/buses``."""

    serializer_class = BusSerializer
    lookup_field = "name"

    def get_queryset(self) -> QuerySet[Bus]:
        """Return the buses that the caller may see."""
        bus_ids = verified(self.request).bus_ids
        return Bus.objects.all() if bus_ids is None else Bus.objects.filter(pk__in=bus_ids)

    def perform_create(self, serializer: BaseSerializer[Bus]) -> None:
        """Make or change the bus, unless the key is limited to some."""
        refuse_limited(self.request, "buses")
        super().perform_create(serializer)

    def destroy(self, request: Request, *args: object, **kwargs: object) -> Response:
        """Delete the bus; one with rules or waiting deliveries only with ``?force=true``."""
        refuse_limited(request, "buses")
        bus = self.get_object()
        if bus.name != DEFAULT_BUS and request.query_params.get("force") != "true":
            rules = bus.rules.count()
            if rules or has_pending(bus):
                holds = [f"{rules} rule{'s' * (rules != 1)}"] * bool(rules) + [
                    "waiting deliveries"
                ] * has_pending(bus)
                raise Conflict(
                    f"bus {bus.name} has {' and '.join(holds)}; add ?force=true to delete them with it "
                    "(what waits becomes dead letters)"
                )
        self.perform_destroy(bus)
        return Response(status=204)
