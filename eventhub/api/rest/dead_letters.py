"""Dead letters as a resource, one by one and in groups."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import cached_property
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths_by_bus, searched_masks
from eventhub.api.rest.listing import PAGING, HappenedViewSet, check_parameters
from eventhub.api.rest.media import moment
from eventhub.api.rest.pagination import position_of
from eventhub.api.rest.permissions import verified
from eventhub.domain.mask import MARK, mask_reason
from eventhub.flow.letters import FILTERS, GROUPINGS, FilterError, LetterGroup, grouped, read_filter, selected
from eventhub.journal.port import Selection
from eventhub.journal.rows import DeadLetterRow

_TRUTH = {"true": True, "false": False}


class DeadLetterViewSet(HappenedViewSet):
    """``/api/dead-letters`` and ``/api/dead-letters/groups``."""

    @cached_property
    def _masked(self) -> Collection[int]:
        """Return the buses of whose events anything is masked: a FIFO key is a value of one."""
        return masked_paths_by_bus(verified(self.request))

    def rows(self) -> QuerySet[Any]:
        """Return all dead letters."""
        return DeadLetterRow.objects.all()

    def list(self, request: Request) -> Response:
        """Return one page of those that pass the filters."""
        check_parameters(request, PAGING | {*FILTERS, "redriven", "event_id"})
        given = request.query_params
        redriven = _TRUTH.get(given.get("redriven", ""))
        if redriven is None and given.get("redriven"):
            raise ValidationError({"redriven": f"wanted true or false, found {given['redriven']!r}"})
        rows = selected(self._selection(request), redriven=redriven)
        if given.get("event_id"):
            rows = rows.filter(event_id=_event_id(given["event_id"]))
        page = self.paginate_queryset(rows)
        assert page is not None  # there is a pagination class
        return self.get_paginated_response([self.item(row) for row in page])

    def groups(self, request: Request) -> Response:
        """Return the groups of those that wait and pass the filters, the largest first."""
        check_parameters(request, frozenset({*FILTERS, "by"}))
        by = request.query_params.get("by", ",".join(GROUPINGS)).split(",")
        if set(by) - set(GROUPINGS):
            wanted = f"some of {', '.join(GROUPINGS)}, with commas between"
            raise ValidationError({"by": f"wanted {wanted}, found {request.query_params['by']!r}"})
        groups, more = grouped(self._selection(request), by, masked=self._masked)
        return Response({"items": [group_json(group) for group in groups], "next": None, "more": more})

    def _selection(self, request: Request) -> Selection:
        asked = request.query_params
        given = {name: str(asked[name]) for name in FILTERS if name in asked}
        return selection_of(given, verified(request), Scope.EVENTS_READ)

    def item(self, row: DeadLetterRow) -> dict[str, Any]:
        """Return a dead letter."""
        return {
            "id": row.seq,
            "position": str(position_of(row)),
            "event_id": str(row.event_id),
            "delivery_id": row.delivery_id,
            "bus": row.bus,
            "rule_id": row.rule_id,
            "rule": row.rule,
            "target_id": row.target_id,
            "target": row.target,
            "reason_class": row.reason_class,
            "reason": mask_reason(row.reason) if row.bus_id in self._masked else row.reason,
            "status": row.status,
            "attempt_count": row.attempts,
            "fifo_key": MARK if row.fifo_key and row.bus_id in self._masked else row.fifo_key,
            "first_at": moment(row.first_at),
            "last_at": moment(row.last_at),
            "dead_at": moment(row.dead_at),
            "redriven_at": moment(row.redriven_at),
        }

    def whole(self, row: DeadLetterRow) -> dict[str, Any]:
        """Return the same: its attempts are its delivery's."""
        return self.item(row)


def selection_of(given: Mapping[str, str], caller: Caller, scope: Scope) -> Selection:
    """Return what a filter selects, on buses where the caller has the scope; raises ValidationError."""
    bus_ids = caller.buses(scope)
    masked = searched_masks(caller, bus_ids, given.get("bus", ""))
    try:
        return read_filter(given, bus_ids=bus_ids, is_masked=bool(masked))
    except FilterError as error:
        raise ValidationError(error.wrong) from error


def group_json(group: LetterGroup) -> dict[str, Any]:
    """Return a group; ``filter`` picks its letters, in a list's address and in a redrive."""
    return {
        "target": group.target,
        "bus": group.bus,
        "rule": group.rule,
        "reason_class": group.reason_class,
        "reason": group.reason,
        "count": group.letters,
        "first_dead_at": moment(group.first_at),
        "last_dead_at": moment(group.last_at),
        "filter": group.filter(),
    }


def _event_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError({"event_id": f"wanted an id such as an event's, found {text!r}"}) from None
