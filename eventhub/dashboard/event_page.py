"""The page of one event, and the list of events."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.dashboard import paging, words
from eventhub.dashboard.journey import existing_rules, journey_of
from eventhub.dashboard.permitted import reader
from eventhub.journal.rows import EventRow, RepeatedRow
from eventhub.live.sums import rows_with_fate

_FILTERS = {"bus": "bus", "source": "source", "type": "detail_type"}


@require_safe
@login_required
def events(request: HttpRequest) -> HttpResponse:
    """List events, the newest first; ``?bus=``, ``?source=`` and ``?type=`` pick some."""
    filters = {name: request.GET[name] for name in _FILTERS if request.GET.get(name)}
    caller = reader(request)
    every = seen.on_buses(EventRow.objects.all(), caller, Scope.EVENTS_READ)
    rows = every.filter(**{_FILTERS[name]: value for name, value in filters.items()})
    page = paging.page_of(request, rows, filters)
    fates = {
        row.id: row for row in rows_with_fate(EventRow.objects.filter(id__in=[row.id for row in page.rows]))
    }
    listed = [(row, fates[row.id], words.result(fates[row.id])) for row in page.rows if row.id in fates]
    context = {
        "page": "events",
        "rows": listed,
        "filters": filters,
        "paging": page,
        "buses": seen.buses(caller, Scope.EVENTS_READ),
    }
    return render(request, "events.html", context)


@require_safe
@login_required
def event(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Show one event's journey."""
    caller = reader(request)
    row = seen.on_buses(EventRow.objects.filter(id=event_id), caller, Scope.EVENTS_READ).first()
    if row is None:
        raise Http404(f"there is no event {event_id}")
    journey = journey_of(row, caller)
    fate = rows_with_fate(EventRow.objects.filter(id=event_id))[0]
    context = {
        "page": "events",
        "journey": journey,
        "event": row,
        "said": words.result(fate),
        "repeated": RepeatedRow.objects.filter(pk=event_id).first() if row.key is not None else None,
        "bytes": len(row.detail.encode()),
        "existing": existing_rules(journey),
        "may_redrive": caller.may(Scope.RULES_WRITE, row.bus_id),
    }
    return render(request, "event.html", context)
