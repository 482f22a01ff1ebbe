"""Trying a transform on a stored event: the payload before and after. Nothing is sent or saved."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.dashboard.permitted import reader
from eventhub.domain.payload import Payload, PayloadFormat
from eventhub.domain.transform import TransformError
from eventhub.flow.preview import SAMPLE_RULE, preview
from eventhub.flow.stored import event_of
from eventhub.journal.rows import EventRow, OutcomeRow
from eventhub.models import RuleTarget, Target

MAX_CHARACTERS = 64 * 1024
EXAMPLE = """{
  "InputTransformer": {
    "InputPathsMap": {"source": "$.source"},
    "InputTemplate": "{\\"from\\": <source>, \\"at\\": <aws.events.event.ingestion-time>}"
  }
}"""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the reader wants to see; ``wrong`` says why it cannot be."""

    text: str = ""
    form: PayloadFormat = PayloadFormat.EVENTBRIDGE
    rule: str = SAMPLE_RULE
    transform: Any = None
    wrong: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def preview_event(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Show the form, filled with ``?delivery=``'s own transform and format, and what comes of it."""
    caller = reader(request)
    row = seen.on_buses(EventRow.objects.filter(id=event_id), caller, Scope.EVENTS_READ).first()
    if row is None:
        raise Http404(f"there is no event {event_id}")
    stored = event_of(row, masked_paths(caller, row.bus_id))
    asked = _posted(request) if request.method == "POST" else _of_delivery(request, row)
    before, after, fault = "", None, asked.wrong
    if not fault:
        try:
            made = preview(stored, asked.transform, payload_format=asked.form, rule=asked.rule)
            before, after, fault = made.before.decode(), made.after, made.fault
        except TransformError as error:
            fault = str(error)
    context = {
        "page": "events",
        "event": row,
        "asked": asked,
        "formats": Target.Format.choices,
        "before": before or preview(stored).before.decode(),
        "after": after,
        "body": _shown(after),
        "fault": fault,
        "example": EXAMPLE,
    }
    return render(request, "preview.html", context, status=400 if asked.wrong else 200)


def _posted(request: HttpRequest) -> _Asked:
    text, form = request.POST.get("transform", "").strip(), request.POST.get("payload_format", "")
    rule = request.POST.get("rule", "").strip() or SAMPLE_RULE
    if form not in set(PayloadFormat):
        return _Asked(text, rule=rule, wrong=f"wanted a format, found {form[:80]!r}")
    chosen = PayloadFormat(form)
    if len(text) > MAX_CHARACTERS:
        return _Asked("", chosen, rule, wrong=f"wanted at most {MAX_CHARACTERS} characters")
    try:
        transform = json.loads(text) if text else None
    except (ValueError, RecursionError) as error:
        return _Asked(text, chosen, rule, wrong=f"the transform is not JSON: {error}")
    return _Asked(text, chosen, rule, transform)


def _of_delivery(request: HttpRequest, event: EventRow) -> _Asked:
    """Return what the target of one of the event's deliveries receives by the configuration of now."""
    text = request.GET.get("delivery", "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return _Asked()
    row = OutcomeRow.objects.filter(event_id=event.id, seq=int(text)).first()
    if row is None or row.target_id is None:
        return _Asked()
    target = Target.objects.filter(pk=row.target_id).first()
    link = RuleTarget.objects.filter(rule_id=row.rule_id, target_id=row.target_id).first()
    # A dead-letter target gets the event as it came.
    transform = link.transform if link is not None and not row.attributes else None
    return _Asked(
        "" if transform is None else json.dumps(transform, indent=2, ensure_ascii=False),
        PayloadFormat(target.payload_format) if target is not None else PayloadFormat.EVENTBRIDGE,
        row.rule,
        transform,
    )


def _shown(payload: Payload | None) -> str:
    return "" if payload is None else payload.body.decode(errors="replace")
