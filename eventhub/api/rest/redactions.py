"""Redactions as a resource: personal data taken out of events and their copies. For administrators.

A request redacts at most a thousand events and says whether there are more; the same request with ``after``
goes on. A key that is limited to buses redacts events of these.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from eventhub.access.scopes import Scope
from eventhub.api.rest.audit import entry_json
from eventhub.api.rest.fields import Body, moment_given
from eventhub.api.rest.listing import PAGING, check_parameters
from eventhub.api.rest.media import JSONAnswer, JSONBody
from eventhub.api.rest.pagination import NumberPagination
from eventhub.api.rest.permissions import verified
from eventhub.flow.process import parts
from eventhub.flow.redact import FIRST, KIND, MOST, Asked, find, redact
from eventhub.journal.port import Journal, Wanted
from eventhub.models import AuditEntry

NEW = {
    "ids": f"1 to {MOST} ids of events; or filter",
    "filter": "an object that names what the events have in common",
    "paths": "paths below detail, such as detail.customer.email; without it, the whole detail is redacted",
    "reason": "a text that says why, of 1 to 500 characters",
    "dry_run": "true to count only, or false",
    "after": "the more_after of an answer",
}
_FILTER = ("bus", "source", "detail-type", "since", "until", "where")
_MOMENTS = ("since", "until")
_PREFIX = "detail."


class RedactionViewSet(ViewSet):
    """``/api/redactions``."""

    reads = writes = Scope.ADMIN
    parser_classes = [JSONBody]
    renderer_classes = [JSONAnswer]

    def list(self, request: Request) -> Response:
        """Answer what the audit trail has of redactions, the newest first; ``before`` takes the id of one."""
        check_parameters(request, PAGING)
        if verified(request).buses(Scope.ADMIN) is not None:
            raise PermissionDenied("who administers some buses lists no redactions: they may be of any")
        pages = NumberPagination()
        page = pages.paginate_queryset(AuditEntry.objects.filter(kind=KIND, action="redacted"), request)
        return pages.get_paginated_response(
            [
                {name: entry_json(row)[name] for name in ("id", "at", "who", "reason")} | (row.after or {})
                for row in page
            ]
        )

    def create(self, request: Request) -> Response:
        """Redact the next events that are meant; with ``dry_run`` count them, and do nothing."""
        caller = verified(request)
        asked = Body(request, NEW)
        return Response(redacted(asked, lambda: parts().journal, caller.who, caller.buses(Scope.ADMIN)))


def redacted(
    body: Body, journal_of: Callable[[], Journal], who: str, bus_ids: frozenset[int] | None
) -> dict[str, Any]:
    """Do what a body asks for, and return the answer; raises ValidationError."""
    dry_run = body.take("dry_run", bool, default=False)
    after = _id(body, "after", body.take("after", str, default=None)) or FIRST
    asked = _asked(body, bus_ids, needs_reason=not dry_run)
    journal = journal_of()
    if dry_run:
        found = find(journal, asked, after=after, most=10 * MOST)
        return {"dry_run": True, "events": len(found.ids)} | _more(found.more_after)
    done = redact(journal, asked, who=who, after=after)
    answer = {
        "dry_run": False,
        "events": done.redaction.events,
        "made_from_them": done.made_from,
        "archived_copies": done.redaction.archived,
        "attempts": done.redaction.attempts,
        "ended_deliveries": done.redaction.ended,
        "left": done.left,
    }
    return answer | _more(done.more_after)


def _more(after: UUID | None) -> dict[str, Any]:
    return {"more_after": None if after is None else str(after)}


def _asked(body: Body, bus_ids: frozenset[int] | None, *, needs_reason: bool) -> Asked:
    """Return what the body asks for; raises ValidationError with everything that is wrong with it."""
    reason = body.take("reason", str, default="")
    if not (reason.strip() or not needs_reason) or len(reason) > 500:
        body.refuse("reason", f"{len(reason)} characters" if reason.strip() else "nothing")
    paths = [_path(body, f"paths[{n}]", one) for n, one in enumerate(body.take("paths", list, default=()))]
    ids = body.take("ids", list, default=None)
    given = body.take("filter", dict, default=None)
    if (ids is None) == (given is None):
        found = "neither" if ids is None else "both"
        body.wrong.setdefault("ids", f"wanted either ids or filter, found {found}")
    if ids is not None and not 1 <= len(ids) <= MOST:
        body.refuse("ids", str(len(ids)))
    read = [_id(body, f"ids[{place}]", one) for place, one in enumerate(ids or ())]
    members, where, equals = _filter(body, given or {})
    if given is not None and not given:
        body.wrong["filter"] = f"wanted at least one of {', '.join(_FILTER)}, found an empty object"
    body.done()
    wanted = Wanted(
        ids=[one for one in read if one], bus_ids=None if bus_ids is None else sorted(bus_ids), **members
    )
    return Asked(wanted, reason.strip(), tuple(path for path in paths if path), where, equals)


def _filter(body: Body, given: Mapping[str, Any]) -> tuple[dict[str, Any], str, Any]:
    members: dict[str, Any] = {}
    where, equals = "", None
    for name, value in given.items():
        place = f"filter.{name}"
        if name not in _FILTER:
            body.wrong[place] = f"unknown; known are: {', '.join(_FILTER)}"
        elif name == "where":
            if not isinstance(value, dict) or value.keys() != {"path", "equals"}:
                body.wrong[place] = "wanted an object with path and equals"
                continue
            where, equals = _path(body, f"{place}.path", value["path"]), value["equals"]
        elif not isinstance(value, str) or not value:
            body.wrong[place] = "wanted a text that is not empty"
        elif name in _MOMENTS:
            try:
                members[name] = moment_given(value)
            except ValueError:
                body.wrong[place] = f"wanted a moment with its zone, found {value!r:.80}"
        else:
            members[name.replace("-", "_")] = value
    return members, where, equals


def _path(body: Body, place: str, given: Any) -> str:
    """Return a path below ``detail``; notes what is none."""
    is_path = isinstance(given, str) and given.startswith(_PREFIX) and all(given.split("."))
    if not is_path:
        body.wrong[place] = f"wanted a path such as detail.customer.email, found {given!r:.80}"
        return ""
    return str(given).removeprefix(_PREFIX)


def _id(body: Body, place: str, given: Any) -> UUID | None:
    if given is None and place == "after":
        return None
    try:
        return UUID(given)
    except (ValueError, TypeError, AttributeError):
        body.wrong[place] = f"wanted an id such as an event's, found {given!r:.80}"
        return None
