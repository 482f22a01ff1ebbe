"""Partner event sources in the admin."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from eventhub.admin.configured import ConfiguredAdmin
from eventhub.admin.permitted import OfNoBus
from eventhub.flow.configure import take_effect
from eventhub.models import PartnerSource, SourceStateError


@admin.register(PartnerSource)
class PartnerSourceAdmin(OfNoBus, ConfiguredAdmin):
    """What partners offer; the bus of a source's name takes its events."""

    form = forms.ModelForm
    fields = ["name", "account"]
    list_display = ["name", "account", "state", "expires_at"]
    list_filter = ["account"]
    search_fields = ["name"]
    actions = ["activate", "deactivate"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PartnerSource]:
        """Leave out those that expired."""
        sources: QuerySet[PartnerSource] = super().get_queryset(request)
        return sources & PartnerSource.there()

    def get_readonly_fields(self, request: HttpRequest, obj: PartnerSource | None = None) -> Any:
        """Show what cannot change of a source that there is."""
        return [] if obj is None else ["name", "account", "state", "expires_at"]

    def get_fields(self, request: HttpRequest, obj: PartnerSource | None = None) -> Any:
        """Add what becomes of a source to one that there is."""
        return self.fields if obj is None else self.get_readonly_fields(request, obj)

    @admin.display(description="state")
    def state(self, source: PartnerSource) -> str:
        """Return the state for people."""
        return source.state.label

    @admin.display(description="deleted if still pending at")
    def expires_at(self, source: PartnerSource) -> Any:
        """Return when a pending source will be deleted; an active one will not."""
        return source.expires_at or "-"

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[PartnerSource]) -> None:
        """Let the events of the chosen sources on to their buses again."""
        self._each(request, queryset, PartnerSource.activate)

    @admin.action(description="Deactivate", permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[PartnerSource]) -> None:
        """Refuse the events of the chosen sources."""
        self._each(request, queryset, PartnerSource.deactivate)

    def _each(
        self, request: HttpRequest, sources: QuerySet[PartnerSource], change: Callable[[PartnerSource], None]
    ) -> None:
        with transaction.atomic():
            for source in sources:
                try:
                    change(source)
                except SourceStateError as error:
                    self.message_user(request, str(error), messages.ERROR)
                else:
                    self.message_user(
                        request, f"Event source {source} is {source.state.label}.", messages.SUCCESS
                    )
            take_effect()
