"""Rules in the admin."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from eventhub.access import seen
from eventhub.admin.configured import ConfiguredAdmin, NamedForm, fix, who
from eventhub.admin.filters import KindFilter, ScheduledFilter, SwitchedFilter
from eventhub.admin.happened import BusFilter
from eventhub.admin.lately import Lately
from eventhub.admin.permitted import OfParent, caller_in
from eventhub.admin.rule_actions import RuleActions
from eventhub.admin.rule_warnings import WarnedFormSet
from eventhub.domain.difference import differences
from eventhub.domain.pattern import rule_in_english
from eventhub.flow.last_hour import Did
from eventhub.flow.schedule import next_runs
from eventhub.flow.versions import VersionRefusedError, roll_back_to
from eventhub.models import Rule, RuleTarget, RuleVersion

VERSIONS_SHOWN = 20
EXAMPLE = """{
  "source": ["shop"],
  "detail-type": ["order placed"],
  "detail": {"amount": [{"numeric": [">", 100]}]}
}"""


class RuleForm(NamedForm):
    """A rule; its bus is fixed once it is made."""

    class Meta:
        model = Rule
        fields = ["bus", "name", "description", "pattern", "schedule_expression", "enabled", "shadow"]
        widgets = {
            "pattern": forms.Textarea(
                attrs={
                    "rows": 10,
                    "class": "vLargeTextField pattern-text",
                    "placeholder": EXAMPLE,
                    "spellcheck": "false",
                    "autocapitalize": "off",
                }
            )
        }
        help_texts = {
            "pattern": "Which events the rule picks, as JSON. Each member lists the values that match: "
            '{"source": ["shop"], "detail": {"amount": [{"numeric": [">", 100]}]}}'
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            fix(self, "bus")

    def add_error(self, field: Any, error: Any) -> None:
        """Note an error, but not the model's about a value that was refused: it has not seen it."""
        if field is None and isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            news = {name: said for name, said in error.error_dict.items() if name not in self.errors}
            if not news:
                return
            error = ValidationError(news)
        super().add_error(field, error)


class TransformField(forms.JSONField):
    """What a target gets instead of the event; nothing where it gets the event itself."""

    def prepare_value(self, value: Any) -> Any:
        """Show nothing for none."""
        return "" if value is None else super().prepare_value(value)


class LinkForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """One of a rule's targets, and what it gets instead of the event."""

    transform = TransformField(
        required=False,
        widget=forms.Textarea(
            attrs={
                "rows": 2,
                "cols": 48,
                "spellcheck": "false",
                "class": "pattern-text",
                "placeholder": 'the event itself; or as in {"InputPath": "$.detail"}',
            }
        ),
        help_text="What the target gets instead of the event: see Docs, Transforms.",
    )

    class Meta:
        model = RuleTarget
        fields = ["target", "transform"]


class TargetFormSet(WarnedFormSet):
    """The rows of targets; a row of a table has no label of its own, so its fields carry their names."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Name the fields of a row."""
        super().add_fields(form, index)
        for name, words in (
            ("target", "Target"),
            ("transform", "Transform"),
            (forms.formsets.DELETION_FIELD_NAME, "Take it out"),
        ):
            if name in form.fields:
                widget = form.fields[name].widget
                getattr(widget, "widget", widget).attrs["aria-label"] = (
                    words  # the admin wraps a choice of rows
                )


class TargetInline(OfParent, admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable at run time
    """Where the rule delivers; + makes a new target without leaving the page."""

    model = RuleTarget
    form = LinkForm
    formset = TargetFormSet
    verbose_name_plural = "targets: where matching events are delivered"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the targets that the person may see."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "target" and field is not None:
            field.queryset = seen.targets(caller_in(request))
        return field

    def get_extra(self, request: HttpRequest, obj: Rule | None = None, **kwargs: Any) -> int:
        """Offer a row to a new rule; a made one has its own, and a link for more."""
        return 0 if obj else 1


@admin.register(Rule)
class RuleAdmin(RuleActions, Lately, ConfiguredAdmin):
    """Patterns on a bus, and the targets of what they match."""

    form = RuleForm
    inlines = [TargetInline]
    did, counted = Did.MATCHED, "matches"
    list_display = ["name", "bus", "picks", "stands", "lately", "target_names", "current_version"]
    list_filter = [SwitchedFilter, BusFilter, KindFilter, ScheduledFilter]
    list_select_related = ["bus"]
    search_fields = ["name", "description", "pattern"]
    search_help_text = "A part of the name, the description, the pattern, or the name of a target."
    actions = ["enable", "disable", "duplicate", "move", "export"]
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count each choice of each filter

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        """Bring what the list shows of each rule."""
        rules: QuerySet[Rule] = super().get_queryset(request)
        # A question for each row that is shown, by an index; grouping all versions takes a second.
        newest = RuleVersion.objects.filter(rule=OuterRef("pk")).order_by("-number").values("number")[:1]
        return rules.annotate(newest=Subquery(newest)).prefetch_related("targets")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Rule], search_term: str
    ) -> tuple[QuerySet[Rule], bool]:
        """Find rules by the names of their targets, too."""
        found, many = super().get_search_results(request, queryset, search_term)
        if text := search_term.strip():
            links = RuleTarget.objects.filter(target__name__icontains=text).values("rule_id")
            found = found | queryset.filter(pk__in=links)
        return found, many

    def view_on_site(self, rule: Rule) -> str:
        """Return the address of the page that shows what the rule does."""
        return reverse("rule", args=[rule.pk])

    def get_fieldsets(self, request: HttpRequest, obj: Rule | None = None) -> Any:
        """Show the versions of a rule that has some."""
        runs = ["runs"] if obj and obj.schedule_expression else []
        fields = ["bus", "name", "description", "pattern", "schedule_expression", *runs, "enabled", "shadow"]
        return [(None, {"fields": fields}), *([("History", {"fields": ["versions"]})] if obj else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Rule | None = None) -> Any:
        """Versions are facts."""
        return ["versions", "runs"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Take ``?bus=…&pattern=…`` from the address; without it choose the bus if there is one only."""
        initial = super().get_changeform_initial_data(request)
        if "bus" not in initial:
            buses = list(seen.buses(caller_in(request), self.writes).values_list("pk", flat=True)[:2])
            if len(buses) == 1:
                initial["bus"] = str(buses[0])
        return initial

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the buses on which the person may change rules."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "bus" and field is not None:
            field.queryset = seen.buses(caller_in(request), self.writes)
        return field

    def get_formset_kwargs(self, request: HttpRequest, obj: Rule, inline: Any, prefix: str) -> dict[str, Any]:
        """Let the targets, which are judged last, know who saves and which warnings they saw."""
        given: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method != "POST":
            return given
        return given | {"caller": caller_in(request), "accepted": tuple(request.POST.getlist("warned"))}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Show what the rule is warned of."""
        formsets = [one.formset for one in context["inline_admin_formsets"]]
        warned = [one for formset in formsets for one in formset.warned]
        if warned and context["errors"]:
            context |= {"warned": warned, "accepted": request.POST.getlist("warned"), "errors": []}
            for formset in formsets:
                formset.forget_errors()
        return super().render_change_form(request, context, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the targets, then the version that all of it makes."""
        super().save_related(request, form, formsets, change)
        form.instance.record_version(by=who(request))

    def get_urls(self) -> list[Any]:
        """Add the page that rolls a rule back to a version."""
        view = self.admin_site.admin_view(self.rollback_view)
        return [
            path("<int:pk>/rollback/<int:number>/", view, name="eventhub_rule_rollback"),
            *super().get_urls(),
        ]

    def rollback_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """Show what rolling back to a version would change; POST does it."""
        rule = self.get_queryset(request).filter(pk=pk).first()
        if rule is None:
            raise Http404
        if not self.has_change_permission(request, rule):
            raise PermissionDenied
        back, is_post = reverse("admin:eventhub_rule_change", args=[pk]), request.method == "POST"
        try:
            rolled, refused = roll_back_to(rule, number, caller_in(request), keep=is_post), ""
        except VersionRefusedError as error:
            rolled, refused = None, str(error)
        if rolled is not None and is_post:
            said = f"{rolled.after['name']} is what it was in version {number}, as version {rolled.number}."
            self.message_user(request, said, messages.SUCCESS)
            return HttpResponseRedirect(back)
        context = self.admin_site.each_context(request) | {
            "title": f"Roll back {rule.name} to version {number}",
            "opts": self.opts,
            "rule": rule,
            "number": number,
            "back": back,
            "refused": refused,
            "rolled": rolled,
            "differences": differences(rolled.before, rolled.after) if rolled else [],
        }
        return TemplateResponse(request, "admin/eventhub/rule/rollback.html", context)

    def changed(self, row: Rule, request: HttpRequest) -> None:
        """Record the version that an action makes."""
        row.record_version(by=who(request))

    @admin.display(description="next runs")
    def runs(self, rule: Rule) -> SafeString:
        """Return the next ten runs of the schedule."""
        found = next_runs(rule)
        if not found:
            return format_html(
                "none: {}", "the rule is disabled" if not rule.enabled else "the schedule ended"
            )
        items = format_html_join("", "<li>{}</li>", ((f"{run:%a %Y-%m-%d %H:%M:%S} UTC",) for run in found))
        return format_html('<ol class="runs">{}</ol>', items)

    @admin.display(description="picks")
    def picks(self, rule: Rule) -> SafeString:
        """Return what the rule picks, in a sentence; the list shows its first lines."""
        said = rule_in_english(rule.pattern, rule.schedule_expression)
        return format_html('<span class="picks" title="{}">{}</span>', said, said)

    @admin.display(description="state", ordering="enabled")
    def stands(self, rule: Rule) -> SafeString:
        """Return whether it makes deliveries."""
        tone, word = ("ok", "● enabled") if rule.enabled else ("muted", "❚❚ disabled")
        if rule.enabled and rule.shadow:
            tone, word = "muted", "◇ shadow"
        if rule.schedule_expression:
            return format_html('<span data-tone="{}">{}</span> ⏲ scheduled', tone, word)
        return format_html('<span data-tone="{}">{}</span>', tone, word)

    @admin.display(description="targets")
    def target_names(self, rule: Rule) -> SafeString:
        """Return the names of the targets, three at most."""
        names = [target.name for target in rule.targets.all()]
        if not names:
            return format_html('<span data-tone="warn">{}</span>', "⌀ none")
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return format_html("{}{}", ", ".join(names[:3]), more)

    @admin.display(description="version", ordering="newest")
    def current_version(self, rule: Any) -> str:
        """Return the number of the version in force."""
        return f"v{rule.newest}" if rule.newest else "none"

    @admin.display(description="versions")
    def versions(self, rule: Rule) -> SafeString:
        """Return the newest versions as a table."""
        versions: list[RuleVersion] = list(rule.versions.order_by("-number")[:VERSIONS_SHOWN])
        rows = format_html_join(
            "",
            "<tr><td>v{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><pre>{}</pre></td></tr>",
            (
                (
                    version.number,
                    _back_to(rule, version) if version is not versions[0] else "in force",
                    f"{version.made_at:%Y-%m-%d %H:%M:%S} UTC",
                    version.made_by,
                    "disabled" if not version.enabled else "shadow" if version.shadow else "enabled",
                    ", ".join(target["name"] for target in version.targets) or "none",
                    version.pattern,
                )
                for version in versions
            ),
        )
        return format_html(
            '<div class="versions"><table><thead><tr><th>version</th><th>roll back</th><th>made</th>'
            "<th>by</th><th>state</th><th>targets</th><th>pattern</th></tr></thead><tbody>{}</tbody></table></div>",
            rows,
        )


def _back_to(rule: Rule, version: RuleVersion) -> SafeString:
    address = reverse("admin:eventhub_rule_rollback", args=[rule.pk, version.number])
    return format_html('<a href="{}">Roll back…</a>', address)
