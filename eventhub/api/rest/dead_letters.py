"""Dead letters as a resource."""

from typing import Any

from django.db.models import QuerySet

from eventhub.api.rest.listing import HappenedViewSet
from eventhub.api.rest.media import moment
from eventhub.api.rest.pagination import position_of
from eventhub.journal.port import ReasonClass
from eventhub.journal.rows import DeadLetterRow


class DeadLetterViewSet(HappenedViewSet):
    """``/api/dead-letters``."""

    filters = {
        "bus": "bus",
        "rule": "rule",
        "target": "target",
        "reason_class": "reason_class",
        "event_id": "event_id",
    }
    choices = {"reason_class": frozenset(ReasonClass)}

    def rows(self) -> QuerySet[Any]:
        """Return all dead letters."""
        return DeadLetterRow.objects.all()

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
            "reason": row.reason,
            "status": row.status,
            "attempt_count": row.attempts,
            "first_at": moment(row.first_at),
            "last_at": moment(row.last_at),
            "dead_at": moment(row.dead_at),
        }

    def whole(self, row: DeadLetterRow) -> dict[str, Any]:
        """Return the same: its attempts are its delivery's."""
        return self.item(row)
