"""The list of events: the newest, or what a one-line filter finds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import searched_masks
from eventhub.dashboard import paging, words
from eventhub.dashboard.permitted import reader
from eventhub.domain.filter.terms import AnyOf, Term, Value
from eventhub.flow.find import WrongSearchError, find, read_search
from eventhub.journal.port import Found
from eventhub.journal.rows import EventRow
from eventhub.live.sums import rows_with_fate

_WORDS = ("bus", "source", "type")  # also taken as parameters of their own: older links have them
_ASKED = ("q", "from", "to")


@dataclass(frozen=True, slots=True)
class Box:
    """The filter's box: what it holds, and what is wrong with it, with the text around the place."""

    texts: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)
    good: str = ""  # the filter up to what is wrong
    bad: str = ""

    @property
    def query(self) -> str:
        """Return the search as a query."""
        return urlencode(self.texts)


@require_safe
@login_required
def events(request: HttpRequest) -> HttpResponse:
    """List events, the newest first; ``?q=``, ``?from=`` and ``?to=`` search them."""
    every = seen.on_buses(EventRow.objects.all(), reader(request), Scope.EVENTS_READ)
    texts = _texts(request)
    context: dict[str, Any] = {"page": "events", "box": Box(texts)}
    if not texts and not request.GET.get("cursor"):
        page = paging.page_of(request, every, {})
        context |= {"rows": _listed(page.rows), "paging": page}
        return render(request, "events.html", context)
    try:
        found = _search(request, texts)
    except WrongSearchError as error:
        context["box"] = _wrong(texts, error)
        return render(request, "events.html", context, status=400)
    by_id = {row.id: row for row in EventRow.objects.filter(id__in=found.ids)}
    older = "?" + urlencode({**texts, "cursor": found.next}) if found.next else ""
    newest = "?" + urlencode(texts) if request.GET.get("cursor") else ""
    rows = [by_id[event_id] for event_id in found.ids if event_id in by_id]
    context |= {"rows": _listed(rows), "found": found, "paging": paging.Page(rows, newest, older)}
    return render(request, "events.html", context)


def _texts(request: HttpRequest) -> dict[str, str]:
    """Return what is asked for, parameters of one word put into the filter."""
    texts = {name: request.GET.get(name, "").strip() for name in _ASKED}
    terms = [
        str(Term(word, AnyOf((Value((request.GET[word],)),)))) for word in _WORDS if request.GET.get(word)
    ]
    texts["q"] = " ".join(
        [*terms, f"({texts['q']})" if terms and " OR " in texts["q"] else texts["q"]]
    ).strip()
    return {name: text for name, text in texts.items() if text}


def _search(request: HttpRequest, texts: dict[str, str]) -> Found:
    caller = reader(request)
    given = {**texts, "cursor": request.GET.get("cursor", "")}
    bus_ids = caller.buses(Scope.EVENTS_READ)
    masked = searched_masks(caller, bus_ids)
    return find(read_search(given, limit=paging.PER_PAGE, bus_ids=bus_ids, masked=masked))


def _wrong(texts: dict[str, str], error: WrongSearchError) -> Box:
    if error.at is None:
        return Box(texts, dict(error.wrong))
    q = texts.get("q", "")
    return Box(texts, dict(error.wrong), q[: error.at], q[error.at :])


def _listed(rows: Sequence[EventRow]) -> list[tuple[EventRow, Any, words.Said]]:
    """Return events with what became of them."""
    fates = {row.id: row for row in rows_with_fate(EventRow.objects.filter(id__in=[row.id for row in rows]))}
    return [(row, fates[row.id], words.result(fates[row.id])) for row in rows if row.id in fates]
