"""What the scrubber asks while it is moved: bars that grew, and the flow at an instant."""

import time

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from eventhub.access.scopes import Scope
from eventhub.dashboard.permitted import asked_bus, reader
from eventhub.dashboard.scrubber.bars import read_bars
from eventhub.dashboard.scrubber.instant import picture
from eventhub.dashboard.scrubber.marks import read_marks
from eventhub.dashboard.scrubber.span import BARS, asked
from eventhub.flow.process import parts
from eventhub.live.view import view_of

LONGEST_STEP = 3600
LONGEST_GROUP = 300  # a group's key, as on the socket


@require_safe
@login_required
def bars(request: HttpRequest) -> HttpResponse:
    """Return the span's bars from the bar ``first`` on, with the marks of the whole span.

    ``{"since", "step", "first", "bars": [[accepted, failed], …], "marks": [[second, kind, text], …]}``;
    ``since`` is the begin of the span's first bar.
    """
    caller = reader(request)
    bus = asked_bus(request, caller)
    span = asked(request.GET, int(time.time()))
    # A page that knows the span tells which of its bars may have grown; the second is the one they began at.
    known = _number(request, "since", 0)
    first = _number(request, "first", 0) if known == span.since else 0
    first = min(BARS - 1, first)
    bus_ids = caller.buses(Scope.EVENTS_READ) if bus is None else {bus.pk}
    read = read_bars(parts().journal, span, bus_ids, first)
    marks = read_marks(parts().journal, span, caller, bus.pk if bus else None)
    return JsonResponse(
        {
            "since": span.since,
            "step": span.length.step,
            "first": first,
            "bars": list(zip(read.accepted, read.failed, strict=True))[first:],
            "marks": [[mark.at, mark.kind, mark.text] for mark in marks],
        }
    )


@require_safe
@login_required
def at(request: HttpRequest) -> HttpResponse:
    """Return the flow at the instant ``at``, with the news of the last ``step`` seconds (``instant``)."""
    caller = reader(request)
    bus = asked_bus(request, caller)
    now = int(time.time())
    span = asked(request.GET, now)
    if span.at is None:
        raise BadRequest("at: wanted a moment of the past seven days that is over")
    view = view_of(caller, bus.pk if bus else None, request.GET.get("group", "")[:LONGEST_GROUP])
    step = min(LONGEST_STEP, _number(request, "step", 0))
    journal, keeper = parts().journal, parts().keeper
    text = picture(journal, keeper.current, view, span.at, now=now, step=step)
    return HttpResponse(text, content_type="application/json")


def _number(request: HttpRequest, name: str, usual: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise BadRequest(f"{name}: wanted a whole number, found {text!r:.40}")
    return int(text)
