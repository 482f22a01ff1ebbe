"""The page of sources: who puts events on the buses, how often, and who has fallen silent."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.dashboard import asked as lists
from eventhub.dashboard.filtered import events_query
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.sources.figures import READ, SourceSeen, sources_of
from eventhub.dashboard.sources.posters import NEWEST, Poster, posters_of

SORTS = ("rate", "name", "hour", "types", "events", "last")
STATES = ("coming", "silent")


@dataclass(frozen=True, slots=True)
class SourceShown:
    """A row of the list; ``silent_ms`` is None while the source comes as usual."""

    source: SourceSeen
    buses: Sequence[str]
    silent_ms: float | None
    posters: Sequence[Poster]
    its_events: str


@require_safe
@login_required
def sources(request: HttpRequest) -> HttpResponse:
    """List the sources of the buses that the reader sees, as the address filters and sorts them."""
    caller = reader(request)
    asked = lists.read(request.GET, texts=("q", "bus", "state"), sorts=SORTS, rising=("name",))
    bus_ids = caller.buses(Scope.EVENTS_READ)
    names = dict(seen.buses(caller, Scope.EVENTS_READ).values_list("pk", "name"))
    if bus := asked.texts.get("bus"):
        bus_ids = frozenset(pk for pk, name in names.items() if name == bus)
    every, now = sources_of(bus_ids), datetime.now(tz=UTC)
    found = [one for one in every if _is_wanted(one, asked.texts, now)]
    found.sort(key=_KEYS[asked.sort], reverse=asked.falling)
    page = asked.cut(found)
    administers = caller.may(Scope.ADMIN)
    posters = posters_of([one.name for one in page], caller.buses(Scope.ADMIN)) if administers else {}
    context = {
        "page": "sources",
        "rows": [
            SourceShown(
                source=one,
                # A deleted bus has no name any more; its events go with retention.
                buses=sorted(names[pk] for pk in one.bus_ids if pk in names),
                silent_ms=one.silent_ms(now),
                posters=posters.get(one.name, ()),
                its_events=events_query(source=one.name),
            )
            for one in page
        ],
        "asked": asked,
        "found": len(found),
        "of": len(every),
        "read": READ if sum(one.types for one in every) >= READ else 0,
        "buses": sorted(names.values()),
        "states": STATES,
        "administers": administers,
        "newest": NEWEST,
        "now": time.time(),
        **asked.pages(len(found)),
    }
    return render(request, "sources.html", context)


def _is_wanted(one: SourceSeen, texts: Mapping[str, str], now: datetime) -> bool:
    if (text := texts.get("q", "").lower()) and text not in one.name.lower():
        return False
    state = texts.get("state")
    return state not in STATES or (one.silent_ms(now) is not None) == (state == "silent")


_KEYS: Mapping[str, Callable[[SourceSeen], Any]] = {
    "rate": lambda one: (one.last_minute, one.hour, one.last_at),
    "name": lambda one: one.name.lower(),
    "hour": lambda one: one.hour,
    "types": lambda one: one.types,
    "events": lambda one: one.events,
    "last": lambda one: one.last_at,
}
