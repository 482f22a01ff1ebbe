"""Events out of the file: the JSON of a row, and the value it becomes."""

from uuid import UUID

from eventhub.journal.port import NewEvent, Position, StoredEvent

EVENT_JSON = (
    "json_array(e.seq, e.id, e.bus_id, e.bus, e.source, e.detail_type, e.time, e.accepted_at, e.resources,"
    " e.detail, e.attributes, e.key, e.who, e.cause_id, e.hops)"
)
EventColumns = tuple[int, str, int, str, str, str, int, int, str, str, str, str | None, str, str | None, int]


def stored(columns: EventColumns) -> StoredEvent:
    """Return the event that these columns hold."""
    (
        seq,
        event_id,
        bus_id,
        bus,
        source,
        kind,
        at,
        accepted_at,
        resources,
        detail,
        attributes,
        key,
        who,
        cause,
        hops,
    ) = columns
    return StoredEvent(
        Position(0, seq),
        NewEvent(
            UUID(event_id),
            bus_id,
            bus,
            source,
            kind,
            at,
            accepted_at,
            resources.encode(),
            detail.encode(),
            attributes.encode(),
            key,
            who,
            UUID(cause) if cause else None,
            hops,
        ),
    )
