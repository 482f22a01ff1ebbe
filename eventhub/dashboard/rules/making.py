"""Making a rule: from nothing, from a ready pattern, or from the fields of an event."""

import time
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.rules.form import STATES, Form, read
from eventhub.dashboard.rules.found import bus_seen
from eventhub.dashboard.rules.page import CHECK, Editing, trial_of, tried, warned_of
from eventhub.dashboard.rules.previewing import asked_link, preview_link
from eventhub.dashboard.rules.ready import READY
from eventhub.dashboard.rules.ticked import Ticked, ticked
from eventhub.dashboard.rules.trial import WINDOWS, Asked
from eventhub.flow import editing
from eventhub.models import DEFAULT_BUS, Bus, Rule


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_rule(request: HttpRequest) -> HttpResponse:
    """Show the form of a new rule; POST tries what was typed, or makes the rule.

    ``?from=event:{id}`` offers the event's fields to tick, ``?ready=`` begins with a ready pattern, ``?bus=``
    with a bus.
    """
    caller = reader(request)
    if not caller.may(Scope.RULES_WRITE):
        raise PermissionDenied("you may make no rules")
    offer = ticked(request.GET, caller)
    if request.method != "POST":
        return _page(
            request, caller, _first_bus(request, caller, offer), Editing(_first(request, offer)), offer
        )
    bus = bus_seen(request.POST.get("bus", ""), caller)
    form, draft = read(request.POST, caller, None)
    do = request.POST.get("do", "")
    if do == CHECK:
        trial = trial_of(request, Asked(draft, form, None, bus, caller))
        form.faults.pop("name", None) if not form.name else None
        return _page(request, caller, bus, Editing(form, trial), offer)
    if (number := asked_link(do)) is not None:
        shown = preview_link(request.POST, number, bus, caller, rule=None)
        return _page(request, caller, bus, Editing(form, previewed=shown), offer)
    if not caller.may(Scope.RULES_WRITE, bus.pk):
        raise PermissionDenied(f"you may not change rules on bus {bus.name}")
    form.add(editing.faults_of(Rule(bus=bus), draft))
    if not form.is_refused:
        if fresh := warned_of(request, Asked(draft, form, None, bus, caller)):
            return _page(request, caller, bus, Editing(form, warned=fresh), offer)
        try:
            made = editing.make(bus, draft, who=caller.who)
        except ValidationError as error:  # only what came up since
            form.add(error.message_dict)
        else:
            messages.success(request, f"Made the rule {made.name}. It is in force now.")
            return HttpResponseRedirect(f"/rules/{made.pk}")
    return _page(request, caller, bus, Editing(form, status=400), offer)


@require_POST
@login_required
def try_new(request: HttpRequest) -> HttpResponse:
    """Answer the trial of a new rule on the bus ``?bus=``, or that the form chose, as the page shows it."""
    caller = reader(request)
    name = request.POST.get("bus") or request.GET.get("bus", "")
    return tried(request, caller, bus_seen(name, caller), None)


def _first_bus(request: HttpRequest, caller: Caller, offer: Ticked | None) -> Bus:
    """Return the bus that the form begins with: the event's, the one asked for, the default, or any."""
    buses = seen.buses(caller, Scope.RULES_WRITE)
    asked = offer.event.bus if offer else request.GET.get("bus", DEFAULT_BUS)
    bus = buses.filter(name=asked).first() or buses.order_by("name").first()
    if bus is None:
        raise Http404("there is no bus to make a rule on")
    return bus


def _first(request: HttpRequest, offer: Ticked | None) -> Form:
    if offer is not None:
        return Form(pattern=offer.pattern, name=offer.name)
    ready = READY.get(request.GET.get("ready", ""))
    return Form() if ready is None else Form(pattern=ready.pattern)


def _page(
    request: HttpRequest, caller: Caller, bus: Bus, edit: Editing, offer: Ticked | None
) -> HttpResponse:
    context: dict[str, Any] = {
        "page": "rules",
        "bus": bus,
        "buses": seen.buses(caller, Scope.RULES_WRITE).order_by("name"),
        "form": edit.form,
        "trial": edit.trial,
        "windows": WINDOWS,
        "previewed": edit.previewed,
        "warned": edit.warned,
        "accepted": request.POST.getlist("warned"),
        "states": STATES,
        "targets": seen.targets(caller).order_by("name"),
        "offer": offer,
        "ready": READY,
        "chosen_ready": request.GET.get("ready", ""),
        "may_change": True,
        "may_try": caller.may(Scope.EVENTS_READ),
        "here": request.get_full_path(),
        "now": time.time(),
    }
    return render(request, "rules/new.html", context, status=edit.status)
