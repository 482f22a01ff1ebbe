"""The page of one event."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.dashboard import words
from eventhub.dashboard.event.journey import existing_rules, journey_of
from eventhub.dashboard.permitted import reader
from eventhub.domain.redaction import mark_of
from eventhub.journal.rows import EventRow, RepeatedRow
from eventhub.live.sums import rows_with_fate


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
        "redaction": mark_of(row.attributes.encode()),
        "said": words.result(fate),
        "repeated": RepeatedRow.objects.filter(pk=event_id).first() if row.key is not None else None,
        "bytes": len(row.detail.encode()),
        "existing": existing_rules(journey),
        "may_redrive": caller.may(Scope.RULES_WRITE, row.bus_id),
    }
    return render(request, "event.html", context)
