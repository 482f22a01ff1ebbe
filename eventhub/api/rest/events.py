"""Events as a resource."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.api.rest.deliveries import delivery_json
from eventhub.api.rest.listing import HappenedViewSet
from eventhub.api.rest.media import moment, moment_of, verbatim
from eventhub.api.rest.pagination import position_of
from eventhub.api.rest.permissions import verified
from eventhub.api.rest.searching import found, is_search, page_json, search_of
from eventhub.domain.envelope import utc_seconds
from eventhub.domain.mask import mask_fault
from eventhub.domain.redaction import mark_of
from eventhub.flow import find
from eventhub.flow.payload import envelope_of
from eventhub.flow.stored import event_of
from eventhub.journal.rows import EventRow, OutcomeRow, RepeatedRow, RoutingRow, RulesetRow, microseconds

_LONG = ("detail", "attributes")  # not in lists: a thousand events of 256 KB each would be one answer


class EventViewSet(HappenedViewSet):
    """``/api/events``."""

    filters = {"bus": "bus", "source": "source", "detail-type": "detail_type", "key": "key"}
    searched = find.OWN

    def rows(self) -> QuerySet[Any]:
        """Return all events."""
        return EventRow.objects.all() if self.action == "retrieve" else EventRow.objects.defer(*_LONG)

    def item(self, row: EventRow) -> dict[str, Any]:
        """Return an event as a list shows it: without detail and attributes."""
        return {
            "id": str(row.id),
            "position": str(position_of(row)),
            "bus": row.bus,
            "source": row.source,
            "detail-type": row.detail_type,
            "time": utc_seconds(microseconds(row.time)),
            "accepted_at": moment(row.accepted_at),
            "resources": verbatim(row.resources),
            "key": row.key,
            "who": row.who,
            "cause_id": str(row.cause_id) if row.cause_id else None,
            "hops": row.hops,
        }

    def whole(self, row: EventRow) -> dict[str, Any]:
        """Return an event with detail, envelope, routing and deliveries, and how often its key came again."""
        repeated = RepeatedRow.objects.filter(pk=row.id).first() if row.key is not None else None
        routing = RoutingRow.objects.filter(event_id=row.id).first()
        outcomes = OutcomeRow.objects.filter(event_id=row.id).order_by("seq")
        masked = masked_paths(verified(self.request), row.bus_id)
        event = event_of(row, masked)
        return self.item(row) | {
            "detail": verbatim(event.detail),
            "attributes": verbatim(row.attributes),
            "repeated": {"times": repeated.times, "last_at": moment(repeated.last_at)} if repeated else None,
            "redacted": redaction_json(row),
            "envelope": verbatim(envelope_of(event).as_bytes()),
            "routing": _routing_json(routing, is_masked=bool(masked)) if routing else None,
            "deliveries": [delivery_json(outcome, is_masked=bool(masked)) for outcome in outcomes],
        }

    def list(self, request: Request) -> Response:
        """Return one page of those that pass the filters; a filter makes it a search."""
        if not is_search(request, self.filters):
            return super().list(request)
        page = found(search_of(request, self.filters, self.bus_ids()))
        rows = {row.id: row for row in EventRow.objects.filter(id__in=page.ids).defer(*_LONG)}
        items = [self.item(rows[event_id]) for event_id in page.ids if event_id in rows]
        return Response(page_json(request, page, items))

    def bus_ids(self) -> frozenset[int] | None:
        """Return the buses whose events are listed, None for all."""
        return verified(self.request).buses(Scope.EVENTS_READ)

    def retrieve(self, request: Request, event_id: UUID) -> Response:  # type: ignore[override]  # found by its id
        """Return one event."""
        row = self.seen().filter(id=event_id).first()
        if row is None:
            raise Http404
        return Response(self.whole(row))


class BusEventViewSet(EventViewSet):
    """``GET /api/buses/{bus}/events``; POST there is the ingest door."""

    writes = Scope.EVENTS_PUT
    filters = {name: column for name, column in EventViewSet.filters.items() if name != "bus"}

    def rows(self) -> QuerySet[Any]:
        """Return the bus's events; 404 for a bus that the caller does not see."""
        return super().rows().filter(bus_id=self._bus_id())

    def bus_ids(self) -> frozenset[int]:
        """Return the bus; 404 for one that the caller does not see."""
        return frozenset({self._bus_id()})

    def list(self, request: Request, bus: str) -> Response:  # type: ignore[override]  # the address names the bus
        """Return one page of the bus's events."""
        return super().list(request)

    def _bus_id(self) -> int:
        buses = seen.buses(verified(self.request), Scope.EVENTS_READ)
        bus = buses.filter(name=self.kwargs["bus"]).first()
        if bus is None:
            raise Http404
        return bus.pk


def redaction_json(row: EventRow) -> dict[str, Any] | None:
    """Return what an event says of its redaction; null if it was not redacted."""
    mark = mark_of(row.attributes.encode())
    if mark is None:
        return None
    paths = [f"detail.{path}" for path in mark.paths] or ["detail"]
    return {"at": moment_of(mark.at), "by": mark.by, "reason": mark.reason, "paths": paths}


def _routing_json(row: RoutingRow, *, is_masked: bool) -> dict[str, Any]:
    ruleset = RulesetRow.objects.filter(pk=row.ruleset_id).first()
    return {
        "state": row.state,
        "routed_at": moment(row.routed_at),
        "matched": row.matched,
        "error": mask_fault(row.error) if is_masked else row.error,
        "rules": verbatim(ruleset.rules if ruleset else "[]"),
    }
