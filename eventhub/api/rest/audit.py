"""The audit trail as a resource: every change of what is configured, the newest first. For administrators."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.access.trail import may_take_back
from eventhub.api.rest.errors import Conflict
from eventhub.api.rest.fields import Body
from eventhub.api.rest.listing import PAGING, check_parameters, moment_parameter
from eventhub.api.rest.media import JSONAnswer, JSONBody, moment, verbatim
from eventhub.api.rest.pagination import NumberPagination
from eventhub.api.rest.permissions import verified
from eventhub.domain import jsontext
from eventhub.domain.difference import Difference, How, differences
from eventhub.flow.rollback import Plan, RollbackRefusedError, plan, roll_back
from eventhub.models import AuditEntry, Door

_ROLLBACK = {
    "dry_run": "true to tell what would change, or false",
    "reason": "a text that the trail keeps",
}
_COLUMNS = {
    "kind": "kind",
    "name": "name",
    "who": "who",
    "action": "action",
    "door": "door",
    "change": "change",
}
_FILTERS = frozenset({*_COLUMNS, "object", "bus_id", "since", "until"})
_MOMENTS = {"since": "at__gte", "until": "at__lt"}


class AuditViewSet(ViewSet):
    """``/api/audit``."""

    reads = writes = Scope.ADMIN
    parser_classes = [JSONBody]
    renderer_classes = [JSONAnswer]

    def list(self, request: Request) -> Response:
        """Answer the entries that pass the filters, the newest first; ``before`` takes the id of one."""
        check_parameters(request, PAGING | _FILTERS)
        pages = NumberPagination()
        page = pages.paginate_queryset(self._seen(request).filter(**_asked(request)), request)
        return pages.get_paginated_response([entry_json(row) for row in page])

    def retrieve(self, request: Request, entry_id: int) -> Response:
        """Answer one entry, with the whole of what was before and after."""
        check_parameters(request, frozenset())
        entry = self._one(request, entry_id)
        return Response(entry_json(entry) | {"before": entry.before, "after": entry.after})

    def rollback(self, request: Request, entry_id: int) -> Response:
        """Take an entry's change back; with ``dry_run`` tell what that would change, and do nothing."""
        body = Body(request, _ROLLBACK)
        dry_run = body.take("dry_run", bool, default=False)
        reason = body.take("reason", str, default="")
        body.done()
        entry, caller = self._one(request, entry_id), verified(request)
        if not may_take_back(caller, entry):
            raise PermissionDenied(f"a whole bus is made and deleted with {Scope.RULES_WRITE} on every bus")
        try:
            done = plan(entry, caller) if dry_run else roll_back(entry, caller, reason=reason)
        except RollbackRefusedError as error:
            raise Conflict(f"change {entry.pk} cannot be rolled back: {error}") from error
        return Response({"dry_run": dry_run} | plan_json(done))

    def _seen(self, request: Request) -> QuerySet[AuditEntry]:
        return seen.on_buses(AuditEntry.objects.all(), verified(request), Scope.ADMIN)

    def _one(self, request: Request, entry_id: int) -> AuditEntry:
        entry = self._seen(request).filter(pk=entry_id).first() if entry_id < 2**63 else None
        if entry is None:
            raise Http404
        return entry


def _asked(request: Request) -> dict[str, Any]:
    """Return the conditions of a filter; raises ValidationError with what is wrong with it."""
    given = request.query_params
    asked: dict[str, Any] = {column: given[name] for name, column in _COLUMNS.items() if given.get(name)}
    wrong: dict[str, str] = {}
    if given.get("door", Door.REST) not in Door.values:
        wrong["door"] = f"wanted one of {', '.join(sorted(Door.values))}, found {given['door']!r:.80}"
    if text := given.get("object"):
        kind, is_one, key = text.partition(":")
        if not (kind and is_one and key):
            wrong["object"] = f"wanted KIND:ID, such as rule:7, found {text!r:.80}"
        asked |= {"kind": kind, "object_id": key}
    if text := given.get("bus_id"):
        if text.isascii() and text.isdigit() and len(text) < 19:
            asked["bus_id"] = int(text)
        else:
            wrong["bus_id"] = f"wanted the number of a bus, found {text!r:.80}"
    if wrong:
        raise ValidationError(wrong)
    moments = {lookup: moment_parameter(request, name) for name, lookup in _MOMENTS.items()}
    return asked | {lookup: at for lookup, at in moments.items() if at is not None}


def entry_json(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as lists have it."""
    return {
        "id": entry.pk,
        "at": moment(entry.at),
        "who": entry.who,
        "door": entry.door,
        "action": entry.action,
        "kind": entry.kind,
        "object_id": entry.object_id,
        "name": entry.name,
        "bus_id": entry.bus_id,
        "reason": entry.reason,
        "change": entry.change,
        "rolls_back": entry.rolls_back,
        "differences": [difference_json(one) for one in differences(entry.before, entry.after)],
    }


def plan_json(done: Plan) -> dict[str, Any]:
    """Return what a rollback changes."""
    return {
        "kind": done.kind,
        "object_id": done.object_id,
        "name": done.name,
        "differences": [difference_json(one) for one in differences(done.before, done.after)],
        "notes": list(done.notes),
    }


def difference_json(one: Difference) -> dict[str, Any]:
    """Return a difference; ``before`` and ``after`` are there where there was, or is, a value."""
    said: dict[str, Any] = {"path": one.path, "how": one.how}
    if one.how is not How.ADDED:
        said["before"] = verbatim(jsontext.encode(one.before))
    if one.how is not How.REMOVED:
        said["after"] = verbatim(jsontext.encode(one.after))
    return said
