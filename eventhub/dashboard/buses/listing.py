"""The list of buses: what comes in on each, what goes out, what waits; pausing and resuming."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.dashboard import asked as lists
from eventhub.dashboard import words
from eventhub.dashboard.buses.figures import NONE, BusFigures, figures
from eventhub.dashboard.buses.kept import oldest_of
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.tags import from_microseconds
from eventhub.flow.configure import switch_bus
from eventhub.flow.unrouted import Unrouted, unrouted
from eventhub.journal.queued import MOST_COUNTED, pending_by_bus
from eventhub.models import Bus

SORTS = ("name", "rate", "out", "unmatched", "rules", "waiting", "oldest")
STATES = ("running", "paused")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Deliveries of a bus's events that wait; ``more`` where not all were counted."""

    deliveries: int = 0
    oldest_at: datetime | None = None
    more: bool = False

    @property
    def oldest_ms(self) -> float | None:
        """Return for how long the oldest has waited since its event was accepted."""
        if self.oldest_at is None:
            return None
        return max(0.0, (time.time() - self.oldest_at.timestamp()) * 1000)


@dataclass(frozen=True, slots=True)
class BusShown:
    """A row of the list."""

    bus: Bus
    said: words.Said
    rules: int
    figures: BusFigures
    waiting: Waiting
    unrouted: Unrouted
    oldest_at: datetime | None
    may_switch: bool


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def buses(request: HttpRequest) -> HttpResponse:
    """List the buses that the reader sees; POST pauses or resumes one."""
    caller = reader(request)
    if request.method == "POST":
        return _switch(request, caller)
    asked = lists.read(request.GET, texts=("q", "state"), sorts=SORTS, rising=("name", "oldest"))
    every = seen.buses(caller, Scope.RULES_READ).annotate(rule_count=Count("rules"))
    found = every
    if text := asked.texts.get("q"):
        found = found.filter(name__icontains=text) | found.filter(description__icontains=text)
    if (state := asked.texts.get("state")) in STATES:
        found = found.filter(paused=state == "paused")
    rows = _shown(list(found.order_by("name")), caller)
    rows.sort(key=_KEYS[asked.sort], reverse=asked.falling)
    context = {
        "page": "buses",
        "rows": asked.cut(rows),
        "asked": asked,
        "found": len(rows),
        "of": every.count() if asked.texts else len(rows),
        "states": STATES,
        "may_make": caller.may_everywhere(Scope.RULES_WRITE),
        "now": time.time(),
        **asked.pages(len(rows)),
    }
    return render(request, "buses/list.html", context)


_KEYS: Mapping[str, Callable[[BusShown], Any]] = {
    "name": lambda row: row.bus.name,
    "rate": lambda row: row.figures.last_minute,
    "out": lambda row: row.figures.out_last_minute,
    "unmatched": lambda row: row.figures.unmatched_share or 0.0,
    "rules": lambda row: row.rules,
    "waiting": lambda row: row.waiting.deliveries + row.unrouted.events,
    "oldest": lambda row: row.oldest_at.timestamp() if row.oldest_at else float("inf"),
}


def _shown(rows: list[Any], caller: Caller) -> list[BusShown]:
    did, waits = figures(caller.buses(Scope.RULES_READ)), waiting()
    unrouted_on = unrouted([bus.pk for bus in rows if bus.paused])
    oldest = oldest_of([bus.pk for bus in rows])
    return [
        BusShown(
            bus=bus,
            said=words.bus(paused=bus.paused),
            rules=bus.rule_count,
            figures=did.get(bus.pk, NONE),
            waiting=waits.get(bus.pk, Waiting()),
            unrouted=unrouted_on.get(bus.pk, Unrouted()),
            oldest_at=from_microseconds(oldest[bus.pk]) if bus.pk in oldest else None,
            may_switch=may_switch(caller, bus),
        )
        for bus in rows
    ]


def waiting() -> Mapping[int, Waiting]:
    """Return what waits of each bus that has anything waiting, by its id."""
    found = pending_by_bus()
    more = sum(count for count, _ in found.values()) >= MOST_COUNTED
    return {
        bus_id: Waiting(count, from_microseconds(oldest_at), more)
        for bus_id, (count, oldest_at) in found.items()
    }


def may_switch(caller: Caller, bus: Bus) -> bool:
    """Tell whether somebody may pause and resume a bus, as the admin and REST do."""
    return caller.may(Scope.ADMIN, bus.pk) or caller.may_everywhere(Scope.RULES_WRITE)


def _switch(request: HttpRequest, caller: Caller) -> HttpResponse:
    bus = seen.buses(caller, Scope.RULES_READ).filter(name=request.POST.get("bus", "")).first()
    if bus is None:
        raise Http404("there is no such bus")
    if not may_switch(caller, bus):
        raise PermissionDenied(f"an administrator of bus {bus.name} pauses it")
    paused = request.POST.get("to") == "paused"
    if bus.paused == paused:
        messages.info(request, f"Bus {bus.name} was {'paused' if paused else 'running'} already.")
    else:
        switch_bus(bus, paused=paused)
        said = "paused: it takes events, and they wait in order" if paused else "running again"
        messages.success(request, f"Bus {bus.name} is {said}.")
    return HttpResponseRedirect(
        f"/buses/{quote(bus.name)}" if request.POST.get("back") == "bus" else "/buses"
    )
