"""Redriving from the pages: counted first, then started at a rate, then paused, resumed or cancelled."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.dashboard import letter_filter, words
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.target_facts import TargetFacts, facts_by_name
from eventhub.flow import letters
from eventhub.flow.letters import FilterError, LetterGroup, grouped, of_ids, redrive_of
from eventhub.flow.process import parts
from eventhub.journal.port import JournalUnavailable, Redrive, RedriveState, Selection
from eventhub.journal.rows import RedriveRow
from eventhub.models import Target

_ENDED_SHOWN_SECONDS = 3600
_MOST_SHOWN = 10
_MOST_LOOKED_AT = 100
# A filter's members as the page names them.
_SAID = {
    "target": "target",
    "rule": "rule",
    "bus": "bus",
    "reason_class": "fault",
    "status": "status",
    "reason": "error",
}
_OF_A_TARGET = re.compile(r"/targets/[0-9]{1,18}")
_STATES = {"pause": RedriveState.PAUSED, "resume": RedriveState.RUNNING, "cancel": RedriveState.CANCELLED}


@dataclass(frozen=True, slots=True)
class RedriveShown:
    """A redrive's progress card."""

    redrive: Redrive
    said: words.Said
    what: str
    may_steer: bool

    @property
    def looked_at(self) -> int:
        """Return how many letters it is through with."""
        return self.redrive.done + self.redrive.skipped

    @property
    def left_ms(self) -> float | None:
        """Return how long the rest takes at its rate; None while it does not run."""
        one = self.redrive
        if one.state is not RedriveState.RUNNING:
            return None
        return max(0, one.total - self.looked_at) / one.per_second * 1000

    @property
    def actions(self) -> list[str]:
        """Return what can be done to it."""
        if not self.may_steer:
            return []
        match self.redrive.state:
            case RedriveState.RUNNING:
                return ["pause", "cancel"]
            case RedriveState.PAUSED:
                return ["resume", "cancel"]
        return []


def current_redrives(caller: Caller, *, of_target: str | None = None) -> list[RedriveShown]:
    """Return the redrives that have work left or ended within the last hour, the newest first.

    Of a target, by its name: those of its letters alone. Who sees some buses only sees the redrives that they
    made: others may be of any letters.
    """
    everything = caller.may_everywhere(Scope.EVENTS_READ)
    recent = (time.time_ns() // 1000) - _ENDED_SHOWN_SECONDS * 1_000_000
    under_way = Q(state__in=[RedriveState.RUNNING, RedriveState.PAUSED])
    rows = letters.redrives(who=None if everything else caller.who).filter(
        under_way | Q(changed_at__gte=recent)
    )
    found = [redrive_of(row) for row in rows[:_MOST_LOOKED_AT]]
    of_it = [one for one in found if of_target is None or one.selection.target == of_target]
    return [_shown(one, caller) for one in of_it[:_MOST_SHOWN]]


def query_of(group: LetterGroup, target: Target) -> str:
    """Return the query that redrives a group of a target's letters, and leads back to the target's page."""
    return urlencode({"target": target.name, **group.filter(), "back": f"/targets/{target.pk}"})


def _shown(one: Redrive, caller: Caller) -> RedriveShown:
    selection = one.selection
    if selection.ids:
        what = f"{len(selection.ids)} picked by hand"
    else:
        given = [f"{said} {value}" for name, said in _SAID.items() if (value := getattr(selection, name))]
        if selection.since or selection.until:
            given.append("of a span of time")
        what = " · ".join(given) or "every dead letter"
    return RedriveShown(one, words.redrive(one.state), what, _may_steer(one.made_by, caller))


@require_safe
@login_required
def progress(request: HttpRequest) -> HttpResponse:
    """Render the redrives alone, for a page that keeps them current."""
    context = {"redrives": current_redrives(reader(request))}
    return render(request, "_redrives.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def redrive(request: HttpRequest) -> HttpResponse:
    """Count what a filter, or the letters with these ``id``s, would bring back; POST brings them back."""
    caller = reader(request)
    if not caller.may(Scope.RULES_WRITE):
        raise PermissionDenied("an editor redrives dead letters")
    given = request.POST if request.method == "POST" else request.GET
    back = _back(given)
    try:
        selection = _selection(given, caller)
        if request.method == "POST":
            rate = _rate(given)
            made = letters.start(parts().journal, selection, per_second=rate, who=caller.who)
            messages.success(request, f"Redriving {made.total} dead letter{'s' * (made.total != 1)}.")
            return HttpResponseRedirect(back)
        counted = letters.dry_run(selection)
    except FilterError as error:
        return _refused(request, str(error), back)
    except JournalUnavailable as error:
        return _refused(request, f"the journal cannot be written now: {error}", back)
    groups, _ = grouped(selection, ["target"])
    context = {
        "page": "dead-letters",
        "counted": counted,
        "count": counted.letters,
        "what": _shown_selection(given, caller),
        "members": [
            (name, value) for name in (*letters.FILTERS, "id", "event") for value in given.getlist(name)
        ],
        "back": back,
        "leads_back": _with_filter(back, given),
        "targets": _by_target(groups, caller),
        "rate": letters.PER_SECOND,
        "least": letters.LEAST_PER_SECOND,
        "most": letters.MOST_PER_SECOND,
        "takes_ms": counted.possible / letters.PER_SECOND * 1000,
        "oldest_ms": None
        if counted.oldest_at is None
        else (datetime.now(UTC) - counted.oldest_at).total_seconds() * 1000,
    }
    return render(request, "redrive.html", context)


@require_POST
@login_required
def steer(request: HttpRequest, redrive_id: int, action: str) -> HttpResponse:
    """Pause, resume or cancel a redrive."""
    caller, back = reader(request), _back(request.POST)
    row = RedriveRow.objects.filter(id=redrive_id).first()
    if row is not None and not _may_steer(row.made_by, caller):
        raise PermissionDenied("an editor of every bus, or who made it, steers a redrive")
    if action not in _STATES or row is None:
        raise Http404(f"there is no redrive {redrive_id} to {action}")
    try:
        if not letters.steer(parts().journal, redrive_id, _STATES[action]):
            return _refused(request, "the redrive ended, or changed meanwhile", back)
    except JournalUnavailable as error:
        return _refused(request, f"the journal cannot be written now: {error}", back)
    return HttpResponseRedirect(back)


def _selection(given: QueryDict, caller: Caller) -> Selection:
    """Return what is asked for; raises FilterError."""
    ids = given.getlist("id")
    if ids or given.get("picked"):  # nothing picked must not mean everything
        if not all(one.isascii() and one.isdigit() and len(one) < 19 for one in ids):
            raise FilterError({"id": "wanted numbers of dead letters"})
        if not ids:
            raise FilterError({"selection": "no dead letter is selected"})
        return of_ids([int(one) for one in ids], caller.buses(Scope.RULES_WRITE))
    asked = letter_filter.read(given, caller, Scope.RULES_WRITE)
    if asked.wrong:
        raise FilterError(asked.wrong)
    return asked.selection


def _back(given: QueryDict) -> str:
    """Return the page that the person came from: an event's, a target's, or that of the dead letters."""
    try:
        return f"/events/{UUID(str(given['event']))}"
    except (KeyError, ValueError):
        asked = str(given.get("back", ""))
    return asked if _OF_A_TARGET.fullmatch(asked) else reverse("dead-letters")


def _rate(given: QueryDict) -> float:
    text = given.get("rate_per_second", "")
    wanted = f"wanted a number from {letters.LEAST_PER_SECOND} to {letters.MOST_PER_SECOND:g}, found {text!r}"
    try:
        rate = float(text)
    except ValueError:
        raise FilterError({"rate": wanted}) from None
    if not letters.LEAST_PER_SECOND <= rate <= letters.MOST_PER_SECOND:
        raise FilterError({"rate": wanted})
    return rate


def _shown_selection(given: QueryDict, caller: Caller) -> list[tuple[str, str]]:
    if given.getlist("id"):
        return []
    texts = letter_filter.read(given, caller, Scope.RULES_WRITE).texts
    return [(_SAID.get(name, name), value) for name, value in texts.items()]


def _by_target(groups: list[LetterGroup], caller: Caller) -> list[tuple[str, int, TargetFacts | None]]:
    """Return how many letters each target would get, and how it fares; None for one that is deleted."""
    facts = facts_by_name({group.target for group in groups if group.target}, caller)
    return [(group.target or "", group.letters, facts.get(group.target or "")) for group in groups]


def _may_steer(made_by: str, caller: Caller) -> bool:
    own = made_by == caller.who and caller.may(Scope.RULES_WRITE)
    return own or caller.may_everywhere(Scope.RULES_WRITE)


def _with_filter(back: str, given: QueryDict) -> str:
    """Return the page that the person came from as they left it."""
    filters = {name: given[name] for name in letters.FILTERS if given.get(name)}
    return f"{back}?{urlencode(filters)}" if filters and back == reverse("dead-letters") else back


def _refused(request: HttpRequest, why: str, back: str) -> HttpResponse:
    messages.error(request, f"Not done: {why}.")
    return HttpResponseRedirect(back)
