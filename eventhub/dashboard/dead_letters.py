"""The list of dead letters: deliveries given up, each with its reason."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.dashboard import paging
from eventhub.journal.rows import DeadLetterRow, EventRow

_FILTERS = {"target": "target", "rule": "rule", "reason": "reason_class"}


@require_safe
@login_required
def dead_letters(request: HttpRequest) -> HttpResponse:
    """List dead letters, the newest first; ``?target=``, ``?rule=`` and ``?reason=`` pick some."""
    filters = {name: request.GET[name] for name in _FILTERS if request.GET.get(name)}
    rows = DeadLetterRow.objects.filter(**{_FILTERS[name]: value for name, value in filters.items()})
    page = paging.page_of(request, rows, filters)
    events = EventRow.objects.filter(id__in={row.event_id for row in page.rows})
    types = dict(events.values_list("id", "detail_type"))
    listed = [(row, types.get(row.event_id, "")) for row in page.rows]
    context = {"page": "dead-letters", "rows": listed, "filters": filters, "paging": page}
    return render(request, "dead_letters.html", context)
