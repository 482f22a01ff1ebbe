"""Redrives as a resource: dead letters brought back, counted first if asked, and steered on their way.

Making and steering takes ``rules:write``, as pausing a target does: it decides what goes out and how fast.
A key that is limited to buses redrives letters of those buses, and sees and steers the redrives it made.
"""

from typing import Any

import msgspec
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.rest.dead_letters import selection_of
from eventhub.api.rest.errors import Conflict
from eventhub.api.rest.fields import Body
from eventhub.api.rest.listing import PAGING, check_parameters, chosen
from eventhub.api.rest.media import JSONAnswer, JSONBody, moment_of
from eventhub.api.rest.pagination import NumberPagination
from eventhub.api.rest.permissions import verified
from eventhub.flow import letters
from eventhub.flow.process import parts
from eventhub.journal.port import Redrive, RedriveState, Selection
from eventhub.journal.rows import RedriveRow

_NEW = {
    "ids": f"1 to {letters.MAX_IDS} numbers of dead letters; or filter",
    "filter": "an object that names what the letters have in common; {} for all of them",
    "rate_per_second": f"a number from {letters.LEAST_PER_SECOND} to {letters.MOST_PER_SECOND:g}",
    "dry_run": "true to count only, or false",
}


class RedriveViewSet(ViewSet):
    """``/api/redrives``."""

    reads = Scope.EVENTS_READ
    writes = Scope.RULES_WRITE
    parser_classes = [JSONBody]
    renderer_classes = [JSONAnswer]

    def list(self, request: Request) -> Response:
        """Answer the redrives, the newest first; ``before`` takes the id of one."""
        check_parameters(request, PAGING | {"state"})
        rows = self._seen(request)
        if (state := chosen(request, "state", RedriveState)) is not None:
            rows = rows.filter(state=state)
        pages = NumberPagination()
        page = pages.paginate_queryset(rows, request)
        return pages.get_paginated_response([redrive_json(letters.redrive_of(row)) for row in page])

    def retrieve(self, request: Request, redrive_id: int) -> Response:
        """Answer one, with its progress."""
        check_parameters(request, frozenset())
        return Response(redrive_json(self._one(request, redrive_id)))

    def create(self, request: Request) -> Response:
        """Begin a redrive; with ``dry_run`` count what it would take, and do nothing."""
        caller = verified(request)
        body = Body(request, _NEW)
        rate = body.number(
            "rate_per_second",
            letters.LEAST_PER_SECOND,
            letters.MOST_PER_SECOND,
            default=letters.PER_SECOND,
        )
        dry_run = body.take("dry_run", bool, default=False)
        selection = _selection(body, caller)
        journal = parts().journal
        if dry_run:
            return Response({"dry_run": True, "count": journal.count_dead_letters(selection)})
        made = letters.start(journal, selection, per_second=float(rate), who=caller.who)
        return Response(redrive_json(made), 201)

    def steer(self, request: Request, redrive_id: int, state: RedriveState) -> Response:
        """Pause, resume or cancel."""
        Body(request, {}).done()
        was = self._one(request, redrive_id)
        caller = verified(request)
        if was.made_by != caller.who and not caller.may_everywhere(Scope.RULES_WRITE):
            raise PermissionDenied(
                f"to steer a redrive of somebody else needs the scope {Scope.RULES_WRITE} on every bus"
            )
        if not letters.steer(parts().journal, redrive_id, state):
            raise Conflict(f"the redrive is {self._one(request, was.id).state}")
        return Response(redrive_json(self._one(request, redrive_id)))

    def _seen(self, request: Request) -> QuerySet[RedriveRow]:
        caller = verified(request)
        return letters.redrives(who=None if caller.bus_ids is None else caller.who)

    def _one(self, request: Request, redrive_id: int) -> Redrive:
        row = self._seen(request).filter(id=redrive_id).first() if redrive_id < 2**63 else None
        if row is None:
            raise Http404
        return letters.redrive_of(row)


def _selection(body: Body, caller: Caller) -> Selection:
    """Return what the body selects; raises ValidationError with everything that is wrong with it."""
    ids = body.take("ids", list, default=None)
    given = body.take("filter", dict, default=None)
    if ids is None and given is None:
        body.wrong.setdefault("ids", "wanted ids or filter, found neither")
    if ids is not None and given is not None:
        body.wrong.setdefault("ids", "wanted either ids or filter, found both")
    if ids is not None and not all(type(one) is int and 0 <= one < 2**63 for one in ids):
        body.refuse("ids", "something else among them")
    body.done()
    if ids is not None:
        try:
            return letters.of_ids(ids, caller.buses(Scope.RULES_WRITE))
        except letters.FilterError as error:
            raise ValidationError(error.wrong) from error
    texts = {}
    for name, value in given.items():
        if name == "status" and type(value) is int:
            texts[name] = str(value)
        elif isinstance(value, str) and value:
            texts[name] = value
        else:
            wanted = "a number" if name == "status" else "a text that is not empty"
            body.wrong[f"filter.{name}"] = f"wanted {wanted}, found {value!r:.80}"
    body.done()
    try:
        return selection_of(texts, caller, Scope.RULES_WRITE)
    except ValidationError as error:
        raise ValidationError({"filter": error.detail}) from error


def redrive_json(one: Redrive) -> dict[str, Any]:
    """Return a redrive with its progress."""
    return {
        "id": one.id,
        "state": one.state,
        **selection_json(one.selection),
        "rate_per_second": one.per_second,
        "total": one.total,
        "done": one.done,
        "skipped": one.skipped,
        "skips": dict(one.skips),
        "made_at": moment_of(one.made_at),
        "made_by": one.made_by,
        "changed_at": moment_of(one.changed_at),
    }


def selection_json(selection: Selection) -> dict[str, Any]:
    """Return what was selected as it was asked for: ``ids``, or ``filter``; the other is null."""
    if selection.ids:
        return {"ids": list(selection.ids), "filter": None}
    given = {
        name: value
        for name, value in msgspec.to_builtins(selection).items()
        if name in letters.FILTERS and value is not None
    }
    for name in ("since", "until"):
        if name in given:
            given[name] = moment_of(given[name])
    return {"ids": None, "filter": given}
