"""The audit trail in the admin: what was changed, by whom and how, to read."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from eventhub.access.scopes import Scope
from eventhub.admin.happened import BusFilter, HappenedAdmin, by_enum
from eventhub.admin.permitted import caller_in
from eventhub.domain.difference import Difference, How, differences, written
from eventhub.flow.rollback import RESTORED, RollbackRefusedError, plan, roll_back
from eventhub.models import AuditEntry, Door
from eventhub.models.state import kind_of

_SHOWN = 3  # differences in a row of the list
_CUT = 60


class KindFilter(admin.SimpleListFilter):
    """By what changed."""

    title = "what"
    parameter_name = "kind"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds that there are changes of, which are few: each is one step in the index."""
        kinds, last = [], AuditEntry.objects.order_by("kind").values_list("kind", flat=True)
        found = last.first()
        while found is not None:
            kinds.append((found, found.replace("-", " ")))
            found = last.filter(kind__gt=found).first()
        return kinds

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the entries of the chosen kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditAdmin(HappenedAdmin):
    """Every change of what is configured, on the buses that the person administers."""

    reads = Scope.ADMIN
    list_display = ["when", "what", "action", "by", "differing"]
    list_display_links = ["when"]
    list_filter = [KindFilter, by_enum("door", Door, "door"), BusFilter, "at"]
    search_fields = ["name"]
    search_help_text = "A name, or who: user:ann, key:EH…, command:import_rules"
    change_form_template = "admin/eventhub/auditentry/entry.html"

    class Media:
        css = {"all": ["css/admin-forms.css", "css/difference.css"]}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Head the list with its name."""
        return super().changelist_view(request, {"title": "Audit trail"} | (extra_context or {}))

    sortable_by = None  # nothing of it is masked

    def get_ordering(self, _request: HttpRequest) -> Any:
        """Return the newest first."""
        return ["-id"]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Let links ask for the entries of one thing, one person or one transaction."""
        return lookup in {"object_id", "change", "who"} or super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find entries by the beginning of the name, also of a rule's without its bus, or by who."""
        text = search_term.strip()
        if not text:
            return queryset, False
        found = Q(name__istartswith=text) | Q(name__icontains=f"/{text}") | Q(who__istartswith=text)
        return queryset.filter(found), False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show an entry with its differences."""
        entry = self.get_object(request, object_id)
        if entry is None or not self.has_view_permission(request, entry):
            raise Http404
        beside = AuditEntry.objects.filter(change=entry.change).exclude(pk=entry.pk).order_by("id")[:50]
        context = self.admin_site.each_context(request) | {
            "title": f"{kind_name(entry.kind).capitalize()} {entry.name} {entry.action}",
            "opts": self.opts,
            "media": self.media,
            "entry": entry,
            "kind": kind_name(entry.kind),
            "door": Door(entry.door).label,
            "at": moment(entry.at),
            "differences": differences(entry.before, entry.after),
            "thing": address_of(entry),
            "beside": beside,
            "may_roll_back": may_roll_back(self.admin_site, request, entry),
            "taken_back_by": AuditEntry.objects.filter(rolls_back=entry.pk).order_by("id").first(),
        }
        return TemplateResponse(request, self.change_form_template, context)

    def get_urls(self) -> list[Any]:
        """Add the page that takes a change back."""
        view = self.admin_site.admin_view(self.rollback_view)
        return [path("<int:pk>/rollback/", view, name="eventhub_auditentry_rollback"), *super().get_urls()]

    def rollback_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what taking a change back would do; POST does it."""
        entry = self.get_object(request, str(pk))
        if entry is None:
            raise Http404
        if not may_roll_back(self.admin_site, request, entry):
            raise PermissionDenied
        here = reverse("admin:eventhub_auditentry_change", args=[pk])
        try:
            if request.method == "POST":
                done = roll_back(entry, caller_in(request), reason=request.POST.get("reason", "").strip())
                self.message_user(request, f"Rolled back: {entry.kind} {done.name}.", messages.SUCCESS)
                for note in done.notes:
                    self.message_user(request, f"{note[0].upper()}{note[1:]}.", messages.WARNING)
                return HttpResponseRedirect(here)
            planned, refused = plan(entry, caller_in(request)), ""
        except RollbackRefusedError as error:
            if request.method == "POST":
                self.message_user(request, f"Not rolled back: {error}.", messages.ERROR)
                return HttpResponseRedirect(here)
            planned, refused = None, str(error)
        context = self.admin_site.each_context(request) | {
            "title": f"Roll back change {pk}",
            "opts": self.opts,
            "entry": entry,
            "kind": kind_name(entry.kind),
            "at": moment(entry.at),
            "refused": refused,
            "plan": planned,
            "differences": differences(planned.before, planned.after) if planned else [],
            "back": here,
        }
        return TemplateResponse(request, "admin/eventhub/auditentry/rollback.html", context)

    @admin.display(description="when (UTC)", ordering="id")
    def when(self, entry: AuditEntry) -> str:
        """Return the moment."""
        return moment(entry.at)

    @admin.display(description="what", ordering="name")
    def what(self, entry: AuditEntry) -> SafeString:
        """Return the thing, with a link to it if it is there."""
        address = address_of(entry)
        name = format_html('<a href="{}">{}</a>', address, entry.name) if address else entry.name
        return format_html("{} {}", kind_name(entry.kind), name)

    @admin.display(description="by", ordering="who")
    def by(self, entry: AuditEntry) -> SafeString:
        """Return who did it and the door in words."""
        return format_html("{}<span>{}</span>", entry.who, Door(entry.door).label)

    @admin.display(description="differences")
    def differing(self, entry: AuditEntry) -> SafeString:
        """Return the first differences in short."""
        if entry.before is None or entry.after is None:
            return format_html("{}", entry.reason or "")
        found = differences(entry.before, entry.after)
        lines = [(one.path, _short(one)) for one in found[:_SHOWN]]
        if len(found) > _SHOWN:
            lines.append((f"and {len(found) - _SHOWN} more", ""))
        return format_html_join("", "<div><code>{}</code> {}</div>", lines)


def may_roll_back(site: admin.AdminSite, request: HttpRequest, entry: AuditEntry) -> bool:
    """Tell whether somebody may make the change that takes an entry's change back."""
    model = RESTORED.get(entry.kind)
    if model is None:
        return False
    rows = site.get_model_admin(model)
    if entry.before is None:
        return bool(rows.has_delete_permission(request))
    if entry.after is None:
        return bool(rows.has_add_permission(request))
    row = model._base_manager.filter(pk=entry.object_id).first()
    return bool(rows.has_change_permission(request, row))


def kind_name(kind: str) -> str:
    """Return a kind for people.

    >>> kind_name("api-key")
    'api key'
    """
    return kind.replace("-", " ")


def moment(at: datetime) -> str:
    """Return a moment as lists of the admin show it."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


def address_of(entry: AuditEntry) -> str:
    """Return the admin's address of the thing that an entry is of; nothing if there is none any more."""
    model = next((one for one in apps.get_models() if kind_of(one) == entry.kind), None)
    if model is None or model._meta.app_label == "journal":
        return ""
    if not model._base_manager.filter(pk=entry.object_id).exists():
        return ""
    try:
        return reverse(
            f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[entry.object_id]
        )
    except NoReverseMatch:
        return ""


def _short(one: Difference) -> str:
    match one.how:
        case How.ADDED:
            text = f"+ {written(one.after)}"
        case How.REMOVED:
            text = f"− {written(one.before)}"
        case How.CHANGED:
            text = f"{written(one.before)} → {written(one.after)}"
        case How.ORDER:
            text = "in another order"
        case How.LAYOUT:
            text = "laid out anew"
    return text if len(text) <= _CUT else f"{text[:_CUT]}…"
