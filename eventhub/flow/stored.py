"""A stored event, read back as the value that routing and delivering work with."""

from collections.abc import Collection
from uuid import UUID

from eventhub.domain.mask import mask
from eventhub.journal.port import NewEvent
from eventhub.journal.rows import EventRow, microseconds


def stored_event(event_id: UUID) -> NewEvent | None:
    """Return an event from the journal, or None if it is not (any more) there."""
    row = EventRow.objects.filter(id=event_id).first()
    return None if row is None else event_of(row)


def event_of(row: EventRow, masked: Collection[str] = ()) -> NewEvent:
    """Return the event of a row; ``masked`` are paths of fields that are not to be seen (``domain.mask``)."""
    return NewEvent(
        id=row.id,
        bus_id=row.bus_id,
        bus=row.bus,
        source=row.source,
        detail_type=row.detail_type,
        time=microseconds(row.time),
        accepted_at=microseconds(row.accepted_at),
        resources=row.resources.encode(),
        detail=mask(row.detail.encode(), masked),
        attributes=row.attributes.encode(),
        key=row.key,
        who=row.who,
        cause_id=row.cause_id,
        hops=row.hops,
    )
