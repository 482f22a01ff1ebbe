"""One event in short, beside the stream: what became of it, and its values with the terms that find them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths, masked_paths_by_bus
from eventhub.dashboard import words
from eventhub.dashboard.permitted import reader
from eventhub.domain import jsontext
from eventhub.domain.filter.terms import AnyOf, Step, Term, Value
from eventhub.domain.mask import MARK, is_masked, mask, mask_reason
from eventhub.flow.stored import event_of
from eventhub.journal.rows import AttemptRow, EventRow, OutcomeRow
from eventhub.live.sums import rows_with_fate

_MOST_VALUES = 40
_MOST_DELIVERIES = 20
_LONGEST_TERM = 120  # characters of a value that can be clicked into a filter
_LONGEST_SHOWN = 200
_PREVIEW = 160  # characters of a payload in a row
_MOST_PREVIEWS = 60


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of the detail: where it is, how it reads, and the term that finds it ("" if none can)."""

    path: str
    text: str
    kind: str  # string, number or word
    term: str


@dataclass(frozen=True, slots=True)
class Leg:
    """A delivery in a line."""

    row: OutcomeRow
    said: words.Said
    error: str


@require_safe
@login_required
def summary(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Show one event in short."""
    caller = reader(request)
    row = seen.on_buses(EventRow.objects.filter(id=event_id), caller, Scope.EVENTS_READ).first()
    if row is None:
        raise Http404(f"there is no event {event_id}")
    masked = masked_paths(caller, row.bus_id)
    fate = rows_with_fate(EventRow.objects.filter(id=event_id))[0]
    values = list(leaves(jsontext.decode(event_of(row, masked).detail), masked))
    legs, more_legs = _legs(event_id, is_masked=bool(masked))
    context = {
        "event": row,
        "fate": fate,
        "said": words.result(fate),
        "legs": legs,
        "more_legs": more_legs,
        "values": values[:_MOST_VALUES],
        "more_values": max(0, len(values) - _MOST_VALUES),
        "terms": {
            word: str(Term(word, AnyOf((Value((text,)),))))
            for word, text in (("type", row.detail_type), ("source", row.source), ("bus", row.bus))
        },
        "may_add_rules": caller.may(Scope.RULES_WRITE, row.bus_id),
    }
    return render(request, "summary.html", context)


def _legs(event_id: UUID, *, is_masked: bool) -> tuple[list[Leg], int]:
    """Return the first deliveries, each with its last error, and how many more there are."""
    outcomes = list(OutcomeRow.objects.filter(event_id=event_id).order_by("seq"))
    last = {}
    for attempt in AttemptRow.objects.filter(event_id=event_id).order_by("number"):
        last[attempt.delivery_id] = attempt.error
    legs = []
    for one in outcomes[:_MOST_DELIVERIES]:
        error = last.get(one.seq, "")
        said = words.outcome(one.state, one.attempts)
        legs.append(Leg(one, said, mask_reason(error) if is_masked else error))
    return legs, max(0, len(outcomes) - _MOST_DELIVERIES)


def leaves(detail: Any, masked: Sequence[str] = ()) -> Iterator[Leaf]:
    """Yield the values of a detail in its order, arrays passed through as filters do.

    >>> [(leaf.path, leaf.text, leaf.term) for leaf in leaves({"a": [{"b": "x y"}], "n": 2, "c": "2"})]
    [('a.b', 'x y', 'detail.a.b:"x y"'), ('n', '2', 'detail.n:2'), ('c', '2', 'detail.c:"2"')]
    """
    waiting: list[tuple[tuple[Step, ...], Any, bool]] = [((), detail, True)]
    while waiting:
        path, value, asked = waiting.pop()
        if isinstance(value, dict) and value:
            waiting.extend(((*path, name), one, asked) for name, one in reversed(value.items()))
        elif isinstance(value, list) and value:
            # Filters pass through an array, not through one in it.
            waiting.extend((path, one, asked and not isinstance(one, list)) for one in reversed(value))
        else:
            yield _leaf(path, value, masked, asked=asked)


def _leaf(path: tuple[Step, ...], value: Any, masked: Sequence[str], *, asked: bool) -> Leaf:
    text = value if isinstance(value, str) else jsontext.encode(value).decode()
    kind = "word" if value is None or isinstance(value, bool) else "number"
    kind = "string" if isinstance(value, str) else kind
    name = ".".join(map(str, path)) or "detail"
    hidden = text == MARK or is_masked(f"detail.{name}", masked)
    term = ""
    if asked and path and not hidden and len(text) <= _LONGEST_TERM and not isinstance(value, (dict, list)):
        # A string that reads like something else is asked for in quotes.
        quoted = isinstance(value, str) and _reads_otherwise(text)
        term = str(Term("detail", AnyOf((Value((text,), quoted),)), path))
    return Leaf(name, text[:_LONGEST_SHOWN] + ("…" if len(text) > _LONGEST_SHOWN else ""), kind, term)


def _reads_otherwise(text: str) -> bool:
    if text in {"exists", "none"}:
        return True
    try:
        return not isinstance(msgspec.json.decode(text), (dict, list, str))
    except (msgspec.DecodeError, RecursionError):
        return False


@require_safe
@login_required
def previews(request: HttpRequest) -> JsonResponse:
    """Return the beginnings of the details of up to 60 events, by their ids: ``{"previews": {id: text}}``."""
    caller = reader(request)
    ids = []
    for text in request.GET.getlist("id")[:_MOST_PREVIEWS]:
        try:
            ids.append(UUID(text))
        except ValueError:
            raise Http404(f"wanted ids of events, found {text!r:.60}") from None
    masks = masked_paths_by_bus(caller)
    mine = seen.on_buses(EventRow.objects.filter(id__in=ids), caller, Scope.EVENTS_READ)
    found = {
        str(row.id): mask(row.detail.encode(), masks.get(row.bus_id, ())).decode()[:_PREVIEW]
        for row in mine.only("id", "bus_id", "detail")
    }
    return JsonResponse({"previews": found})
