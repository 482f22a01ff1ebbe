"""How far back a bus's events go, and what goes next."""

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.conf import settings
from django.db import connections

from eventhub.dashboard.lately import journal_here
from eventhub.journal.looking_back import Past
from eventhub.journal.rolling import Grain
from eventhub.journal.rows import EventRow, microseconds

_ORDER = {"sqlite": "seq", "postgresql": "xid, seq"}
_AT_ONCE = 200  # parts of one statement: SQLite takes at most 500
_FIRST = (
    "SELECT * FROM (SELECT bus_id, accepted_at FROM event WHERE bus_id = %s ORDER BY {order} LIMIT 1) f{n}"
)
_HOUR_US, _SECOND_US = 3_600_000_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a bus. Bytes are of the whole journal; ``limit_bytes`` is 0 without a limit."""

    days: int
    events: int  # accepted since the oldest that is kept
    oldest: EventRow | None  # which goes first
    size_bytes: int
    limit_bytes: int

    @property
    def age_ms(self) -> float | None:
        """Return how old the oldest event is."""
        if self.oldest is None:
            return None
        age: timedelta = datetime.now(tz=UTC) - self.oldest.accepted_at
        return max(0.0, age.total_seconds() * 1000)

    @property
    def age_share(self) -> float:
        """Return how much of the time that events are kept the oldest has been here: 0 to 1."""
        return min(1.0, (self.age_ms or 0.0) / (self.days * 86_400_000))

    @property
    def left_ms(self) -> float:
        """Return how long the oldest event stays, if bytes do not make it go earlier."""
        return max(0.0, self.days * 86_400_000 - (self.age_ms or 0.0))

    @property
    def bytes_share(self) -> float:
        """Return how full the journal is: 0 to 1; 0 without a limit."""
        return min(1.0, self.size_bytes / self.limit_bytes) if self.limit_bytes else 0.0

    @property
    def bytes_decide(self) -> bool:
        """Tell whether the journal is so full that its size removes events before their age does."""
        return self.bytes_share >= 0.98


def kept_of(bus_id: int) -> Kept:
    """Return what is kept of a bus."""
    first = EventRow.objects.filter(bus_id=bus_id).order_by(
        *_ORDER[connections["journal"].vendor].split(", ")
    )
    oldest = first.defer("detail", "attributes", "resources").first()
    journal = journal_here()
    events = 0
    if oldest is not None and journal is not None:
        since = microseconds(oldest.accepted_at) // _HOUR_US * 3600
        past = Past(since, int(time.time()) + 1, Grain.HOUR)
        events = sum(one.count for one in journal.counts("accepted", past, by=(), bus_ids=[bus_id]))
    days = settings.RETENTION_DAYS
    return Kept(
        days=days,
        events=events,
        oldest=oldest,
        size_bytes=0 if journal is None else journal.health().size_bytes,
        limit_bytes=settings.RETENTION_BYTES,
    )


def oldest_of(bus_ids: Collection[int]) -> Mapping[int, int]:
    """Return when the oldest event of each of these buses was accepted, in microseconds since 1970."""
    return dict(_firsts(bus_ids))


def _firsts(bus_ids: Collection[int]) -> Iterator[tuple[int, int]]:
    left, database = iter(bus_ids), connections["journal"]
    while several := list(islice(left, _AT_ONCE)):
        seeks = [_FIRST.format(order=_ORDER[database.vendor], n=number) for number in range(len(several))]
        with database.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(seeks), several)
            yield from cursor.fetchall()
