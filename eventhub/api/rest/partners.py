"""Partner event sources as a resource. A key that is limited to buses sees and changes none."""

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.api.rest.configured import ConfiguredSerializer, MomentText
from eventhub.api.rest.connections import SharedViewSet
from eventhub.api.rest.errors import Conflict
from eventhub.api.rest.fields import Body
from eventhub.flow.configure import take_effect
from eventhub.models import PartnerSource, SourceStateError


class PartnerSourceSerializer(ConfiguredSerializer[PartnerSource]):
    """A source as JSON; its bus, once there is one, has its name."""

    state = serializers.CharField(read_only=True)
    expires_at = MomentText()

    class Meta:
        model = PartnerSource
        fields = ["name", "account", "state", "expires_at", "created_at", "updated_at"]


class PartnerSourceViewSet(SharedViewSet[PartnerSource]):
    """``/api/partner-sources``."""

    serializer_class = PartnerSourceSerializer
    shared = PartnerSource
    lookups = SharedViewSet.lookups | {"account": "account"}
    beyond_buses = "partner event sources"

    def get_queryset(self) -> QuerySet[PartnerSource]:
        """Leave out those that expired."""
        return super().get_queryset() & PartnerSource.there()

    def switch(self, request: Request, name: str, *, active: bool) -> Response:
        """Activate or deactivate a source that is offered to this installation's account."""
        Body(request, {}).done()
        with transaction.atomic():
            source = self.current()
            try:
                if active:
                    source.activate()
                else:
                    source.deactivate()
            except SourceStateError as error:
                raise Conflict(str(error)) from error
            take_effect()
        return self.tagged(self.get_serializer(source).data)
