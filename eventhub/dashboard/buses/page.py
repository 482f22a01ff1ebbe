"""The page of one bus: rates, types, rules, retention, archives and replays, and who may put events on it."""

import time

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access.scopes import Scope
from eventhub.dashboard import words
from eventhub.dashboard.buses.archiving import archives_of
from eventhub.dashboard.buses.figures import NONE, figures
from eventhub.dashboard.buses.kept import kept_of
from eventhub.dashboard.buses.listing import Waiting, may_switch, waiting
from eventhub.dashboard.buses.picked import picked
from eventhub.dashboard.buses.policy import ways_of
from eventhub.dashboard.buses.replaying import replays_of
from eventhub.dashboard.buses.seen_types import READ, SHOWN, types_of
from eventhub.dashboard.buses.series import Series, series_of
from eventhub.dashboard.filtered import events_query
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.rules.found import bus_seen
from eventhub.dashboard.sources.figures import sources_of
from eventhub.flow.unrouted import unrouted


@require_safe
@login_required
def bus(request: HttpRequest, name: str) -> HttpResponse:
    """Show a bus; ``win`` is the window of the charts, ``types=all`` shows every type."""
    caller = reader(request)
    shown = bus_seen(name, caller)
    did = figures([shown.pk]).get(shown.pk, NONE)
    replays = replays_of(shown.pk, caller)
    every_type = request.GET.get("types") == "all"
    context = {
        "page": "buses",
        "bus": shown,
        "said": words.bus(paused=shown.paused),
        "figures": did,
        "series": series_of(shown.pk, request.GET.get("win", "")),
        "wins": Series.WORDS,
        "waiting": waiting().get(shown.pk, Waiting()),
        "unrouted": unrouted([shown.pk])[shown.pk],
        "picked": picked(shown, events=did.hour),
        "types": types_of(shown.pk, shown=READ if every_type else SHOWN),
        "every_type": every_type,
        "sources": sources_of([shown.pk]),
        "kept": kept_of(shown.pk),
        "archives": archives_of(shown),
        "replays": replays,
        "moving": any(one.replay.ended_at is None for one in replays),
        "ways": ways_of(shown, caller),
        "its_events": events_query(bus=shown.name),
        "its_unmatched": events_query(bus=shown.name, rule="none"),
        "may_switch": may_switch(caller, shown),
        "may_write": caller.may(Scope.RULES_WRITE, shown.pk),
        "now": time.time(),
    }
    return render(request, "buses/bus.html", context)
