"""Where pending deliveries stand in their target's queue, and how many of whose, for people to read."""

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
# A delivery's outcome has its number; on the server its partition is found by the event.
_SAME = {"sqlite": "o.seq = d.seq", "postgresql": "o.seq = d.seq AND o.event_id = d.event_id"}
_PENDING = """
    SELECT count(*), min(o.accepted_at) FROM (SELECT * FROM delivery WHERE target_id = %s LIMIT {most}) d
    JOIN outcome o ON {same} WHERE o.bus_id IN ({marks})
"""
_OF_RULES = """
    SELECT o.rule_id, count(*) FROM (SELECT * FROM delivery LIMIT {most}) d JOIN outcome o ON {same}
    WHERE o.rule_id IN ({marks}) GROUP BY 1
"""
_BY_BUS = """
    SELECT o.bus_id, count(*), min(o.accepted_at) FROM (SELECT * FROM delivery LIMIT {most}) d
    JOIN outcome o ON {same} GROUP BY o.bus_id
"""
MOST_COUNTED = 10_000
# At the head of a queue stands what is to be tried next; what failed lately is due soonest after now, and
# what failed often the latest.
_WAITING = """
    SELECT seq FROM (SELECT seq FROM delivery WHERE target_id = %s AND due_at > %s AND due_at < %s
        ORDER BY due_at {direction} LIMIT {most}) d
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


def pending_on(target_id: int, bus_ids: Collection[int]) -> tuple[int, int | None]:
    """Return how many deliveries of these buses wait for a target, and when the oldest's event was accepted.

    Looks at 10,000 of the target's.
    """
    if not bus_ids:
        return 0, None
    connection = connections["journal"]
    marks = ",".join(["%s"] * len(bus_ids))
    statement = _PENDING.format(most=MOST_COUNTED, same=_SAME[connection.vendor], marks=marks)
    with connection.cursor() as cursor:
        cursor.execute(statement, (target_id, *sorted(bus_ids)))
        count, oldest_at = cursor.fetchone()
    return int(count), oldest_at


def pending_of_rules(rule_ids: Collection[int]) -> dict[int, int]:
    """Return how many deliveries of each of these rules wait, out of 10,000 of all that wait."""
    if not rule_ids:
        return {}
    connection = connections["journal"]
    marks = ",".join(["%s"] * len(rule_ids))
    statement = _OF_RULES.format(most=MOST_COUNTED, same=_SAME[connection.vendor], marks=marks)
    with connection.cursor() as cursor:
        cursor.execute(statement, tuple(rule_ids))
        return {int(rule_id): int(pending) for rule_id, pending in cursor.fetchall()}


def pending_by_bus() -> dict[int, tuple[int, int]]:
    """Return how many deliveries of each bus's events wait, and when the oldest's event was accepted.

    Looks at 10,000 deliveries in all: of more than that, any so many.
    """
    connection = connections["journal"]
    statement = _BY_BUS.format(most=MOST_COUNTED, same=_SAME[connection.vendor])
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {bus_id: (int(count), oldest_at) for bus_id, count, oldest_at in cursor.fetchall()}


def tried_perhaps(target_id: int, *, now: int, most: int) -> list[int]:
    """Return pending deliveries of a target that may have been tried: ``most`` each of where such stand."""
    found: list[int] = []
    with connections["journal"].cursor() as cursor:
        for direction, after in (("ASC", 0), ("ASC", now), ("DESC", now)):
            cursor.execute(_WAITING.format(direction=direction, most=most), (target_id, after, BEHIND))
            found += [seq for (seq,) in cursor.fetchall()]
    return found


def _id(stored: str | UUID | None) -> UUID | None:
    return UUID(stored) if isinstance(stored, str) else stored
