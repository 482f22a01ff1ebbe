"""What the admins of buses, rules, targets and keys have in common."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import RegexValidator
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from eventhub.access.scopes import Scope
from eventhub.admin.permitted import Permitted, caller_in
from eventhub.flow.configure import take_effect
from eventhub.flow.consequences import consequences_of
from eventhub.models.state import kind_of, state_of


class NamedForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Says beforehand which characters a name may have, and afterwards which one was in the way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = self._rule_of_names()
        if rule is not None and "name" in self.fields:
            self.fields["name"].help_text = (
                f"{str(rule.message).removeprefix('wanted ')}; no spaces".capitalize() + "."
            )

    def clean_name(self) -> str:
        """Check the name here, because the model's own check does not say what it found."""
        name: str = self.cleaned_data["name"]
        rule = self._rule_of_names()
        if rule is not None:
            try:
                rule(name)
            except ValidationError as error:
                raise ValidationError(f"{rule.message}, found {_unfit(name)}", code="invalid") from error
        return name

    def _rule_of_names(self) -> RegexValidator | None:
        validators = self._meta.model._meta.get_field("name").validators
        return next((one for one in validators if isinstance(one, RegexValidator)), None)


class ConfiguredAdmin(Permitted):
    """Puts changes in force when they are committed."""

    form: "type[forms.ModelForm[Any]]" = NamedForm
    list_per_page = 50

    class Media:
        css = {"all": ["css/admin-forms.css"]}

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save what belongs to the row; by then the row itself is saved."""
        super().save_related(request, form, formsets, change)
        take_effect()

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask with the consequences in figures."""
        row = self.get_object(request, object_id) if request.method != "POST" else None
        told = {
            "consequences": consequences_of(row) if row is not None else None,
            "back": reverse(f"admin:eventhub_{self.opts.model_name}_changelist"),
        }
        response: HttpResponse = super().delete_view(request, object_id, (extra_context or {}) | told)
        return response

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete one row."""
        super().delete_model(request, obj)
        take_effect()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the chosen rows."""
        with transaction.atomic():
            super().delete_queryset(request, queryset)
            take_effect()

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead administrators to the audit trail, which tells of every door, not only of this one."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        caller, bus_id = caller_in(request), state_of(row).bus_id
        if not (caller.may_everywhere(Scope.ADMIN) if bus_id is None else caller.may(Scope.ADMIN, bus_id)):
            raise PermissionDenied
        asked = urlencode({"kind": kind_of(self.model), "object_id": object_id})
        return HttpResponseRedirect(f"{reverse('admin:eventhub_auditentry_changelist')}?{asked}")

    def changed(self, row: Any, request: HttpRequest) -> None:
        """Do what a change of one row by an action asks for."""

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Enable the chosen rows."""
        self._switch(request, queryset, enabled=True)

    @admin.action(description="Disable", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Disable the chosen rows."""
        self._switch(request, queryset, enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[Any], *, enabled: bool) -> None:
        with transaction.atomic():
            rows = list(self.changeable(request, queryset.filter(enabled=not enabled)))
            for row in rows:
                row.enabled = enabled
                row.save(update_fields=["enabled", "updated_at"])
                self.changed(row, request)
            take_effect()
        names = ", ".join(str(row) for row in rows) or "nothing, all were so already"
        self.message_user(request, f"{'Enabled' if enabled else 'Disabled'}: {names}.", messages.SUCCESS)


def who(request: HttpRequest) -> str:
    """Return how changes record the person who makes them."""
    return caller_in(request).who


def _unfit(name: str) -> str:
    """Return what is in the way in a name, for people."""
    unfit = next((char for char in name if not (char.isascii() and (char.isalnum() or char in ".-_"))), "")
    if not unfit:
        return f"{len(name)} characters"
    return f'{"a space" if unfit == " " else ascii(unfit)} in "{name}"'


def fix(form: "forms.ModelForm[Any]", name: str) -> None:
    """Show a field that cannot change; it stays in the form, so that constraints with it are checked."""
    field = form.fields.get(name)
    if field is None:  # who may only look has no fields
        return
    field.disabled = True
    for link in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
        if hasattr(field.widget, link):
            setattr(field.widget, link, False)
