"""Connections and API destinations as resources. A key that is limited to buses sees and changes none."""

from typing import TypeVar

from django.db import models
from django.db.models import QuerySet
from rest_framework.serializers import SlugRelatedField

from eventhub.access import seen
from eventhub.api.rest.configured import ConfiguredSerializer, ConfiguredViewSet
from eventhub.api.rest.permissions import verified
from eventhub.api.rest.secrets import SealedSerializer
from eventhub.models import ApiDestination, Connection

M = TypeVar("M", bound=models.Model)


class ConnectionSerializer(SealedSerializer[Connection]):
    """A connection as JSON."""

    class Meta:
        model = Connection
        fields = [
            "name",
            "description",
            "auth",
            "config",
            "secrets",
            "secrets_set",
            "authorized",
            "reason",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["reason"]


class ApiDestinationSerializer(ConfiguredSerializer[ApiDestination]):
    """An API destination as JSON; its connection is given by name."""

    connection = SlugRelatedField(
        slug_field="name",
        queryset=Connection.objects.all(),
        error_messages={
            "does_not_exist": "no connection is named {value!r}",
            "invalid": "wanted the name of a connection",
        },
    )

    class Meta:
        model = ApiDestination
        fields = [
            "name",
            "description",
            "connection",
            "endpoint",
            "method",
            "rate_per_second",
            "created_at",
            "updated_at",
        ]


class SharedViewSet(ConfiguredViewSet[M]):
    """Rows that belong to no bus."""

    lookup_field = "name"
    shared: "type[M]"

    def get_queryset(self) -> QuerySet[M]:
        """Return all rows, or none to a key that is limited to buses."""
        rows: QuerySet[M] = self.shared._default_manager.all()
        return seen.of_no_bus(rows, verified(self.request))


class ConnectionViewSet(SharedViewSet[Connection]):
    """``/api/connections``."""

    serializer_class = ConnectionSerializer
    shared = Connection
    lookups = SharedViewSet.lookups | {"auth": "auth", "authorized": "authorized"}
    beyond_buses = "connections"


class ApiDestinationViewSet(SharedViewSet[ApiDestination]):
    """``/api/api-destinations``."""

    serializer_class = ApiDestinationSerializer
    shared = ApiDestination
    lookups = SharedViewSet.lookups | {"connection": "connection__name"}
    beyond_buses = "API destinations"
