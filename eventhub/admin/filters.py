"""Filters of the lists of rules and targets: by what people look for, in their words, without counting."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from eventhub.flow.process import NotRunningError, parts
from eventhub.journal.port import CircuitState, TargetState
from eventhub.models import RuleTarget, Target
from eventhub.targets.kinds import KINDS


def states_now() -> Mapping[int, TargetState]:
    """Return how the targets fare; nothing in a process without a role."""
    try:
        return parts().journal.target_states()
    except NotRunningError:
        return {}


class Choice(admin.SimpleListFilter):
    """A filter of a few named choices; subclasses say which rows each is."""

    choices_shown: tuple[tuple[str, str], ...] = ()

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        return list(self.choices_shown)

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the choice."""
        value = self.value()
        known = {choice for choice, _words in self.lookup_choices}
        return self.chosen(queryset, value) if value in known else queryset

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Return the rows of one of the choices."""
        raise NotImplementedError


class SwitchedFilter(Choice):
    """Rules by whether they make deliveries."""

    title = "state"
    parameter_name = "state"
    choices_shown = (("enabled", "enabled"), ("shadow", "in shadow"), ("disabled", "disabled"))

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Return the rules that deliver, that only record what they match, or that do neither."""
        if value == "disabled":
            return rows.filter(enabled=False)
        return rows.filter(enabled=True, shadow=value == "shadow")


class ScheduledFilter(Choice):
    """Rules by whether they make events themselves."""

    title = "schedule"
    parameter_name = "schedule"
    choices_shown = (("yes", "has a schedule"), ("no", "has none"))

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Return the rules with a schedule, or without."""
        return rows.exclude(schedule_expression="") if value == "yes" else rows.filter(schedule_expression="")


class KindFilter(Choice):
    """Rules by the kind of a target."""

    title = "kind of target"
    parameter_name = "kind"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds of the targets that there are."""
        return [*_kinds_there(), ("none", "no target")]

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Return the rules with a target of the kind."""
        links = RuleTarget.objects.filter(rule=OuterRef("pk"))
        return rows.filter(~Exists(links) if value == "none" else Exists(links.filter(target__kind=value)))


class FlowingFilter(Choice):
    """Targets by whether their deliveries go on."""

    title = "state"
    parameter_name = "state"
    choices_shown = (
        ("delivering", "delivering"),
        ("open", "circuit open"),
        ("paused", "paused"),
        ("disabled", "disabled"),
    )

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Return the targets in the state."""
        if value == "disabled":
            return rows.filter(enabled=False)
        if value == "paused":
            return rows.filter(enabled=True, paused=True)
        states = states_now().items()
        held = [pk for pk, state in states if state.circuit is not CircuitState.CLOSED]
        flowing = rows.filter(enabled=True, paused=False)
        return flowing.filter(pk__in=held) if value == "open" else flowing.exclude(pk__in=held)


class TargetKindFilter(Choice):
    """Targets by kind."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds of the targets that there are."""
        return _kinds_there()

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Return the targets of the kind."""
        return rows.filter(kind=value)


class UsedFilter(Choice):
    """Targets by whether a rule delivers to them."""

    title = "rules"
    parameter_name = "used"
    choices_shown = (("yes", "a rule delivers to it"), ("no", "no rule does"))

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Return the targets that rules deliver to, or none does."""
        links = Exists(RuleTarget.objects.filter(target=OuterRef("pk")))
        return rows.filter(links if value == "yes" else ~links)


def _kinds_there() -> list[tuple[str, str]]:
    there = set(Target.objects.order_by().values_list("kind", flat=True).distinct())
    return [(kind.name, kind.title) for kind in KINDS.values() if kind.name in there]
