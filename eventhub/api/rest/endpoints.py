"""Global endpoints as a resource. A key that is limited to buses sees and changes none."""

from rest_framework import serializers
from rest_framework.serializers import SlugRelatedField

from eventhub.api.rest.configured import ConfiguredSerializer
from eventhub.api.rest.connections import SharedViewSet
from eventhub.models import Bus, GlobalEndpoint


class EndpointSerializer(ConfiguredSerializer[GlobalEndpoint]):
    """An endpoint as JSON; its primary bus is given by name, the secondary one by ARN."""

    bus = SlugRelatedField(
        slug_field="name",
        queryset=Bus.objects.all(),
        error_messages={
            "does_not_exist": "no bus is named {value!r}",
            "invalid": "wanted the name of a bus",
        },
    )
    endpoint_id = serializers.CharField(read_only=True)

    class Meta:
        model = GlobalEndpoint
        fields = [
            "name",
            "description",
            "endpoint_id",
            "bus",
            "secondary_bus",
            "health_check",
            "replicates",
            "role",
            "created_at",
            "updated_at",
        ]


class EndpointViewSet(SharedViewSet[GlobalEndpoint]):
    """``/api/global-endpoints``."""

    serializer_class = EndpointSerializer
    shared = GlobalEndpoint
    lookups = SharedViewSet.lookups | {"bus": "bus__name"}
    beyond_buses = "global endpoints"
