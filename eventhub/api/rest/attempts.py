"""Attempts as a resource: every try of every delivery, one by one."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import cached_property
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.access.sensitive import masked_paths_by_bus
from eventhub.api.rest.deliveries import attempt_json
from eventhub.api.rest.listing import HappenedViewSet
from eventhub.api.rest.media import moment
from eventhub.api.rest.pagination import position_of
from eventhub.api.rest.permissions import verified
from eventhub.domain.mask import mask_reason
from eventhub.journal.port import OutcomeState
from eventhub.journal.rows import AttemptRow, OutcomeRow
from eventhub.models import Bus, Rule, Target

_LONG = ("phases", "request", "response")  # not in lists: each may hold 64 KiB of a body
# What an attempt names by id only, and the list's filter by name: of what is configured now.
_NAMED: dict[str, type[Any]] = {"bus": Bus, "rule": Rule, "target": Target}


class AttemptViewSet(HappenedViewSet):
    """``/api/attempts``."""

    filters = {
        "event_id": "event_id",
        "delivery_id": "delivery_id",
        "rule_id": "rule_id",
        "target_id": "target_id",
        "state": "state",
        "status": "status",
    }
    named = frozenset(_NAMED)
    choices = {"state": frozenset({OutcomeState.DELIVERED, OutcomeState.PENDING, OutcomeState.DEAD})}
    moment = "started_at"

    def rows(self) -> QuerySet[Any]:
        """Return all attempts, in a list those whose bus, rule or target has the name that is asked for."""
        if self.action == "retrieve":
            return AttemptRow.objects.all()
        rows = AttemptRow.objects.defer(*_LONG)
        for name, model in _NAMED.items():
            if value := self.request.query_params.get(name):
                ids = list(model._default_manager.filter(name=value).values_list("pk", flat=True))
                rows = rows.filter(**{f"{name}_id__in": ids})
        return rows

    def list(self, request: Request) -> Response:
        """Return one page of those that pass the filters, with the names that their deliveries have."""
        for name in ("delivery_id", "rule_id", "target_id", "status"):
            text = request.query_params.get(name)
            if text and not (text.isascii() and text.isdigit() and len(text) < 19):
                raise ValidationError({name: f"wanted a whole number, found {text!r:.40}"})
        return super().list(request)

    def items(self, page: Sequence[Any]) -> Sequence[dict[str, Any]]:
        """Return a page; its deliveries are read at once."""
        deliveries = {
            row.seq: row for row in OutcomeRow.objects.filter(seq__in={row.delivery_id for row in page})
        }
        return [self._item(row, deliveries.get(row.delivery_id)) for row in page]

    def whole(self, row: AttemptRow) -> dict[str, Any]:
        """Return an attempt with what was sent and answered."""
        return self._item(row, OutcomeRow.objects.filter(seq=row.delivery_id).first()) | attempt_json(
            row, is_masked=row.bus_id in self._masked
        )

    def _item(self, row: AttemptRow, delivery: OutcomeRow | None) -> dict[str, Any]:
        return _item(row, delivery, is_masked=row.bus_id in self._masked)

    @cached_property
    def _masked(self) -> Collection[int]:
        """Return the buses of whose events anything is masked."""
        return masked_paths_by_bus(verified(self.request))


def _item(row: AttemptRow, delivery: OutcomeRow | None, *, is_masked: bool) -> dict[str, Any]:
    """Return an attempt as a list shows it; names are null where retention took the delivery."""
    return {
        "id": row.seq,
        "position": str(position_of(row)),
        "event_id": str(row.event_id),
        "delivery_id": row.delivery_id,
        "bus": delivery.bus if delivery else None,
        "rule_id": row.rule_id,
        "rule": delivery.rule if delivery else None,
        "target_id": row.target_id,
        "target": delivery.target if delivery else None,
        "number": row.number,
        "state": row.state,
        "started_at": moment(row.started_at),
        "ended_at": moment(row.ended_at),
        "took_ms": (row.ended_at - row.started_at).total_seconds() * 1000,
        "status": row.status,
        "error": mask_reason(row.error) if is_masked else row.error,
        "reason_class": row.reason_class or None,
        "next_at": moment(row.next_at),
    }
