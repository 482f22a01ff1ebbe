"""The sources and types that came on a bus: since when, how often, and which of them are new."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from eventhub.journal.rows import EventRow, EventTypeRow

SHOWN = 25
NEW_FOR = timedelta(days=1)
READ = 10_000  # types of one bus, at most: a producer may make a type of every id
SAMPLED = 2_000  # newest events whose types are counted for rates
SAMPLED_SECONDS = 3600  # and how old these may be


@dataclass(frozen=True, slots=True)
class TypeSeen:
    """A source and a type; ``per_minute`` is that of the sample."""

    row: EventTypeRow
    is_new: bool
    per_minute: float

    @property
    def per_second(self) -> float:
        """Return the rate that pages write."""
        return self.per_minute / 60


@dataclass(frozen=True, slots=True)
class TypesSeen:
    """The types to show, those that came last first; how many there are, and over what rates are counted."""

    types: Sequence[TypeSeen]
    count: int
    new: int
    sampled: int
    sampled_ms: float

    @property
    def more(self) -> bool:
        """Tell whether there may be more types than were looked at."""
        return self.count >= READ


def types_of(bus_id: int, *, shown: int = SHOWN, now: datetime | None = None) -> TypesSeen:
    """Return the types of a bus; rates over its newest events, for nothing counts single types."""
    now = now or datetime.now(tz=UTC)
    # Bounded before they are sorted: the rows of one bus lie together in an index.
    some = EventTypeRow.objects.filter(bus_id=bus_id)[:READ].values("pk")
    rows = EventTypeRow.objects.filter(pk__in=some)
    counted, sampled, seconds = _sample(bus_id)
    return TypesSeen(
        [
            TypeSeen(row, now - row.first_at < NEW_FOR, counted[row.source, row.detail_type] / seconds * 60)
            for row in rows.order_by("-last_at")[:shown]
        ],
        rows.count(),
        rows.filter(first_at__gt=now - NEW_FOR).count(),
        sampled,
        seconds * 1000,
    )


def _sample(bus_id: int) -> tuple[Counter[tuple[str, str]], int, float]:
    """Count the newest events by source and type; return also how many, and the seconds that they span."""
    order = ["-seq"] if settings.EMBEDDED else ["-xid", "-seq"]
    newest = EventRow.objects.filter(bus_id=bus_id).order_by(*order)
    now = time.time()
    rows: Any = newest.values_list("source", "detail_type", "accepted_at")[:SAMPLED]
    found = [(source, kind, now - at.timestamp()) for source, kind, at in rows]
    found = [one for one in found if one[2] <= SAMPLED_SECONDS]
    seconds = found[-1][2] if len(found) == SAMPLED else float(SAMPLED_SECONDS)
    return Counter((source, kind) for source, kind, _ in found), len(found), max(1.0, seconds)
