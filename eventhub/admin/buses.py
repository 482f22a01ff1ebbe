"""Buses in the admin."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.admin.configured import ConfiguredAdmin, NamedForm, fix
from eventhub.admin.copying import Exported
from eventhub.admin.lately import Lately
from eventhub.admin.lines import LinesField
from eventhub.admin.permitted import caller_in
from eventhub.flow.configure import has_pending, switch_bus
from eventhub.flow.last_hour import Did
from eventhub.flow.unrouted import unrouted
from eventhub.models import DEFAULT_BUS, Bus


class BusForm(NamedForm):
    """A bus; its name is fixed once it is made."""

    sensitive = LinesField(
        label="Sensitive fields",
        required=False,
        help_text="Fields of detail, one a line, such as detail.customer.email. They are masked for whoever "
        "may not see them: on pages, over REST, in streams, in searches. Targets receive them as they are.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            fix(self, "name")


@admin.register(Bus)
class BusAdmin(Exported, Lately, ConfiguredAdmin):
    """Named streams of events."""

    form = BusForm
    fields = ["name", "description", "paused", "sensitive"]
    did, counted = Did.ACCEPTED, "events"
    list_display = ["name", "description", "lately", "rule_count", "routing"]
    list_filter = ["paused"]
    actions = ["pause", "resume", "export"]
    bus_column = "pk"
    search_fields = ["name", "description"]

    def view_on_site(self, bus: Bus) -> str:
        """Return the address of the page that shows what happens on the bus."""
        return reverse("bus", args=[bus.name])

    def bus_of(self, row: Bus) -> int:
        """Return the bus itself."""
        return row.pk

    def may_add(self, caller: Caller) -> bool:
        """Tell whether the caller may make buses."""
        return caller.may_everywhere(Scope.RULES_WRITE)

    def may_delete(self, caller: Caller, row: Bus | None = None) -> bool:
        """Tell whether the caller may delete buses."""
        return caller.may_everywhere(Scope.RULES_WRITE)

    def may_change(self, caller: Caller, row: Bus | None = None) -> bool:
        """Tell whether the caller administers the bus, or may change every bus."""
        administers = caller.may(Scope.ADMIN, None if row is None else row.pk)
        return administers or caller.may_everywhere(Scope.RULES_WRITE)

    def get_readonly_fields(self, request: HttpRequest, obj: Bus | None = None) -> Any:
        """Leave it to administrators which fields are sensitive."""
        caller = caller_in(request)
        administers = caller.may_everywhere(Scope.ADMIN) if obj is None else caller.may(Scope.ADMIN, obj.pk)
        return [] if administers else ["sensitive"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Bus]:
        """Count the rules beside."""
        buses: QuerySet[Bus] = super().get_queryset(request)
        return buses.annotate(rule_count=Count("rules"))

    @admin.display(description="rules", ordering="rule_count")
    def rule_count(self, bus: Any) -> int:
        """Return how many rules watch the bus."""
        return int(bus.rule_count)

    @admin.display(description="routing", ordering="paused")
    def routing(self, bus: Bus) -> SafeString:
        """Return whether events are routed, and how many wait if not."""
        if not bus.paused:
            return format_html('<span data-tone="ok">{}</span>', "✓ goes on")
        waiting = unrouted([bus.pk])[bus.pk]
        more = " or more" if waiting.more else ""
        said = f"❚❚ paused, {waiting.events:,}{more} event{'s' * (waiting.events != 1)} waiting"
        return format_html('<span data-tone="warn">{}</span>', said)

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Bus]) -> None:
        """Let the events of the chosen buses wait."""
        self._let_wait(request, queryset, paused=True)

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Bus]) -> None:
        """Route the events of the chosen buses again, in their order."""
        self._let_wait(request, queryset, paused=False)

    def _let_wait(self, request: HttpRequest, queryset: QuerySet[Bus], *, paused: bool) -> None:
        buses = list(self.changeable(request, queryset.filter(paused=not paused)))
        for bus in buses:
            switch_bus(bus, paused=paused)
            self.log_change(request, bus, "Paused." if paused else "Resumed.")
        names = ", ".join(bus.name for bus in buses) or "nothing, all were so already"
        self.message_user(request, f"{'Paused' if paused else 'Resumed'}: {names}.", messages.SUCCESS)

    def has_delete_permission(self, request: HttpRequest, obj: Bus | None = None) -> bool:
        """Refuse to delete the default bus: it always exists."""
        return (obj is None or obj.name != DEFAULT_BUS) and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Iterable[Bus], request: HttpRequest) -> Any:
        """Say before a deletion what stands against it, and which work it ends."""
        shown, counts, perms_needed, protected = super().get_deleted_objects(list(objs), request)
        for bus in objs:
            if bus.name == DEFAULT_BUS:
                protected.append("The default bus always exists.")
                if self.has_delete_permission(request):  # it is not that this person may not
                    perms_needed.discard(self.opts.verbose_name)
            elif has_pending(bus):
                shown.append(f"Deliveries of {bus} that still wait: they become dead letters")
        return shown, counts, perms_needed, protected
