"""Targets in the admin: a form for each kind, how a target fares, and what can be done to it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.admin.configured import ConfiguredAdmin
from eventhub.admin.filters import FlowingFilter, TargetKindFilter, UsedFilter, states_now
from eventhub.admin.lately import Lately
from eventhub.admin.many_targets import ManyTargets
from eventhub.admin.permitted import OfNoBus, caller_in
from eventhub.admin.target_actions import TargetActions, state_of
from eventhub.admin.target_form import TargetForm, fieldsets_of, form_of
from eventhub.flow.configure import take_effect
from eventhub.flow.last_hour import Did
from eventhub.journal.port import CircuitState, TargetState
from eventhub.models import RuleTarget, Target
from eventhub.targets.kind import Kind
from eventhub.targets.kinds import KINDS


def _for_administrators(kind: Kind) -> bool:
    return bool(getattr(kind, "administrators_only", False))


@admin.register(Target)
class TargetAdmin(TargetActions, ManyTargets, Lately, OfNoBus, ConfiguredAdmin):
    """Receivers of what rules match."""

    form = TargetForm
    did, counted = Did.ATTEMPTED, "attempts"
    list_display = ["name", "kind", "address", "state", "lately", "rule_count"]
    list_filter = [FlowingFilter, TargetKindFilter, UsedFilter, "owned"]
    list_select_related = ["bus", "api_destination"]
    search_fields = ["name", "url", "note"]
    search_help_text = "A part of the name, the address or the note."
    actions = ["enable", "disable", "pause", "resume", "test", "duplicate", "export"]
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count each choice of each filter
    change_form_template = "admin/eventhub/target/change_form.html"

    def may_see(self, caller: Caller, row: Target | None = None) -> bool:
        """Tell whether the caller may see a target: with a role on every bus, or by a rule that uses it."""
        return caller.may(Scope.RULES_READ) and (row is None or self._seen(caller).filter(pk=row.pk).exists())

    def rows_seen(self, rows: QuerySet[Any], caller: Caller) -> QuerySet[Any]:
        """Return the targets that the caller may see."""
        return rows.filter(pk__in=self._seen(caller).values("pk"))

    def _seen(self, caller: Caller) -> QuerySet[Target]:
        """Return what the caller may see, without targets that would show a bus that they do not see."""
        bus_ids = caller.buses(Scope.RULES_READ)
        found = seen.targets(caller)
        return found if bus_ids is None else found.filter(Q(bus=None) | Q(bus_id__in=bus_ids))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Target]:
        """Count the rules beside."""
        targets: QuerySet[Target] = super().get_queryset(request)
        links = RuleTarget.objects.filter(target=OuterRef("pk")).order_by().values("target")
        # A question for each row that is shown, by an index.
        return targets.annotate(
            rule_count=Coalesce(Subquery(links.annotate(of=Count("pk")).values("of")), Value(0))
        )

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Bring how the page's targets fare."""
        listed = super().get_changelist_instance(request)
        states = states_now()
        for target in listed.result_list:
            target.circuit = states.get(target.pk, TargetState()).circuit
        return listed

    def get_urls(self) -> list[Any]:
        """Add the actions on one target."""
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/test/", view(self.test_view), name="eventhub_target_test"),
            path("<int:pk>/rotate-secret/", view(self.rotate_view), name="eventhub_target_rotate"),
            path("<int:pk>/<slug:how>-it/", view(self.switch_view), name="eventhub_target_switch"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for the kind first."""
        if _kind_asked(request) is None and self.has_add_permission(request):
            return self._choose(request)
        return super().add_view(request, form_url, extra_context)

    def _choose(self, request: HttpRequest) -> HttpResponse:
        allowed = [
            kind
            for kind in KINDS.values()
            if caller_in(request).may_everywhere(Scope.ADMIN) or not _for_administrators(kind)
        ]
        context = self.admin_site.each_context(request) | {
            "title": "Add target",
            "opts": self.opts,
            "kinds": [(kind, _address(request, kind), kind.missing()) for kind in allowed],
            "is_popup": "_popup" in request.GET,
        }
        return TemplateResponse(request, "admin/eventhub/target/choose_kind.html", context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show how the target fares beside its form."""
        target = self.get_object(request, object_id) if object_id else None
        extra = (
            {"state": state_of(target, caller_in(request)), "kind": _kind_of(request, target)}
            if target
            else {}
        )
        return super().changeform_view(request, object_id, form_url, extra | (extra_context or {}))

    def has_change_permission(self, request: HttpRequest, obj: Target | None = None) -> bool:
        """Leave kinds for administrators to them."""
        kind = KINDS.get(obj.kind) if obj else None
        if kind and _for_administrators(kind) and not caller_in(request).may_everywhere(Scope.ADMIN):
            return False
        return bool(super().has_change_permission(request, obj))

    def get_form(
        self, request: HttpRequest, obj: Target | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form of the target's kind."""
        kind = _kind_of(request, obj)
        administers = caller_in(request).may_everywhere(Scope.ADMIN)
        if _for_administrators(kind) and not administers and not change:
            raise PermissionDenied(f"{kind.title} targets are for administrators")
        return super().get_form(request, obj, change, **kwargs | {"form": form_of(kind, obj)})

    def get_fieldsets(self, request: HttpRequest, obj: Target | None = None) -> Any:
        """Return the layout for the kind."""
        return fieldsets_of(_kind_of(request, obj))

    @admin.display(description="state")
    def state(self, target: Any) -> SafeString:
        """Return in a glyph and words whether deliveries go on."""
        tone, said = "ok", "✓ delivering"
        if not target.enabled:
            reason = f": {target.disabled_reason}" if target.disabled_reason else ""
            tone, said = "bad" if reason else "muted", f"❚❚ disabled{reason}"
        elif target.paused:
            tone, said = "warn", "❚❚ paused"
        elif target.circuit is CircuitState.OPEN:
            tone, said = "bad", "▲ circuit open"
        elif target.circuit is CircuitState.HALF_OPEN:
            tone, said = "warn", "◐ circuit half-open"
        return format_html('<span data-tone="{}">{}</span>', tone, said)

    @admin.display(description="rules", ordering="rule_count")
    def rule_count(self, target: Any) -> int:
        """Return how many rules deliver to the target."""
        return int(target.rule_count)

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Target]) -> None:
        """Keep the deliveries of the chosen targets waiting."""
        self._pause(request, queryset, paused=True)

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Target]) -> None:
        """Let the deliveries of the chosen targets go on."""
        self._pause(request, queryset, paused=False)

    def _pause(self, request: HttpRequest, queryset: QuerySet[Target], *, paused: bool) -> None:
        with transaction.atomic():
            rows = self.changeable(request, queryset.filter(paused=not paused))
            chosen = list(rows.values_list("pk", "name"))
            Target.objects.filter(pk__in=[pk for pk, _name in chosen]).update(paused=paused)
            take_effect()
        names = ", ".join(name for _pk, name in chosen) or "nothing, all were so already"
        self.message_user(request, f"{'Paused' if paused else 'Resumed'}: {names}.", messages.SUCCESS)


def _kind_asked(request: HttpRequest) -> Kind | None:
    return KINDS.get(request.GET.get("kind") or request.POST.get("kind") or "")


def _kind_of(request: HttpRequest, target: Target | None) -> Kind:
    found = KINDS.get(target.kind) if target else _kind_asked(request)
    return found or KINDS["webhook"]


def _address(request: HttpRequest, kind: Kind) -> str:
    asked = request.GET.copy()
    asked["kind"] = kind.name
    return f"?{asked.urlencode()}"
