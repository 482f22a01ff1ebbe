"""What rules, targets and buses did in each of the last sixty minutes, out of the rollups."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum

from eventhub.flow.process import NotRunningError, parts
from eventhub.journal.looking_back import Past
from eventhub.journal.port import Grain

MINUTES = 60


class Did(Enum):
    """What is counted: its kind in the rollups, and the part of a count that says whose it is."""

    MATCHED = ("match", "a")  # events that a rule matched
    ATTEMPTED = ("attempt", "b")  # attempts at a target, and how many of them failed
    ACCEPTED = ("accepted", "bus_id")  # events that a bus took


@dataclass(slots=True)
class Hour:
    """Counts of one row, minute by minute, the oldest first; the last minute is the present one, so far."""

    minutes: list[int] = field(default_factory=lambda: [0] * MINUTES)
    failed: list[int] = field(default_factory=lambda: [0] * MINUTES)

    @property
    def count(self) -> int:
        """Return the sum."""
        return sum(self.minutes)

    @property
    def failures(self) -> int:
        """Return how many of them failed."""
        return sum(self.failed)


def last_hour(
    did: Did,
    ids: Collection[int] | None,
    *,
    bus_ids: Collection[int] | None = None,
    now: float | None = None,
) -> Mapping[int, Hour]:
    """Return the hours of some rows (None: of all) by id; rows that did nothing are left out.

    Only what was of some buses, where ``bus_ids`` are given. Nothing in a process without a role.
    """
    if ids is not None and not ids:
        return {}
    try:
        journal = parts().journal
    except NotRunningError:
        return {}
    kind, part = did.value
    past = past_hour(int(time.time() if now is None else now))
    among = {"a": None, "b": None, "bus_id": None} | {part: None if ids is None else list(ids)}
    shown = bus_ids if part != "bus_id" or ids is None else _both(ids, bus_ids)
    found: dict[int, Hour] = {}
    for one in journal.counts(kind, past, by=(part,), bus_ids=shown, a=among["a"], b=among["b"]):
        hour = found.setdefault(int(getattr(one.counted, part)), Hour())
        minute = (one.at - past.since) // 60
        hour.minutes[minute], hour.failed[minute] = one.count, one.failed
    return found


def past_hour(now: int) -> Past:
    """Return the last sixty minutes of the clock, minute by minute."""
    return Past(now - now % 60 - (MINUTES - 1) * 60, now + 1, Grain.MINUTE, 60)


def _both(ids: Collection[int], bus_ids: Collection[int] | None) -> Collection[int]:
    return list(ids) if bus_ids is None else [bus_id for bus_id in ids if bus_id in bus_ids]
