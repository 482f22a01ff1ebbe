"""Global endpoints in the admin."""

from django.contrib import admin

from eventhub.admin.configured import ConfiguredAdmin
from eventhub.admin.permitted import OfNoBus
from eventhub.models import GlobalEndpoint


@admin.register(GlobalEndpoint)
class GlobalEndpointAdmin(OfNoBus, ConfiguredAdmin):
    """Addresses that route to a bus here, and say of one in another Region."""

    list_display = ["name", "endpoint_id", "bus", "secondary_bus"]
    list_select_related = ["bus"]
    search_fields = ["name", "endpoint_id", "description"]
    fields = [
        "name",
        "description",
        "endpoint_id",
        "bus",
        "secondary_bus",
        "health_check",
        "replicates",
        "role",
    ]
    readonly_fields = ["endpoint_id"]
