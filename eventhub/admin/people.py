"""People in the admin: users, groups, and the roles of both, with their changes in the audit trail.

Django's own rights (staff, permissions) do nothing here and are not shown: what somebody may do is a role.
"""

from typing import Any

import django.contrib.auth.admin as auth_admin
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.admin.happened import BusFilter
from eventhub.admin.permitted import OfNoBus, OfParent, Permitted, caller_in
from eventhub.models import Grant, Subject, recorded

admin.site.unregister([User, Group])


class RecordedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Records the changes of rows that do not do it by themselves. One request changes one row."""

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save the row."""
        with transaction.atomic(), recorded(Subject.of(obj)):
            super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save what belongs to the row."""
        with transaction.atomic(), recorded(Subject.of(form.instance)):
            super().save_related(request, form, formsets, change)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete one row."""
        with transaction.atomic(), recorded(Subject.of(obj)):
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the chosen rows."""
        with transaction.atomic(), recorded(*(Subject.of(row) for row in queryset)):
            super().delete_queryset(request, queryset)


class GrantInline(OfParent, admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    """The roles of the user or group on the page."""

    model = Grant
    fields = ["role", "bus", "sees_sensitive"]
    extra = 0
    verbose_name_plural = "roles: what they may do, on one bus or on every bus"


class Administered(OfNoBus):
    """Rows for administrators of every bus."""

    reads = writes = Scope.ADMIN


@admin.register(User)
class PersonAdmin(RecordedAdmin, Administered, auth_admin.UserAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """People who sign in."""

    inlines = [GrantInline]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("What they may do", {"fields": ["is_active", "is_superuser", "groups"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    list_display = ["username", "roles", "is_active", "first_name", "last_name", "last_login"]
    list_filter = ["is_superuser", "is_active", "groups"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Bring the roles beside."""
        return super().get_queryset(request).prefetch_related("grants__bus", "groups__grants__bus")

    def get_form(self, request, obj=None, change=False, **kwargs):  # type: ignore[no-untyped-def]  # Django's own
        """Say what Django's words mean here."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if "is_superuser" in form.base_fields:
            form.base_fields["is_superuser"].label = "Administrator of everything"
            form.base_fields["is_superuser"].help_text = "May do everything on every bus, without a role."
        if "groups" in form.base_fields:
            form.base_fields["groups"].help_text = "They have the roles of these groups too."
        return form

    def formfield_for_manytomany(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]  # Django's own
        """Offer the groups as boxes to tick: there are few, and Django's two lists have no labels."""
        if db_field.name == "groups":
            kwargs["widget"] = forms.CheckboxSelectMultiple()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's name
        """Change a password; the trail says that, and not which one it is."""
        subjects = [Subject(User, int(id))] if id.isdigit() else []  # Django answers what is no number
        with transaction.atomic(), recorded(*subjects):
            return super().user_change_password(request, id, form_url)

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        """Return the roles, also those of groups."""
        if user.is_superuser:
            return "administrator of everything"
        held = [
            *user.grants.all(),
            *(grant for group in user.groups.all() for grant in group.grants.all()),
        ]
        return ", ".join(f"{one.role} of {one.bus or 'every bus'}" for one in held) or "none"


@admin.register(Group)
class GroupAdmin(RecordedAdmin, Administered, auth_admin.GroupAdmin):
    """People who have the same roles."""

    inlines = [GrantInline]
    fields = ["name"]


@admin.register(Grant)
class GrantAdmin(RecordedAdmin, Permitted):
    """Roles; an administrator of some buses gives roles on these."""

    reads = writes = Scope.ADMIN
    list_display = ["whose", "role", "where", "sees_sensitive"]
    list_filter = ["role", BusFilter]
    list_select_related = ["user", "group", "bus"]
    search_fields = ["user__username", "group__name"]

    def may_see(self, caller: Caller, row: Grant | None = None) -> bool:
        """Tell whether the caller administers the bus of a role, or every bus."""
        if row is not None and row.bus_id is None:
            return caller.may_everywhere(Scope.ADMIN)
        return super().may_see(caller, row)

    def may_change(self, caller: Caller, row: Grant | None = None) -> bool:
        """Tell whether the caller administers the bus of a role, or every bus."""
        return self.may_see(caller, row)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]  # Django's own
        """Offer the buses that the person administers; a role on every bus is given by who has it."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "bus" and field is not None:
            caller = caller_in(request)
            field.queryset = seen.buses(caller, Scope.ADMIN)
            if not caller.may_everywhere(Scope.ADMIN):
                field.required, field.empty_label = True, "choose a bus"
                field.help_text = ""
        return field

    @admin.display(description="whose", ordering="user__username")
    def whose(self, grant: Grant) -> str:
        """Return the user or the group."""
        return str(grant.user) if grant.user else f"group {grant.group}"

    @admin.display(description="where", ordering="bus__name")
    def where(self, grant: Grant) -> str:
        """Return the bus."""
        return str(grant.bus or "every bus")
