"""The rows of the stream: what it begins with, what a gap hides, and what a filter finds, newest first."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import searched_masks
from eventhub.dashboard import paging, words
from eventhub.dashboard.permitted import asked_bus, reader
from eventhub.flow.find import WrongSearchError, find, read_search
from eventhub.journal.port import Found
from eventhub.journal.rows import EventRow
from eventhub.live.rows import Row
from eventhub.live.sums import rows_with_fate
from eventhub.models import Bus

ASKED = ("q", "from", "to")  # what makes a list of events a search
_AT_ONCE = 200
_MOST_PINS = 5


@dataclass(frozen=True, slots=True)
class Listed:
    """Some events, newest first; whether older ones are left, and how far a search looked."""

    rows: list[Row]
    more: bool
    found: Found | None = None  # of a search

    @property
    def told(self) -> list[tuple[Row, words.Said, str]]:
        """Return the rows with their results and counts of rules in words."""
        return [(row, words.result(row), words.rule_count(row)) for row in self.rows]

    @property
    def looked(self) -> str:
        """Return how far a search looked that ran out of time, for people; else nothing."""
        if self.found is None or not self.found.timed_out:
            return ""
        if self.found.of is None or self.found.scanned is None:
            return "time was up"
        return f"looked at {self.found.scanned:,} of {self.found.of:,} events"


@require_safe
@login_required
def rows(request: HttpRequest) -> JsonResponse:
    """Return events as the socket sends them, oldest first; those between ``after`` and ``before``, if given.

    ``{"rows": […], "more": true if older ones are left, "next": the cursor of a search, "looked": …}``; the
    newest ones if they are too many at once. With ``?q=``, ``?from=`` and ``?to=`` those that a search finds:
    400 ``{"error": …, "at": column or null}`` if it cannot be one.
    """
    caller = reader(request)
    try:
        listed = listed_events(caller, asked_bus(request, caller), request.GET.dict(), limit=_AT_ONCE)
    except WrongSearchError as error:
        return JsonResponse({"error": "; ".join(error.wrong.values()), "at": error.at}, status=400)
    return JsonResponse(_loaded(listed))


def _loaded(listed: Listed) -> dict[str, Any]:
    found = listed.found
    return {
        "rows": _sent(listed.rows),
        "more": listed.more,
        "next": found.next if found else None,
        "looked": listed.looked,
    }


def listed_events(caller: Caller, bus: Bus | None, given: Mapping[str, str], *, limit: int) -> Listed:
    """Return the newest events that a caller may see; raises WrongSearchError for a search that is none.

    ``given`` may have ``q``, ``from``, ``to``, ``cursor``, and ``after`` and ``before``, positions.
    """
    if any(given.get(name) for name in (*ASKED, "cursor")):
        return _searched(caller, bus, given, limit)
    after, before = (paging.position(given.get(name)) for name in ("after", "before"))
    events = seen.on_buses(EventRow.objects.all(), caller, Scope.EVENTS_READ)
    if bus is not None:
        events = events.filter(bus_id=bus.pk)
    found = rows_with_fate(paging.between(events, after, before)[: limit + 1])
    return Listed(found[:limit], len(found) > limit)


def _searched(caller: Caller, bus: Bus | None, given: Mapping[str, str], limit: int) -> Listed:
    bus_ids = caller.buses(Scope.EVENTS_READ) if bus is None else {bus.pk}
    masked = searched_masks(caller, bus_ids)
    names = (*ASKED, "after", "before", "cursor")
    asked = {name: given.get(name, "") for name in names}
    found = find(read_search(asked, limit=limit, bus_ids=bus_ids, masked=masked))
    return Listed(_in_order(found.ids), found.next is not None, found)


def _in_order(ids: Sequence[UUID]) -> list[Row]:
    rows = {row.id: row for row in rows_with_fate(EventRow.objects.filter(id__in=ids))}
    return [rows[one] for one in ids if one in rows]


def start(request: HttpRequest, caller: Caller, listed: Listed) -> dict[str, Any]:
    """Return what the page's module begins with: these rows, and those that the address has pinned."""
    older: dict[str, Any] | None = None
    if listed.more:
        found = listed.found
        older = {"cursor": found.next, "looked": listed.looked} if found else {}
        older["before"] = None if found else str(listed.rows[-1].position)
    return {
        "rows": _sent(listed.rows),
        "pos": str(max(row.position for row in listed.rows)) if listed.rows else None,
        "older": older,
        "pinned": _sent(_pinned(request, caller)),
    }


def _pinned(request: HttpRequest, caller: Caller) -> list[Row]:
    ids = []
    for text in request.GET.get("pin", "").split(",")[:_MOST_PINS]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue  # an address that was mended by hand
    mine = seen.on_buses(EventRow.objects.filter(id__in=ids), caller, Scope.EVENTS_READ)
    return rows_with_fate(mine) if ids else []


def _sent(rows: Sequence[Row]) -> list[Any]:
    """Return rows as the socket sends them, oldest first."""
    return [json.loads(row.text) for row in reversed(rows)]
