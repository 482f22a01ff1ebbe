"""What waits for routing on a bus: few events for a moment, and on a paused bus all that came since."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connections

COUNTED = 10_000  # and no further: counting must stay cheap, however long a bus is paused

_BEYOND = {
    "sqlite": "e.seq > coalesce((SELECT c.seq FROM cursor c WHERE c.bus_id = %s), 0)",
    "postgresql": "(e.xid, e.seq) > (SELECT coalesce(max(c.xid), 0), coalesce(max(c.seq), 0)"
    " FROM cursor c WHERE c.bus_id = %s)",
}
_ORDER = {"sqlite": "e.seq", "postgresql": "e.xid, e.seq"}


@dataclass(frozen=True, slots=True)
class Unrouted:
    """Events beyond a bus's cursor, counted to ``COUNTED``; ``oldest_at`` in microseconds since 1970."""

    events: int = 0
    oldest_at: int | None = None

    @property
    def more(self) -> bool:
        """Whether there are more than were counted."""
        return self.events == COUNTED


def unrouted(bus_ids: Collection[int]) -> dict[int, Unrouted]:
    """Return what waits on each of these buses."""
    database = connections["journal"]
    waiting = (
        f"SELECT e.accepted_at FROM event e WHERE e.bus_id = %s AND {_BEYOND[database.vendor]}"  # noqa: S608 - our texts
        f" ORDER BY {_ORDER[database.vendor]} LIMIT {COUNTED}"
    )
    found = {}
    with database.cursor() as cursor:
        for bus_id in bus_ids:
            cursor.execute(f"SELECT count(*), min(accepted_at) FROM ({waiting}) w", [bus_id, bus_id])  # noqa: S608 - as above
            found[bus_id] = Unrouted(*cursor.fetchone())
    return found
