"""Where pending deliveries stand in their target's queue, for people to read."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connections

from eventhub.journal.limits import BEHIND

# How each engine's delivery names its event.
_EVENT = {
    "sqlite": "(SELECT id FROM event WHERE seq = h.event_seq)",
    "postgresql": "h.event_id",
}
_QUEUED = """
    SELECT d.seq, d.due_at, d.fifo_key, h.seq, {event} FROM delivery d LEFT JOIN delivery h ON h.seq =
        (SELECT min(seq) FROM delivery WHERE target_id = d.target_id AND fifo_key = d.fifo_key)
    WHERE d.seq IN ({marks})
"""


@dataclass(frozen=True, slots=True)
class Queued:
    """A pending delivery's place; the head is the delivery that goes first of its FIFO key."""

    delivery_id: int
    due_at: int
    fifo_key: str | None
    head_id: int | None
    head_event_id: UUID | None

    @property
    def is_behind(self) -> bool:
        """Tell whether it waits for an earlier delivery of its key."""
        return self.due_at >= BEHIND


def queued(delivery_ids: Collection[int]) -> dict[int, Queued]:
    """Return the places of those of these deliveries that are pending, by delivery id."""
    if not delivery_ids:
        return {}
    connection = connections["journal"]
    marks = ",".join(["%s"] * len(delivery_ids))
    with connection.cursor() as cursor:
        cursor.execute(_QUEUED.format(event=_EVENT[connection.vendor], marks=marks), tuple(delivery_ids))
        return {
            number: Queued(number, due_at, fifo_key, head_id, _id(event_id))
            for number, due_at, fifo_key, head_id, event_id in cursor.fetchall()
        }


def _id(stored: str | UUID | None) -> UUID | None:
    return UUID(stored) if isinstance(stored, str) else stored
