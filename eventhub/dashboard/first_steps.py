"""The newcomer's first two POSTs: a key for the ``curl`` on the page, and a test event by a button."""

from dataclasses import replace

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.first_event import first_event_key
from eventhub.access.scopes import Scope
from eventhub.dashboard.flow_page import render_flow
from eventhub.dashboard.permitted import reader
from eventhub.domain.entry import Entry, Rejected
from eventhub.flow.process import parts
from eventhub.journal.port import JournalUnavailable
from eventhub.journal.rows import EventRow
from eventhub.models import DEFAULT_BUS, Bus

TEST_EVENT = Entry(
    bus=DEFAULT_BUS,
    source="eventhub.test",
    detail_type="test.sent",
    detail=b'{"message": "Hello from the flow page", "amount": 42}',
)


@require_POST
@login_required
def first_key(request: HttpRequest) -> HttpResponse:
    """Mint a key for the reader's first event: one bus, one hour, and only while they see no event."""
    caller = reader(request)
    bus = _bus(request, caller)
    if bus is None:
        return _refused(request, "you may not put events there", 403)
    if seen.on_buses(EventRow.objects.all(), caller, Scope.EVENTS_READ).exists():
        return _refused(request, "there are events already: an administrator makes keys", 409)
    key, secret = first_event_key(bus, timezone.now())
    if _wants_json(request):
        return JsonResponse({"id": key.id, "secret": secret})
    return render_flow(request, (key.id, secret))


@require_POST
@login_required
def test_event(request: HttpRequest) -> HttpResponse:
    """Accept one test event in the reader's name."""
    caller = reader(request)
    bus = _bus(request, caller)
    if bus is None:
        return _refused(request, "you may not put events there", 403)
    entry = replace(TEST_EVENT, bus=bus.name)
    acceptor = parts().acceptor
    assert acceptor is not None  # a role that serves pages accepts
    try:
        (accepted,) = async_to_sync(acceptor.accept)([entry], caller=caller)
    except JournalUnavailable as error:
        return _refused(request, f"nothing can be stored now: {error}", 503)
    if isinstance(accepted, Rejected):
        return _refused(request, accepted.message, 422)
    if _wants_json(request):
        return JsonResponse({"id": str(accepted.id)}, status=202)
    return HttpResponseRedirect(reverse("event", args=[accepted.id]))


def _bus(request: HttpRequest, caller: Caller) -> Bus | None:
    """Return the bus that ``?bus=`` names, without it the default one, if the reader may put events there."""
    name = request.GET.get("bus", DEFAULT_BUS)
    return seen.buses(caller, Scope.EVENTS_PUT).filter(name=name).first()


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _refused(request: HttpRequest, why: str, status: int) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"detail": why}, status=status)
    messages.error(request, f"Not done: {why}.")
    return HttpResponseRedirect(reverse("flow"))
