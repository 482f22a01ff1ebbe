"""The place in the journal that a starting point means. Asks the databases: not on the event loop."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import close_old_connections

from eventhub.api.stream.asked import Asked
from eventhub.domain.identity import earliest_id
from eventhub.journal.port import START, Journal, Position
from eventhub.journal.rows import EventRow, microseconds

# An event's id is made when it is accepted, its position with the commit: more may not lie between the two.
LONGEST_COMMIT_MS = 60_000


class NoSuchEventError(Exception):
    """The event that the stream was to start after is not there on this bus."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stream starts."""

    after: Position
    since: int = 0  # moment: what was accepted earlier is left out
    gap: bool = False  # something between may have been removed


def place_of(asked: Asked, bus_id: int, journal: Journal) -> Place:
    """Return where the stream begins; raises NoSuchEventError."""
    try:
        start = asked.start
        if start is None:
            return Place(journal.head().events)
        if isinstance(start, datetime):
            return _at(microseconds(start))
        if isinstance(start, UUID):
            return _after_event(start, bus_id, resumes=asked.resumes)
        return _after_position(start, journal)
    finally:
        close_old_connections()


def _at(moment: int) -> Place:
    """Return the place before whatever was accepted at a moment: after an event that is safely older.

    The first event of the moment would not do: of two processes that accept at once, the later event may
    have the earlier position.
    """
    first = earliest_id(max(0, moment // 1000 - LONGEST_COMMIT_MS))
    row = EventRow.objects.filter(id__lt=first).order_by("-id").values_list("xid", "seq").first()
    return Place(Position(*row) if row else START, since=moment)


def _after_event(event_id: UUID, bus_id: int, *, resumes: bool) -> Place:
    row = EventRow.objects.filter(id=event_id, bus_id=bus_id).values_list("xid", "seq").first()
    if row is not None:
        return Place(Position(*row))
    if not resumes:
        raise NoSuchEventError(str(event_id))
    return Place(START, gap=True)


def _after_position(position: Position, journal: Journal) -> Place:
    """Return the place after a position; if its event is gone, so may be others that came after it."""
    if position == START or EventRow.objects.filter(xid=position.xid, seq=position.seq).exists():
        return Place(position)
    # Beyond the end: of a journal that was made anew since.
    return Place(START if position > journal.head().events else position, gap=True)
