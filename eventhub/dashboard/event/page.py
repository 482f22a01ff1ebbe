"""The page of one event, and its parts one by one: rows, a delivery, an attempt's exchange, the overview."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.dashboard import words
from eventhub.dashboard.event.causes import causes_of
from eventhub.dashboard.event.delivered import payloads_of
from eventhub.dashboard.event.exchange import exchange_of
from eventhub.dashboard.event.journey import Journey, Wanted, envelope_text, journey_of
from eventhub.dashboard.event.ruling import Ruling, When, ruling_now, ruling_then
from eventhub.dashboard.event.verdict import Facts, Verdict, verdict
from eventhub.dashboard.permitted import reader
from eventhub.domain import jsontext
from eventhub.domain.mask import mask_reason
from eventhub.domain.redaction import mark_of
from eventhub.flow.again import why_not_again
from eventhub.flow.replayed import BY, OF_REPLAYS, replay_of
from eventhub.journal.port import OutcomeState
from eventhub.journal.rows import AttemptRow, EventRow, RepeatedRow
from eventhub.live.sums import rows_with_fate
from eventhub.models import Bus, Target

_TABS = ("data", "envelope", "delivered", "attributes")


@require_safe
@login_required
def event(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Show the journey; ``?attempt=41.3`` or ``?delivery=41`` opens one, ``?rules=now`` asks today's."""
    caller = reader(request)
    row = _event(event_id, caller)
    journey = journey_of(row, caller, _wanted(request.GET))
    then = _then(journey)
    ruling = ruling_now(row, journey.masked) if request.GET.get("rules") == When.NOW else then
    context = {
        "page": "events",
        "journey": journey,
        "event": row,
        "said": _said(journey),
        "verdict": _verdict(journey, then),
        "ruling": ruling,
        "listed": request.GET.get("list") == "all",
        "changed": _changed(then, ruling),
        "causes": causes_of(row, caller),
        "redaction": mark_of(row.attributes.encode()),
        "repeated": RepeatedRow.objects.filter(pk=event_id).first() if row.key is not None else None,
        "bytes": len(row.detail.encode()),
        "detail": journey.seen.detail.decode(),
        "envelope": envelope_text(journey),
        "payloads": payloads_of(journey.seen, journey.outcomes[:100], journey.masked),
        "attributes": _attributes(row),
        "replay": replay_of(journey.seen),
        "replayed_by": jsontext.decode(row.attributes.encode()).get(BY, ""),
        "tab": request.GET.get("show") if request.GET.get("show") in _TABS else "data",
        "targets": _existing_targets(journey),
        **_rights(caller, journey),
    }
    return render(request, "event.html", context)


@require_safe
@login_required
def rows(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Render the rows from ``?from=`` on, for a page that shows them as they come into view."""
    caller = reader(request)
    journey = journey_of(_event(event_id, caller), caller, _wanted(request.GET))
    context = {"journey": journey, "event": journey.event, **_rights(caller, journey)}
    return render(request, "event/_rows.html", context | {"targets": _existing_targets(journey)})


@require_safe
@login_required
def others(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Render the rules that matched by far not, for a page on which their list is opened."""
    caller = reader(request)
    journey = journey_of(_event(event_id, caller), caller)
    is_now = request.GET.get("rules") == When.NOW
    ruling = ruling_now(journey.event, journey.masked) if is_now else _then(journey)
    return render(request, "event/_others.html", {"event": journey.event, "ruling": ruling})


@require_safe
@login_required
def delivery(request: HttpRequest, event_id: UUID, seq: int) -> HttpResponse:
    """Render what is in one delivery; with ``?from=`` the attempts from that number on alone."""
    caller = reader(request)
    first = _number(request.GET.get("from", ""))
    attempts = frozenset({(seq, first)}) if first else frozenset()
    journey = journey_of(_event(event_id, caller), caller, Wanted(0, frozenset({seq}), attempts))
    found = next((one for one in journey.deliveries if one.row.seq == seq), None)
    if found is None:
        raise Http404(f"event {event_id} has no delivery {seq}")
    context = {"journey": journey, "event": journey.event, "one": found, **_rights(caller, journey)}
    context["targets"] = _existing_targets(journey)
    if not first:
        return render(request, "event/_delivery.html", context)
    steps = [chunk.steps for chunk in found.chunks if chunk.first <= first <= chunk.last]
    return render(request, "event/_steps.html", context | {"steps": steps[0] if steps else []})


@require_safe
@login_required
def attempt(request: HttpRequest, event_id: UUID, seq: int, number: int) -> HttpResponse:
    """Render one attempt's request and response."""
    caller = reader(request)
    event_row = _event(event_id, caller)
    row = AttemptRow.objects.filter(event_id=event_id, delivery_id=seq, number=number).first()
    if row is None:
        raise Http404(f"event {event_id} has no attempt {seq}.{number}")
    is_masked = bool(masked_paths(caller, event_row.bus_id))
    if is_masked:  # of this page alone: it is not saved
        row.error = mask_reason(row.error)
    context = {"event": event_row, "row": row, "exchange": exchange_of(row, is_masked=is_masked)}
    return render(request, "event/_exchange.html", context)


@require_safe
@login_required
def overview(request: HttpRequest, event_id: UUID) -> JsonResponse:
    """Return every lane's bars, as [kind, x, width in percent], for the small picture of a long journey."""
    caller = reader(request)
    journey = journey_of(_event(event_id, caller), caller)
    lanes = [[[bar.kind, bar.x, bar.width] for bar in lane] for lane in journey.overview]
    return JsonResponse({"lanes": lanes})


def _event(event_id: UUID, caller: Caller) -> EventRow:
    found = seen.on_buses(EventRow.objects.filter(id=event_id), caller, Scope.EVENTS_READ).first()
    if found is None:
        raise Http404(f"there is no event {event_id}")
    row: EventRow = found
    return row


def _wanted(given: QueryDict) -> Wanted:
    """Return what an address opens; what is no number opens nothing."""
    attempts = set()
    for text in given.getlist("attempt")[:20]:
        seq, _, number = text.partition(".")
        if _number(seq) and _number(number):
            attempts.add((_number(seq), _number(number)))
    deliveries = {_number(text) for text in given.getlist("delivery")[:20]}
    return Wanted(_number(given.get("from", "")), frozenset(deliveries - {0}), frozenset(attempts))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _then(journey: Journey) -> Ruling:
    if journey.routing is None:
        return Ruling(When.THEN)
    return ruling_then(journey.event, journey.routing, journey.outcomes, journey.masked)


def _verdict(journey: Journey, then: Ruling) -> Verdict:
    event_row, routing = journey.event, journey.routing
    held = next((one.wait.text for one in journey.deliveries if one.wait and one.wait.is_held), "")
    return verdict(
        Facts(
            bus=event_row.bus,
            routing=None if routing is None else routing.state,
            error="" if routing is None else routing.error,
            deliveries=[(one.state, one.attempts, one.rule) for one in journey.outcomes],
            rules=then.in_force,
            too_complex=len(then.too_complex),
            is_redacted=mark_of(event_row.attributes.encode()) is not None,
            is_bus_paused=routing is None and Bus.objects.filter(pk=event_row.bus_id, paused=True).exists(),
            held=held,
        )
    )


def _said(journey: Journey) -> words.Said:
    """Return how the event stands; of dead letters exactly how many, which a row of a list cannot tell."""
    said = words.result(rows_with_fate(EventRow.objects.filter(id=journey.event.id))[0])
    states = [one.state for one in journey.outcomes]
    dead = states.count(OutcomeState.DEAD)
    made = dead + states.count(OutcomeState.PENDING) + states.count(OutcomeState.DELIVERED)
    if not dead or journey.count > len(states):
        return said
    return words.Said(said.glyph, f"dead {dead}/{made}" if made > 1 else "dead", said.tone)


def _changed(then: Ruling, ruling: Ruling) -> tuple[int, int]:
    """Return how many rules match today that did not then, and the other way round."""
    if ruling.when is When.THEN:
        return 0, 0
    before, after = {rule.id for rule in then.matched}, {rule.id for rule in ruling.matched}
    return len(after - before), len(before - after)


def _attributes(row: EventRow) -> list[tuple[str, str]]:
    found: dict[str, Any] = jsontext.decode(row.attributes.encode())
    return [
        (name, value if isinstance(value, str) else jsontext.encode(value).decode())
        for name, value in found.items()
        if name not in OF_REPLAYS
    ]


def _existing_targets(journey: Journey) -> Collection[int]:
    shown = {one.row.target_id for one in journey.deliveries if one.row.target_id}
    return set(Target.objects.filter(pk__in=shown).values_list("pk", flat=True))


def _rights(caller: Caller, journey: Journey) -> dict[str, Any]:
    """Return what the reader may do here: change rules, redrive and replay take an editor of the bus."""
    may_write = caller.may(Scope.RULES_WRITE, journey.event.bus_id)
    dead = any(one.state == OutcomeState.DEAD for one in journey.outcomes)
    return {
        "may_redrive": may_write,
        "may_replay": may_write and not why_not_again(journey.seen),
        "has_dead": dead,
        "opened": {f"{delivery_id}.{number}" for delivery_id, number in journey.wanted.attempts},
    }
