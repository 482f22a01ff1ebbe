"""Archives in the admin, and replays: begun with a count first, followed, cancelled."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.admin.configured import ConfiguredAdmin, NamedForm, fix, who
from eventhub.admin.happened import BusFilter, HappenedAdmin, by_enum
from eventhub.admin.permitted import caller_in
from eventhub.flow import archives
from eventhub.flow.process import NotRunningError, parts
from eventhub.flow.replay_form import ReplayForm
from eventhub.journal.port import ArchiveSize, ReplayState
from eventhub.journal.rows import ReplayRow
from eventhub.models import Archive


def _size_of(archive: Archive) -> ArchiveSize:
    try:
        return archives.size_of(parts().journal, archive)
    except NotRunningError:
        return archives.EMPTY


class ArchiveForm(NamedForm):
    """An archive; its name and its bus are fixed once it is made."""

    class Meta:
        model = Archive
        fields = ["name", "bus", "description", "pattern", "retention_days"]
        labels = {"retention_days": "Days"}
        widgets = {
            "pattern": forms.Textarea(
                attrs={"rows": 8, "class": "vLargeTextField pattern-text", "spellcheck": "false"}
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            fix(self, "name")
            fix(self, "bus")


@admin.register(Archive)
class ArchiveAdmin(ConfiguredAdmin):
    """Standing selections of a bus's events."""

    form = ArchiveForm
    list_display = ["name", "bus", "events", "size", "retention", "replay"]
    list_select_related = ["bus"]
    list_filter = [BusFilter]
    search_fields = ["name", "description"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the buses on which the person may make archives."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "bus" and field is not None:
            field.queryset = seen.buses(caller_in(request), self.writes)
        return field

    def get_readonly_fields(self, _request: HttpRequest, obj: Archive | None = None) -> list[str]:
        """Show of one that is made what it holds."""
        return ["events", "size", "replay"] if obj else []

    @admin.display(description="events")
    def events(self, archive: Archive) -> str:
        """Return how many events it holds."""
        return f"{_size_of(archive).events:,}"

    @admin.display(description="size")
    def size(self, archive: Archive) -> str:
        """Return how large their texts are."""
        return filesizeformat(_size_of(archive).bytes)

    @admin.display(description="kept", ordering="retention_days")
    def retention(self, archive: Archive) -> str:
        """Return for how long an event is kept."""
        days = archive.retention_days
        return f"{days} day{'s' * (days != 1)}" if days else "for ever"

    @admin.display(description="replay")
    def replay(self, archive: Archive) -> SafeString:
        """Return a link to the form of a new replay."""
        address = reverse("admin:journal_replayrow_add")
        return format_html('<a href="{}?archive={}">Replay…</a>', address, archive.pk)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say before a deletion what goes with it."""
        shown, counts, perms_needed, protected = super().get_deleted_objects(list(objs), request)
        shown += [f"{_size_of(archive).events:,} events that {archive} keeps" for archive in objs]
        return shown, counts, perms_needed, protected


@admin.register(ReplayRow)
class ReplayAdmin(HappenedAdmin):
    """Replays, the newest first."""

    reads = Scope.RULES_READ
    list_display = ["name", "archive", "bus", "window", "state", "progress", "made_by"]
    list_filter = [by_enum("state", ReplayState, "state"), BusFilter]
    search_fields = ["name"]
    search_help_text = "The name of a replay, or its beginning."
    actions = ["cancel"]
    readonly_fields = ["window", "progress"]
    fields = ["name", "description", "archive", "bus", "window", "state", "reason", "progress", "made_by"]

    class Media:
        css = {"all": ["css/admin-forms.css"]}

    def get_ordering(self, _request: HttpRequest) -> Any:
        """Return the order of making, newest first."""
        return ["-id"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find replays by the beginning of their names."""
        return queryset.filter(name__startswith=search_term.strip()), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those replay who may change archives."""
        return caller_in(request).may(Scope.RULES_WRITE)

    has_cancel_permission = has_add_permission

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form; count what it asks for; begin."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        count = None
        if request.method == "POST":
            form = ReplayForm(caller_in(request), request.POST)
            if form.is_valid():
                if "start" in request.POST:
                    return self._start(request, form)
                count = form.count(parts().journal)
        else:
            now = timezone.now().replace(microsecond=0)
            archive = request.GET.get("archive", "")
            initial = {"archive": archive, "since": now - timedelta(days=1), "until": now}
            form = ReplayForm(caller_in(request), initial=initial)
        context = self.admin_site.each_context(request) | {
            "title": "Replay an archive",
            "opts": self.opts,
            "form": form,
            "count": count,
        }
        return TemplateResponse(request, "admin/eventhub/replayrow/start.html", context)

    def _start(self, request: HttpRequest, form: ReplayForm) -> HttpResponse:
        made = form.start(parts().journal, who=who(request))
        events = f"{made.total:,} event{'s' * (made.total != 1)}"
        said = f"Replay {made.order.name} puts {events} on {made.order.bus}."
        self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:journal_replayrow_changelist"))

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """End the chosen replays."""
        journal = parts().journal
        rows = seen.on_buses(queryset, caller_in(request), Scope.RULES_WRITE)
        chosen = [archives.replay_of(row) for row in rows]
        ended = [one.order.name for one in chosen if archives.cancel_replay(journal, one)]
        said = f"Cancelled: {', '.join(ended)}." if ended else "None of these was under way."
        self.message_user(request, said, messages.SUCCESS if ended else messages.WARNING)

    @admin.display(description="accepted")
    def window(self, row: ReplayRow) -> str:
        """Return the window, as moments of acceptance."""
        return f"{row.since:%Y-%m-%d %H:%M:%S} – {row.until:%Y-%m-%d %H:%M:%S} UTC"

    @admin.display(description="progress")
    def progress(self, row: ReplayRow) -> SafeString:
        """Return how far it is."""
        bar = '<progress max="{}" value="{}" aria-label="progress"></progress> {} of {}'
        return format_html(
            f'<span class="counted">{bar}</span>',
            max(row.total, 1),
            row.done,
            f"{row.done:,}",
            f"{row.total:,}",
        )
