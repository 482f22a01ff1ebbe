"""The page of one rule: what it did, its editor with the trial beside it, targets, schedule and versions."""

import copy
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.dashboard import words
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.rules.form import STATES, Form, form_of, read
from eventhub.dashboard.rules.found import rule_seen
from eventhub.dashboard.rules.previewing import Previewed, asked_link, preview_link
from eventhub.dashboard.rules.series import Series, figures_of, series_of
from eventhub.dashboard.rules.trial import WINDOWS, Asked, Trial, try_draft
from eventhub.dashboard.rules.versions import SHOWN, versions_of
from eventhub.dashboard.target_facts import facts_by_id
from eventhub.domain.difference import differences
from eventhub.domain.filter.terms import AnyOf, Term, Value
from eventhub.domain.pattern import rule_in_english
from eventhub.flow import editing
from eventhub.flow.before_saving import Warned, warnings_of
from eventhub.flow.editing import ChangedMeanwhileError, Draft, draft_of
from eventhub.flow.last_matches import last_matches
from eventhub.flow.schedule import next_runs
from eventhub.flow.versions import state_of_version
from eventhub.models import Bus, Rule

ROWS, MOST_ROWS = 25, 500  # of a trial's tab
CHECK = "check"


@dataclass(slots=True)
class Editing:
    """What the editor shows beside what is saved."""

    form: Form
    trial: Trial | None = None
    previewed: Previewed | None = None
    conflict: dict[str, Any] | None = None
    status: int = 200
    warned: list[Warned] = field(default_factory=list)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a rule; POST tries what was typed (``do`` is ``check`` or ``preview-N``), or saves it."""
    caller = reader(request)
    found = rule_seen(pk, caller)
    if request.method != "POST":
        return _page(request, caller, found, Editing(form_of(found)))
    form, draft = read(request.POST, caller, found)
    do = request.POST.get("do", "")
    if do == CHECK:
        return _page(
            request,
            caller,
            found,
            Editing(form, trial_of(request, Asked(draft, form, found, found.bus, caller))),
        )
    if (number := asked_link(do)) is not None:
        shown = preview_link(request.POST, number, found.bus, caller, rule=found)
        return _page(request, caller, found, Editing(form, previewed=shown))
    if not caller.may(Scope.RULES_WRITE, found.bus_id):
        raise PermissionDenied(f"you may not change rules on bus {found.bus.name}")
    return _save(request, caller, found, form, draft)


@require_POST
@login_required
def try_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the trial of what was typed, or a preview, as the page shows it."""
    caller = reader(request)
    found = rule_seen(pk, caller)
    return tried(request, caller, found.bus, found)


def tried(request: HttpRequest, caller: Caller, bus: Bus, rule: Rule | None) -> HttpResponse:
    """Answer the part of a page that a change of its form asks for."""
    if (number := asked_link(request.POST.get("do", ""))) is not None:
        shown = preview_link(request.POST, number, bus, caller, rule=rule)
        return render(request, "rules/_previewed.html", {"previewed": shown})
    form, draft = read(request.POST, caller, rule)
    trial = trial_of(request, Asked(draft, form, rule, bus, caller))
    context = {"trial": trial, "form": form, "windows": WINDOWS, "rule": rule, "bus": bus}
    return render(request, "rules/_trial.html", context)


def trial_of(request: HttpRequest, asked: Asked) -> Trial:
    """Try what was typed, over the window and for as many rows as the form asks for."""
    window, most = request.POST.get("window", ""), request.POST.get("most", "")
    rows = min(int(most), MOST_ROWS) if most.isascii() and most.isdigit() and len(most) < 5 else ROWS
    trial = try_draft(asked, window=window, most=rows)
    trial.chosen = request.POST.get("tried", "")
    return trial


def warned_of(request: HttpRequest, asked: Asked) -> list[Warned]:
    """Return what a draft is warned of, or nothing if all of that was shown to the person already."""
    found = warnings_of(asked.draft, asked.bus, asked.caller, rule=asked.rule)
    accepted = request.POST.getlist("warned")
    return found if any(one.key not in accepted for one in found) else []


def _save(request: HttpRequest, caller: Caller, rule: Rule, form: Form, draft: Draft) -> HttpResponse:
    form.add(editing.faults_of(copy.copy(rule), draft))  # also beside what cannot be read: all at once
    if not form.is_refused:
        if fresh := warned_of(request, Asked(draft, form, rule, rule.bus, caller)):
            return _page(request, caller, rule, Editing(form, warned=fresh))
        try:
            made = editing.save(rule, draft, who=caller.who, tag=form.tag, reason=form.reason)
        except ChangedMeanwhileError as error:
            return _page(request, caller, rule, _conflict(rule, form, error))
        except ValidationError as error:  # only what came up since
            form.add(error.message_dict)
        else:
            said = f"Saved as version {made.number}." if made else "Saved; it makes no new version."
            messages.success(request, said)
            return HttpResponseRedirect(f"/rules/{rule.pk}")
    return _page(request, caller, rule, Editing(form, status=400))


def _conflict(rule: Rule, form: Form, error: ChangedMeanwhileError) -> Editing:
    """Show what another one saved meanwhile, and let the next try save over it."""
    rule.refresh_from_db()
    now = form_of(rule)
    theirs = draft_of(rule).state()
    version = error.version
    before = rule.versions.order_by("-number")[1:2]
    changed = differences(state_of_version(before[0]), theirs) if before else []
    form.tag = now.tag
    return Editing(form, conflict={"version": version, "differences": changed}, status=409)


def _page(request: HttpRequest, caller: Caller, rule: Rule, edit: Editing) -> HttpResponse:
    win = request.GET.get("win", "1h")
    shown, more = versions_of(rule, SHOWN)
    links = list(rule.links.select_related("target").order_by("pk"))
    facts = facts_by_id([link.target_id for link in links], caller)
    context = {
        "page": "rules",
        "rule": rule,
        "bus": rule.bus,
        "said": words.rule(enabled=rule.enabled, shadow=rule.shadow),
        "sentence": rule_in_english(rule.pattern, rule.schedule_expression),
        "figures": figures_of(rule.pk),
        "series": series_of(rule.pk, win),
        "wins": Series.WINS,
        "last": last_matches([rule.pk]).get(rule.pk),
        "matched": urlencode({"q": f"{Term('rule', _is(rule.name))} {Term('bus', _is(rule.bus.name))}"}),
        "form": edit.form,
        "trial": edit.trial,
        "windows": WINDOWS,
        "previewed": edit.previewed,
        "conflict": edit.conflict,
        "warned": edit.warned,
        "accepted": request.POST.getlist("warned"),
        "states": STATES,
        "targets": seen.targets(caller).order_by("name"),
        "links": [(link, facts.get(link.target_id)) for link in links],
        "runs": next_runs(rule) if rule.schedule_expression else [],
        "versions": shown,
        "more_versions": more,
        "may_change": caller.may(Scope.RULES_WRITE, rule.bus_id),
        "may_try": caller.may(Scope.EVENTS_READ, rule.bus_id),
        "retention_days": settings.RETENTION_DAYS,
        "now": time.time(),
    }
    return render(request, "rules/rule.html", context, status=edit.status)


def _is(text: str) -> AnyOf:
    return AnyOf((Value((text,)),))
