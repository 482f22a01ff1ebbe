"""Event types as a resource: the sources and types that each bus has seen."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from eventhub.access.scopes import Scope
from eventhub.api.rest.listing import check_parameters
from eventhub.api.rest.media import JSONAnswer, moment
from eventhub.api.rest.pagination import KeyPagination
from eventhub.api.rest.permissions import verified
from eventhub.journal.rows import EventTypeRow
from eventhub.models import Bus


class EventTypePagination(KeyPagination):
    """Pages of event types."""

    orders = {"made": "pk", "source": "source", "type": "detail_type"}


class EventTypeViewSet(ViewSet):
    """``/api/event-types``."""

    reads = Scope.EVENTS_READ
    renderer_classes = [JSONAnswer]

    def list(self, request: Request) -> Response:
        """Answer a page of those that pass the filters."""
        check_parameters(
            request, frozenset({"limit", "after", "order", "bus", "source", "prefix", "detail-type"})
        )
        asked, rows = request.query_params, self._seen(request)
        if bus := asked.get("bus"):
            rows = rows.filter(bus_id__in=list(Bus.objects.filter(name=bus).values_list("pk", flat=True)))
        for name, lookup in (
            ("source", "source"),
            ("prefix", "source__startswith"),
            ("detail-type", "detail_type"),
        ):
            if value := asked.get(name):
                rows = rows.filter(**{lookup: value})
        pages = EventTypePagination()
        page = pages.paginate_queryset(rows, request)
        names = dict(Bus.objects.filter(pk__in={row.bus_id for row in page}).values_list("pk", "name"))
        return pages.get_paginated_response([event_type_json(row, names.get(row.bus_id)) for row in page])

    def retrieve(self, request: Request, type_id: int) -> Response:
        """Answer one."""
        check_parameters(request, frozenset())
        row = self._seen(request).filter(id=type_id).first() if type_id < 2**63 else None
        if row is None:
            raise Http404
        return Response(
            event_type_json(row, Bus.objects.filter(pk=row.bus_id).values_list("name", flat=True).first())
        )

    def _seen(self, request: Request) -> QuerySet[EventTypeRow]:
        bus_ids = verified(request).buses(Scope.EVENTS_READ)
        rows = EventTypeRow.objects.all()
        return rows if bus_ids is None else rows.filter(bus_id__in=bus_ids)


def event_type_json(row: EventTypeRow, bus: str | None) -> dict[str, Any]:
    """Return an event type; ``bus`` is null if it is deleted, or was never there."""
    return {
        "id": row.id,
        "bus": bus,
        "source": row.source,
        "detail-type": row.detail_type,
        "first_at": moment(row.first_at),
        "last_at": moment(row.last_at),
        "events": row.events,
        "event_id": str(row.event_id),
    }
