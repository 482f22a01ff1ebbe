"""The archives of a bus: what each holds; making one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from eventhub.access.scopes import Scope
from eventhub.dashboard.lately import journal_here
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.rules.found import bus_seen
from eventhub.domain.pattern import PatternError, english, parse
from eventhub.flow.archives import EMPTY
from eventhub.flow.configure import take_effect
from eventhub.journal.port import ArchiveSize
from eventhub.models import Archive, Bus


@dataclass(frozen=True, slots=True)
class ArchiveShown:
    """An archive, what it keeps in English, and what it holds."""

    archive: Archive
    sentence: str
    size: ArchiveSize


def archives_of(bus: Bus) -> Sequence[ArchiveShown]:
    """Return the archives of a bus, by name."""
    journal = journal_here()
    sizes = {} if journal is None else journal.archive_sizes()
    return [
        ArchiveShown(archive, _sentence(archive.pattern), sizes.get(archive.pk, EMPTY))
        for archive in Archive.objects.filter(bus=bus).order_by("name")
    ]


def _sentence(pattern: str) -> str:
    if not pattern.strip():
        return "Every event."
    try:
        return english(parse(pattern))
    except PatternError as error:  # only by a hand in the database: saving refuses it
        return f"Nothing: its pattern cannot be read. {error}"


class ArchiveForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A new archive of one bus; the model checks it, as it does for REST and the admin."""

    class Meta:
        model = Archive
        fields = ["name", "description", "pattern", "retention_days"]
        labels = {"retention_days": "Keep each event for so many days"}
        help_texts = {
            "name": "1 to 48 letters, digits, dots, hyphens or underscores.",
            "retention_days": "0 keeps it for ever.",
        }
        widgets = {"pattern": forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "mono"})}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_archive(request: HttpRequest) -> HttpResponse:
    """Make an archive of the bus that the address names; it keeps what comes from now on."""
    caller = reader(request)
    bus = bus_seen(request.GET.get("bus", ""), caller)
    if not caller.may(Scope.RULES_WRITE, bus.pk):
        raise PermissionDenied(f"an editor of bus {bus.name} makes archives of it")
    archive = Archive(bus=bus)
    form = ArchiveForm(request.POST if request.method == "POST" else None, instance=archive)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            made: Any = form.save()
            take_effect()
        messages.success(request, f"Archive {made.name} keeps the events of bus {bus.name} from now on.")
        return HttpResponseRedirect(f"/buses/{quote(bus.name)}#archives")
    context = {"page": "buses", "form": form, "bus": bus}
    return render(request, "buses/archive.html", context, status=400 if form.errors else 200)
