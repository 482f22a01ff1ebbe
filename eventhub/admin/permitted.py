"""Who may see, add, change and delete what in the admin: asked of roles, not of Django's own rights."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from eventhub.access import seen
from eventhub.access.caller import Caller, caller_of_user
from eventhub.access.scopes import Scope


def caller_in(request: HttpRequest) -> Caller:
    """Return who uses the admin."""
    caller = caller_of_user(request.user)
    if caller is None:
        raise PermissionDenied  # deactivated since
    return caller


class Permitted(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Rows on a bus: seen by who may see it, changed by who may change what lies there."""

    reads = Scope.RULES_READ
    writes = Scope.RULES_WRITE
    bus_column = "bus_id"  # which leads to the id of the bus

    def bus_of(self, row: Any) -> int | None:
        """Return the id of the bus that a row lies on."""
        bus_id: int | None = row.bus_id
        return bus_id

    def may_see(self, caller: Caller, row: Any = None) -> bool:
        """Tell whether the caller may see a row; without one, any at all."""
        return caller.may(self.reads, None if row is None else self.bus_of(row))

    def may_change(self, caller: Caller, row: Any = None) -> bool:
        """Tell whether the caller may change a row; without one, any at all."""
        return caller.may(self.writes, None if row is None else self.bus_of(row))

    def may_add(self, caller: Caller) -> bool:
        """Tell whether the caller may add rows."""
        return self.may_change(caller)

    def may_delete(self, caller: Caller, row: Any = None) -> bool:
        """Tell whether the caller may delete a row."""
        return self.may_change(caller, row)

    def rows_seen(self, rows: QuerySet[Any], caller: Caller) -> QuerySet[Any]:
        """Return the rows that the caller may see."""
        return seen.on_buses(rows, caller, self.reads, self.bus_column)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Head the list with what it lists."""
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        return super().changelist_view(request, title | (extra_context or {}))

    @admin.display(description="select")
    def action_checkbox(self, obj: Any) -> SafeString:
        """Return the box that chooses a row; Django renders a template for each, half of a list's time."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" aria-label="Select {}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            obj,
        )

    # -- what Django asks ---------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that the person may see."""
        return self.rows_seen(super().get_queryset(request), caller_in(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the index lists these rows."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may see."""
        return self.may_see(caller_in(request), obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may add."""
        return self.may_add(caller_in(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may change."""
        return self.may_change(caller_in(request), obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may delete."""
        return self.may_delete(caller_in(request), obj)

    def changeable(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of chosen rows that an action may change."""
        pks = [row.pk for row in rows if self.has_change_permission(request, row)]
        return rows.filter(pk__in=pks)


class OfNoBus(Permitted):
    """Rows that belong to no single bus: seen and changed with a role on every bus."""

    def may_see(self, caller: Caller, row: Any = None) -> bool:
        """Tell whether the caller may see everywhere."""
        return caller.may_everywhere(self.reads)

    def may_change(self, caller: Caller, row: Any = None) -> bool:
        """Tell whether the caller may change everywhere."""
        return caller.may_everywhere(self.writes)

    def rows_seen(self, rows: QuerySet[Any], caller: Caller) -> QuerySet[Any]:
        """Return all rows, or none."""
        return rows if self.may_see(caller) else rows.none()


class OfParent:
    """An inline: whoever may do something to the row on the page may do it to what belongs to it."""

    def has_view_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Leave it to the page."""
        return True

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission
