"""What buses did lately, out of the rollups: one question for each kind of figure, however many buses."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from eventhub.dashboard.lately import MINUTES, journal_here, last_hour, last_minute


@dataclass(slots=True)
class BusFigures:
    """One bus's. ``minutes`` are the events of each of the last 60, oldest first."""

    last_minute: int = 0  # events accepted
    out_last_minute: int = 0  # attempts that delivered
    hour: int = 0
    unmatched: int = 0  # of the hour's events
    matches: int = 0  # of rules, in the hour
    attempts: int = 0  # of the hour
    failed: int = 0  # of these
    minutes: list[int] = field(default_factory=lambda: [0] * MINUTES)

    @property
    def rate(self) -> float:
        """Return the events per second over the last minute."""
        return self.last_minute / 60

    @property
    def out_rate(self) -> float:
        """Return the deliveries made per second over the last minute."""
        return self.out_last_minute / 60

    @property
    def unmatched_share(self) -> float | None:
        """Return the share of the hour's events that no rule matched; None without events.

        At most 1: an event may be routed in another minute than it was accepted in.
        """
        return min(1.0, self.unmatched / self.hour) if self.hour else None

    @property
    def fan_out(self) -> float | None:
        """Return how many rules match an event, over the last hour; None without events."""
        return self.matches / self.hour if self.hour else None

    @property
    def failing(self) -> float | None:
        """Return the share of the hour's attempts that failed; None without attempts."""
        return self.failed / self.attempts if self.attempts else None


NONE = BusFigures()


def figures(bus_ids: Collection[int] | None, *, now: float | None = None) -> Mapping[int, BusFigures]:
    """Return the figures of some buses (None: all) that have any, by the bus's id."""
    journal = journal_here()
    if journal is None:
        return {}
    at = int(time.time() if now is None else now)
    found: dict[int, BusFigures] = {}

    def of(bus_id: int) -> BusFigures:
        return found.setdefault(bus_id, BusFigures())

    by_minute = last_hour(at, step=60)
    for one in journal.counts("accepted", last_minute(at), by=["bus_id"], bus_ids=bus_ids):
        of(one.counted.bus_id).last_minute = one.count
    for one in journal.counts("attempted", last_minute(at), by=["bus_id"], bus_ids=bus_ids):
        of(one.counted.bus_id).out_last_minute = one.count - one.failed
    for one in journal.counts("accepted", by_minute, by=["bus_id"], bus_ids=bus_ids):
        of(one.counted.bus_id).hour += one.count
        of(one.counted.bus_id).minutes[(one.at - by_minute.since) // 60] = one.count
    for one in journal.counts("unmatched", last_hour(at), by=["bus_id"], bus_ids=bus_ids):
        of(one.counted.bus_id).unmatched = one.count
    for one in journal.counts("match", last_hour(at), by=["bus_id"], bus_ids=bus_ids):
        of(one.counted.bus_id).matches = one.count
    for one in journal.counts("attempted", last_hour(at), by=["bus_id"], bus_ids=bus_ids):
        of(one.counted.bus_id).attempts, of(one.counted.bus_id).failed = one.count, one.failed
    return found
