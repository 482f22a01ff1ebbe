"""Buses as a resource."""

from typing import cast

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.api.rest.arrays import TextsField
from eventhub.api.rest.configured import ConfiguredSerializer, ConfiguredViewSet
from eventhub.api.rest.errors import Conflict
from eventhub.api.rest.fields import Body
from eventhub.api.rest.listing import check_parameters
from eventhub.api.rest.media import moment_of
from eventhub.api.rest.permissions import refuse_limited, verified
from eventhub.flow.configure import has_pending, switch_bus
from eventhub.flow.unrouted import unrouted
from eventhub.models import DEFAULT_BUS, Bus

_SENSITIVE = f"which fields are sensitive needs the scope {Scope.ADMIN} on the bus"


class BusSerializer(ConfiguredSerializer[Bus]):
    """A bus as JSON."""

    sensitive = TextsField("paths of detail, such as detail.customer.email")

    class Meta:
        model = Bus
        fields = ["name", "description", "paused", "sensitive", "created_at", "updated_at"]


class BusViewSet(ConfiguredViewSet[Bus]):
    """``/api/buses``."""

    serializer_class = BusSerializer
    lookup_field = "name"
    lookups = ConfiguredViewSet.lookups | {"name": "name", "paused": "paused"}

    def get_queryset(self) -> QuerySet[Bus]:
        """Return the buses that the caller may see."""
        return seen.buses(verified(self.request))

    def check_object_permissions(self, request: Request, obj: Bus) -> None:
        """Refuse who neither administers the bus nor may change every bus."""
        super().check_object_permissions(request, obj)
        if request.method not in SAFE_METHODS and not verified(request).may(Scope.ADMIN, obj.pk):
            refuse_limited(request, "buses")

    def create(self, request: Request, *args: object, **kwargs: object) -> Response:
        """Make a bus."""
        refuse_limited(request, "buses")  # first: not even its errors are to be read
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Bus]) -> None:
        """Make the bus; its administrators alone say which fields are sensitive."""
        administers = verified(self.request).may_everywhere(Scope.ADMIN)
        if serializer.validated_data.get("sensitive") and not administers:
            raise PermissionDenied(_SENSITIVE)
        self.save(serializer)

    def perform_update(self, serializer: BaseSerializer[Bus]) -> None:
        """Change the bus; its administrators alone say which fields are sensitive."""
        caller, bus = verified(self.request), cast(Bus, serializer.instance)
        administers = caller.may(Scope.ADMIN, bus.pk)
        if not administers and serializer.validated_data.get("sensitive", bus.sensitive) != bus.sensitive:
            raise PermissionDenied(_SENSITIVE)
        self.save(serializer)

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
