"""Deliveries as a resource: of each, its outcome row and its attempts."""

from collections.abc import Collection
from typing import Any

import msgspec
from django.db.models import QuerySet
from django.utils.functional import cached_property
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths, masked_paths_by_bus
from eventhub.api.rest.listing import HappenedViewSet, chosen
from eventhub.api.rest.media import moment, verbatim
from eventhub.api.rest.pagination import position_of
from eventhub.api.rest.permissions import verified
from eventhub.api.rest.searching import found, page_json, search_of
from eventhub.domain.mask import mask_message, mask_reason
from eventhub.flow import find
from eventhub.journal.port import OutcomeState
from eventhub.journal.rows import AttemptRow, OutcomeRow


def delivery_json(row: OutcomeRow, *, is_masked: bool) -> dict[str, Any]:
    """Return a delivery as a list shows it; its reason is masked if anything of the event is."""
    return {
        "id": row.seq,
        "position": str(position_of(row)),
        "event_id": str(row.event_id),
        "bus": row.bus,
        "rule_id": row.rule_id,
        "rule": row.rule,
        "rule_version": row.rule_version,
        "target_id": row.target_id,
        "target": row.target,
        "state": row.state,
        "reason": mask_reason(row.reason) if is_masked and row.attempts else row.reason,
        "attempt_count": row.attempts,
        "accepted_at": moment(row.accepted_at),
        "routed_at": moment(row.routed_at),
        "first_at": moment(row.first_at),
        "last_at": moment(row.last_at),
        "due_at": moment(row.due_at),
        "redriven_at": moment(row.redriven_at),
        "dead_letter": verbatim(row.attributes) if row.attributes else None,
        "latency_ms": None if row.latency_us is None else row.latency_us / 1000,
    }


def attempt_json(row: AttemptRow, *, is_masked: bool) -> dict[str, Any]:
    """Return an attempt, with what was sent and answered; that is masked if anything of the event is."""
    return {
        "number": row.number,
        "state": row.state,
        "started_at": moment(row.started_at),
        "ended_at": moment(row.ended_at),
        "status": row.status,
        "error": mask_reason(row.error) if is_masked else row.error,
        "reason_class": row.reason_class or None,
        "phases": verbatim(row.phases),
        "request": _message(row.request, is_masked=is_masked),
        "response": _message(row.response, is_masked=is_masked),
        "next_at": moment(row.next_at),
    }


def _message(text: str, *, is_masked: bool) -> Any:
    return mask_message(msgspec.json.decode(text)) if is_masked else verbatim(text)


class DeliveryViewSet(HappenedViewSet):
    """``/api/deliveries``."""

    filters = {"bus": "bus", "rule": "rule", "target": "target", "state": "state", "event_id": "event_id"}
    moment = "accepted_at"
    choices = {"state": frozenset(OutcomeState)}
    searched = find.OWN

    def list(self, request: Request) -> Response:
        """Return one page of those that pass the filters; ``q`` searches by their events."""
        if not find.OWN & {name for name, text in request.query_params.items() if text}:
            return super().list(request)
        narrowing = self.filters.keys() - {"event_id"}
        chosen(request, "state", OutcomeState)
        page = found(search_of(request, dict.fromkeys(narrowing, ""), self.bus_ids()))
        rows = self.seen().filter(event_id__in=page.ids).order_by("seq")
        for name in narrowing:
            if value := request.query_params.get(name):
                rows = rows.filter(**{self.filters[name]: value})
        place = {event_id: number for number, event_id in enumerate(page.ids)}
        ordered = sorted(rows, key=lambda row: place[row.event_id])
        return Response(page_json(request, page, [self.item(row) for row in ordered]))

    def bus_ids(self) -> frozenset[int] | None:
        """Return the buses of whose events the deliveries are listed, None for all."""
        return verified(self.request).buses(Scope.EVENTS_READ)

    def rows(self) -> QuerySet[Any]:
        """Return all outcomes."""
        return OutcomeRow.objects.all()

    def item(self, row: OutcomeRow) -> dict[str, Any]:
        """Return a delivery as a list shows it."""
        return delivery_json(row, is_masked=row.bus_id in self._masked)

    @cached_property
    def _masked(self) -> Collection[int]:
        """Return the buses of whose events anything is masked."""
        return masked_paths_by_bus(verified(self.request))

    def whole(self, row: OutcomeRow) -> dict[str, Any]:
        """Return a delivery with its attempts."""
        attempts = AttemptRow.objects.filter(delivery_id=row.seq).order_by("number", "seq")
        is_masked = bool(masked_paths(verified(self.request), row.bus_id))
        shown = [attempt_json(attempt, is_masked=is_masked) for attempt in attempts]
        return delivery_json(row, is_masked=is_masked) | {"attempts": shown}
