"""Replays from the pages: counted first, then begun at a rate, followed, cancelled."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.forms import HiddenInput
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.dashboard import words
from eventhub.dashboard.permitted import reader
from eventhub.flow import archives
from eventhub.flow.archives import ReplayExistsError
from eventhub.flow.process import parts
from eventhub.flow.replay_form import ReplayForm
from eventhub.journal.port import JournalUnavailable, Replay, ReplayState
from eventhub.journal.replaying import UNDER_WAY
from eventhub.models import Archive, Rule, Target

_CANCELLED_FROM = (ReplayState.STARTING, ReplayState.RUNNING)
SHOWN = 5
_ORDER = ("archive", "since", "until", "rules", "per_second", "name", "description")


@dataclass(frozen=True, slots=True)
class ReplayShown:
    """A replay's progress card."""

    replay: Replay
    said: words.Said
    may_cancel: bool

    @property
    def is_open(self) -> bool:
        """Tell whether its window ends later than now: it puts what comes meanwhile, too."""
        return self.replay.state in UNDER_WAY and self.replay.order.until > time.time_ns() // 1000

    @property
    def left_ms(self) -> float | None:
        """Return how long the rest takes at its rate; None while it does not run, or nobody can know."""
        one = self.replay
        if one.state is not ReplayState.RUNNING or self.is_open:
            return None
        return max(0, one.total - one.done) / one.order.per_second * 1000

    @property
    def rules(self) -> list[str]:
        """Return the names of the rules that alone see the events; none for every rule."""
        return [arn.rpartition("/")[2] for arn in self.replay.order.filter_arns]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a replay would put: how many of the archive's events, for which rules, to which targets."""

    events: int
    archived: int
    rules: Sequence[str]
    targets: Sequence[str]
    takes_ms: float | None
    is_open: bool  # more may come, for the window ends later than now


def replays_of(bus_id: int, caller: Caller) -> list[ReplayShown]:
    """Return the replays of a bus: those under way, and of the others the newest."""
    rows = archives.replays().filter(bus_id=bus_id)
    under_way = list(rows.filter(state__in=UNDER_WAY)[:100])
    ended = list(rows.filter(~Q(state__in=UNDER_WAY))[: max(0, SHOWN - len(under_way))])
    may_cancel = caller.may(Scope.RULES_WRITE, bus_id)
    found = [archives.replay_of(row) for row in (*under_way, *ended)]
    return [
        ReplayShown(one, words.replay(one.state), may_cancel and one.state in _CANCELLED_FROM)
        for one in found
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_replay(request: HttpRequest) -> HttpResponse:
    """Ask what is to be put again; ``do=count`` counts it, ``do=start`` begins."""
    caller = reader(request)
    if not caller.may(Scope.RULES_WRITE):
        raise PermissionDenied("an editor of the archive's bus replays it")
    given = request.POST if request.method == "POST" else request.GET
    archive = _archive(given.get("archive", ""), caller)
    form, counted = _form(request, caller, archive), None
    if request.method == "POST":
        valid = form.is_valid()
        try:
            if valid and request.POST.get("do") == "start":
                return _started(request, form, caller)
            counted = _counted(form, archive)
        except ReplayExistsError as error:
            form.add_error("name", f"there is a replay named {error}")
        except JournalUnavailable as error:
            form.add_error(None, f"the journal cannot be written now: {error}")
    context = {"page": "buses", "form": form, "archive": archive, "counted": counted}
    status = 400 if request.method == "POST" and form.errors and request.POST.get("do") == "start" else 200
    return render(request, "buses/replay.html", context, status=status)


def _archive(pk: str, caller: Caller) -> Archive:
    """Return the archive that is named by its number; 404 if the person may not replay it."""
    rows = seen.on_buses(Archive.objects.select_related("bus"), caller, Scope.RULES_WRITE)
    is_number = pk.isascii() and pk.isdigit() and len(pk) < 19
    archive: Archive | None = rows.filter(pk=pk).first() if is_number else None
    if archive is None:
        raise Http404(f"there is no archive {pk!r:.40} to replay")
    return archive


def _form(request: HttpRequest, caller: Caller, archive: Archive) -> ReplayForm:
    now = timezone.now().replace(microsecond=0)
    initial = {
        "archive": archive.pk,
        "name": f"{archive.name[:48]}-{now:%Y%m%d-%H%M%S}"[:64],
        "since": now - timedelta(days=1),
        "until": now,
    }
    form = ReplayForm(caller, request.POST if request.method == "POST" else None, initial=initial)
    field: Any = form.fields["rules"]
    field.queryset = field.queryset.filter(bus=archive.bus)
    field.label_from_instance = lambda rule: rule.name
    form.fields["archive"].widget = HiddenInput()
    form.order_fields(_ORDER)
    return form


def _counted(form: ReplayForm, archive: Archive) -> Counted | None:
    events = form.count(parts().journal)
    if events is None:
        return None
    every = Rule.objects.filter(bus=archive.bus, enabled=True)
    chosen = list(form.cleaned_data.get("rules") or every)
    delivering = [rule for rule in chosen if rule.enabled and not rule.shadow]
    targets = Target.objects.filter(rules__in=delivering).order_by("name").values_list("name", flat=True)
    per_second = form.cleaned_data.get("per_second")
    return Counted(
        events=events,
        archived=archives.size_of(parts().journal, archive).events,
        rules=sorted(rule.name for rule in chosen),
        targets=list(targets.distinct()),
        takes_ms=events / per_second * 1000 if per_second else None,
        is_open=form.cleaned_data["until"] > timezone.now(),
    )


def _started(request: HttpRequest, form: ReplayForm, caller: Caller) -> HttpResponse:
    made = form.start(parts().journal, who=caller.who)
    events = f"{made.total:,} event{'s' * (made.total != 1)}"
    said = f"Replay {made.order.name} puts {events} on bus {made.order.bus}."
    messages.success(request, said)
    return HttpResponseRedirect(f"/buses/{quote(made.order.bus)}#replays")


@require_POST
@login_required
def cancel(request: HttpRequest, replay_id: int) -> HttpResponse:
    """End a replay; what was put stays so."""
    caller = reader(request)
    row = seen.on_buses(archives.replays(), caller).filter(id=min(replay_id, 2**63 - 1)).first()
    if row is None:
        raise Http404(f"there is no replay {replay_id}")
    if not caller.may(Scope.RULES_WRITE, row.bus_id):
        raise PermissionDenied(f"an editor of bus {row.bus} cancels its replays")
    try:
        if archives.cancel_replay(parts().journal, archives.replay_of(row)):
            messages.success(request, f"Replay {row.name} is being cancelled; what was put stays so.")
        else:
            messages.warning(request, f"Replay {row.name} ended meanwhile.")
    except JournalUnavailable as error:
        messages.error(request, f"Not done: the journal cannot be written now: {error}.")
    return HttpResponseRedirect(f"/buses/{quote(row.bus)}#replays")
