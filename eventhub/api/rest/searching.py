"""Searching events over REST: one page of what passes, how far one looked, and where to go on."""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from eventhub.access.sensitive import searched_masks
from eventhub.api.rest.listing import check_parameters
from eventhub.api.rest.pagination import DEFAULT_LIMIT, MAX_LIMIT
from eventhub.api.rest.permissions import verified
from eventhub.flow import find
from eventhub.journal.port import Found, Search

KNOWN = find.OWN | find.BOUNDS | {"limit"}  # no `order`: a search has one


def is_search(request: Request, filters: Mapping[str, str]) -> bool:
    """Tell whether a list is asked to search: by a filter, unless ``after`` alone follows what arrives."""
    given = {name for name, text in request.query_params.items() if text}
    if given & find.OWN:
        return True
    return bool(given & filters.keys()) and ("after" not in given or "before" in given)


def search_of(request: Request, filters: Mapping[str, str], bus_ids: frozenset[int] | None) -> Search:
    """Return the search that a request asks for; raises ValidationError naming the parameter."""
    check_parameters(request, KNOWN | filters.keys())
    given = {name: str(text) for name, text in request.query_params.items()}
    try:
        limit = _limit(given.get("limit", ""))
        masked = searched_masks(verified(request), bus_ids, given.get("bus", ""))
        return find.read_search(given, limit=limit, bus_ids=bus_ids, masked=masked)
    except find.WrongSearchError as error:
        raise ValidationError(dict(error.wrong)) from error


def found(asked: Search) -> Found:
    """Return what the journal answers; raises ValidationError for a cursor that is none."""
    try:
        return find.find(asked)
    except find.WrongSearchError as error:
        raise ValidationError(dict(error.wrong)) from error


def page_json(request: Request, page: Found, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the answer: ``timed_out`` tells that a page that is not full may go on at ``next``."""
    following = None
    if page.next is not None:
        query = request.query_params.copy()
        query["cursor"] = page.next
        following = f"{request.path}?{query.urlencode()}"  # a path: it works through any proxy
    return {
        "items": items,
        "next": following,
        "scanned": page.scanned,
        "of": page.of,
        "timed_out": page.timed_out,
    }


def _limit(text: str) -> int:
    if not text:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) < 19 and 1 <= int(text) <= MAX_LIMIT):
        raise ValidationError({"limit": f"wanted a whole number from 1 to {MAX_LIMIT}, found {text!r:.40}"})
    return int(text)
