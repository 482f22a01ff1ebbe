"""What can be done to chosen rules of the list: copied, put on another bus, exported."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from eventhub.access import seen
from eventhub.admin.configured import who
from eventhub.admin.copying import Copied, Exported
from eventhub.admin.permitted import caller_in
from eventhub.flow.copies import MoveRefusedError, duplicate_rule, move_rule, why_not_move
from eventhub.journal.queued import pending_of_rules
from eventhub.models import Bus, Rule, Target


@dataclass(frozen=True, slots=True)
class Moving:
    """A rule that is to be moved: what waits for it, and why it cannot go, if so."""

    rule: Rule
    pending: int
    refusal: str


class RuleActions(Copied, Exported):
    """Actions for ``RuleAdmin``; each changes only rules on buses where the person may."""

    @admin.action(description="Duplicate", permissions=["change"])
    def duplicate(self: Any, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        """Make a disabled copy of each chosen rule beside it."""
        by = who(request)
        copies = self.copied(
            request, queryset.select_related("bus"), lambda rule: duplicate_rule(rule, by=by)
        )
        if copies:
            names = ", ".join(copy.name for copy in copies)
            said = f"Copied, disabled until somebody enables them: {names}."
            self.message_user(request, said, messages.SUCCESS)

    @admin.action(description="Move to another bus…", permissions=["change"])
    def move(self: Any, request: HttpRequest, queryset: QuerySet[Rule]) -> HttpResponse | None:
        """Ask for the bus, show what moving would do, and do it."""
        rules = list(self.changeable(request, queryset.select_related("bus")))
        form = _form(request, self.writes)
        bus = form.cleaned_data["to_bus"] if form.is_bound and form.is_valid() else None
        if bus is not None and "confirmed" in request.POST:
            self._move(request, rules, bus)
            return None
        pending = pending_of_rules([rule.pk for rule in rules])
        moving = [
            Moving(rule, pending.get(rule.pk, 0), why_not_move(rule, bus) if bus else "") for rule in rules
        ]
        context = self.admin_site.each_context(request) | {
            "title": "Move rules to another bus",
            "opts": self.opts,
            "form": form,
            "bus": bus,
            "moving": moving,
            "goes": sum(not one.refusal for one in moving) if bus else 0,
            "pending": sum(one.pending for one in moving if not one.refusal),
            "chosen": ACTION_CHECKBOX_NAME,
            "back": reverse("admin:eventhub_rule_changelist"),
        }
        return TemplateResponse(request, "admin/eventhub/rule/move.html", context)

    def _move(self: Any, request: HttpRequest, rules: list[Rule], bus: Bus) -> None:
        moved = []
        for rule in rules:
            try:
                moved.append(move_rule(rule, bus, by=who(request)))
            except MoveRefusedError as error:
                self.message_user(request, f"{rule.name} stays on {rule.bus}: {error}.", messages.ERROR)
        if moved:
            names = ", ".join(rule.name for rule in moved)
            said = format_html("Moved to bus {}: {}.", bus.name, names)
            self.message_user(request, said, messages.SUCCESS)

    def needed(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """Return the buses and the targets of the rules; a target's own needs are exported with targets."""
        caller = caller_in(request)
        buses = seen.buses(caller).filter(rules__in=rows).distinct()
        targets = seen.targets(caller).filter(links__rule__in=rows).distinct()
        return [*buses, *Target.objects.filter(pk__in=targets.values("pk"))]


class MoveForm(forms.Form):
    """Where to."""

    to_bus = forms.ModelChoiceField(Bus.objects.none(), label="To bus", empty_label="choose a bus")


def _form(request: HttpRequest, scope: Any) -> MoveForm:
    form = MoveForm(request.POST if request.POST.get("to_bus") else None)
    field: Any = form.fields["to_bus"]
    field.queryset = seen.buses(caller_in(request), scope)
    return form
