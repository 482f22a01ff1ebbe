"""What an event came of, and what came of it: a few steps back and one step on.

The journal knows an event's cause where a bus target or a replay put it on its bus, and where its producer
said so: by the CloudEvents extension ``causationid``, with the id of an event of ours or its own.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.domain import jsontext
from eventhub.domain.cause import CAUSATION, CORRELATION
from eventhub.journal.rows import EventRow

MOST_STEPS = 10  # back
MOST_SINGLE = 50  # children that are shown one by one
_MOST_COUNTED = 10_000
_COLUMNS = (
    "id",
    "bus_id",
    "bus",
    "source",
    "detail_type",
    "accepted_at",
    "cause_id",
    "who",
    "hops",
    "seq",
    "xid",
)


@dataclass(frozen=True, slots=True)
class ChildGroup:
    """Children of one type on one bus."""

    detail_type: str
    bus: str
    count: int
    first: EventRow


@dataclass(frozen=True, slots=True)
class Causes:
    """The strip: from the first cause that is known, by the event itself, to what it caused."""

    ancestors: list[EventRow] = field(default_factory=list)  # the oldest first; the last one is the parent
    is_longer: bool = False  # there are more before the first of them
    gone: bool = False  # the next one back is not kept any more, or not the reader's to see
    said: str = ""  # the producer's own words for its cause, where no event of ours is meant by them
    correlation: str = ""
    children: list[EventRow] = field(default_factory=list)
    groups: list[ChildGroup] = field(default_factory=list)  # in place of children, where these are many
    count: int = 0  # of children, as far as they are counted

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return not (self.ancestors or self.gone or self.said or self.correlation or self.count)

    @property
    def is_counted_whole(self) -> bool:
        """Tell whether all children were counted."""
        return self.count < _MOST_COUNTED


def causes_of(event: EventRow, reader: Caller) -> Causes:
    """Return what a reader may see of an event's causes and effects: each look-up is by an index."""
    rows = seen.on_buses(EventRow.objects.only(*_COLUMNS), reader, Scope.EVENTS_READ)
    attributes = jsontext.decode(event.attributes.encode())
    said = str(attributes.get(CAUSATION, ""))
    ancestors, gone = _ancestors(event, said, rows)
    children, groups, count = _children(event, rows)
    return Causes(
        ancestors=ancestors[-MOST_STEPS:],
        is_longer=len(ancestors) > MOST_STEPS,
        gone=gone,
        said="" if ancestors or event.cause_id is not None else said,
        correlation=str(attributes.get(CORRELATION, "")),
        children=children,
        groups=groups,
        count=count,
    )


def _ancestors(event: EventRow, said: str, rows: QuerySet[EventRow]) -> tuple[list[EventRow], bool]:
    """Return the causes, oldest first, and whether the next one back is out of sight."""
    found: list[EventRow] = []
    if event.cause_id is None and said:
        # A producer's own id is a key here; of several events the newest before this one is meant.
        parent = rows.filter(key=said, id__lt=event.id).order_by("-id").first()
        found += [parent] if parent is not None else []
    at = found[-1] if found else event
    known = {event.id}
    while at.cause_id is not None and at.cause_id not in known and len(found) <= MOST_STEPS:
        known.add(at.cause_id)
        parent = rows.filter(id=at.cause_id).first()
        if parent is None:
            return found[::-1], True
        found.append(parent)
        at = parent
    return found[::-1], False


def _children(event: EventRow, rows: QuerySet[EventRow]) -> tuple[list[EventRow], list[ChildGroup], int]:
    caused = rows.filter(cause_id=event.id).exclude(id=event.id)
    single = list(caused.order_by("seq")[: MOST_SINGLE + 1])
    if len(single) <= MOST_SINGLE:
        return single, [], len(single)
    counted = EventRow.objects.filter(pk__in=caused.order_by("seq").values("pk")[:_MOST_COUNTED]).order_by()
    by_type: list[Any] = list(
        counted.values("detail_type", "bus")
        .annotate(count=Count("seq"), first=Min("seq"), last=Max("seq"))
        .order_by("-count", "detail_type", "bus")
    )
    firsts = {row.pk: row for row in rows.filter(pk__in=[one["first"] for one in by_type[:MOST_SINGLE]])}
    groups = [
        ChildGroup(one["detail_type"], one["bus"], one["count"], firsts[one["first"]])
        for one in by_type[:MOST_SINGLE]
        if one["first"] in firsts
    ]
    return [], groups, sum(one["count"] for one in by_type)
