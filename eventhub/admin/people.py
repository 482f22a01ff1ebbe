"""Users and groups in the admin: Django's own forms, with their changes in the audit trail."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from eventhub.models import Subject, recorded


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


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(RecordedAdmin, UserAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """People who sign in."""

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's name
        """Change a password; the trail says that, and not which one it is."""
        subjects = [Subject(User, int(id))] if id.isdigit() else []  # Django answers what is no number
        with transaction.atomic(), recorded(*subjects):
            return super().user_change_password(request, id, form_url)


@admin.register(Group)
class RecordedGroupAdmin(RecordedAdmin, GroupAdmin):
    """Sets of permissions."""
