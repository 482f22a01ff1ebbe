"""Claiming: due deliveries under leases that live in memory, fair between targets.

The file says what is pending and when it is due; memory says what is leased. Memory holds only what is in
flight, so millions may be pending.
"""

import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, zip_longest

import msgspec

from eventhub.journal.port import UNSAID, Claimed, Limits
from eventhub.journal.sqlite.connections import as_json, one_json
from eventhub.journal.sqlite.events import EVENT_JSON, EventColumns, stored

# One look-up per target that has anything pending, however many deliveries that is.
_TARGETS = """
    WITH RECURSIVE target(id) AS (
        SELECT min(target_id) FROM delivery
        UNION ALL
        SELECT (SELECT min(target_id) FROM delivery WHERE target_id > target.id) FROM target
        WHERE target.id IS NOT NULL
    )
"""
# The earliest deliveries of each target but those in ?1; ?2: due by then; ?3: at most so many per target.
DUE = f"""{_TARGETS}
    SELECT json_group_array(json_array(id, (
        SELECT json_group_array(json_array(seq, due_at)) FROM (
            SELECT seq, due_at FROM delivery WHERE target_id = target.id AND due_at <= ?2 ORDER BY due_at,
            seq LIMIT ?3
        )
    )))
    FROM target WHERE id IS NOT NULL AND id NOT IN (SELECT value FROM json_each(?1))
"""  # noqa: S608 - our own text
DETAIL = f"""
    SELECT json_group_array(json_array(
        o.seq, o.rule_id, o.rule, o.rule_version, o.target_id, o.target, o.attempts, o.first_at, o.routed_at,
        d.due_at,
        {EVENT_JSON}
    ))
    FROM json_each(?) j CROSS JOIN delivery d ON d.seq = j.value CROSS JOIN outcome o ON o.seq = d.seq
    CROSS JOIN event e ON e.seq = d.event_seq
"""  # noqa: S608 - our own text
FOREVER = 2**62

_decode_due = msgspec.json.Decoder(list[tuple[int, list[tuple[int, int]]]]).decode
_decode_detail = msgspec.json.Decoder(
    list[tuple[int, int, str, int, int, str, int, int | None, int, int, EventColumns]]
).decode


@dataclass(frozen=True, slots=True)
class Rooms:
    """How many more deliveries each target may have under way."""

    limits: Mapping[int, Limits]
    in_flight: Mapping[int, int]

    def of(self, target_id: int) -> int:
        """Return a target's room."""
        return self.limits.get(target_id, UNSAID).max_in_flight - self.in_flight.get(target_id, 0)

    def full(self) -> list[int]:
        """Return the targets that have none."""
        return [target_id for target_id in self.in_flight if self.of(target_id) <= 0]


@dataclass(frozen=True, slots=True)
class Lease:
    """Somebody's right to a delivery."""

    id: int
    until: int


class Leases:
    """All leases of this process, by target and delivery. Every method is one atomic step."""

    def __init__(self) -> None:
        # A fencing token must not repeat after a restart: begin with the clock.
        self._last_id = time.time_ns() // 1000
        self._by_target: dict[int, dict[int, Lease]] = {}
        self._turn = 0
        self._lock = threading.Lock()

    def claim(
        self,
        db: sqlite3.Connection,
        *,
        now: int,
        lease_seconds: float,
        limit: int,
        limits: Mapping[int, Limits],
        in_flight: Mapping[int, int],
        waiting: Collection[int],
    ) -> list[Claimed]:
        """Lease what is due; see ``port.Journal.claim``."""
        rooms = Rooms(limits, in_flight)
        with self._lock:
            leased = max((len(leases) for leases in self._by_target.values()), default=0)
            found = _decode_due(
                one_json(db, DUE, as_json([*rooms.full(), *waiting]).decode(), now, limit + leased)
            )
            chosen = self._fair(self._free(found, now, rooms), limit)
            details = _decode_detail(one_json(db, DETAIL, as_json(chosen).decode())) if chosen else []
            until = now + int(lease_seconds * 1_000_000)
            claimed = []
            for (
                delivery_id,
                rule_id,
                rule,
                version,
                target_id,
                target,
                attempts,
                first_at,
                routed_at,
                due_at,
                event,
            ) in details:
                self._last_id += 1
                self._by_target.setdefault(target_id, {})[delivery_id] = Lease(self._last_id, until)
                claimed.append(
                    Claimed(
                        delivery_id,
                        self._last_id,
                        stored(event),
                        rule_id,
                        rule,
                        version,
                        target_id,
                        target,
                        attempts,
                        first_at,
                        routed_at,
                        due_at,
                    )
                )
            return claimed

    def _free(
        self,
        found: Iterable[tuple[int, list[tuple[int, int]]]],
        now: int,
        rooms: "Rooms",
    ) -> list[list[int]]:
        """Return each target's unleased deliveries, as many as it has room for."""
        lanes = []
        for target_id, due in found:
            leases = self._by_target.get(target_id, {})
            room = rooms.of(target_id)
            lane = [seq for seq, _due_at in due if seq not in leases or leases[seq].until <= now][:room]
            if lane:
                lanes.append(lane)
        return lanes

    def _fair(self, lanes: list[list[int]], limit: int) -> list[int]:
        """Take one of each lane in turn, beginning with another lane each time, up to the limit."""
        if not lanes:
            return []
        self._turn = (self._turn + 1) % len(lanes)
        lanes = lanes[self._turn :] + lanes[: self._turn]
        taken = chain.from_iterable(zip_longest(*lanes))
        return [seq for seq in taken if seq is not None][:limit]

    def next_due_at(self, db: sqlite3.Connection, waiting: Collection[int]) -> int | None:
        """Return when the next unleased delivery falls due, or the next lease ends."""
        with self._lock:
            leased = max((len(leases) for leases in self._by_target.values()), default=0)
            found = _decode_due(one_json(db, DUE, as_json(list(waiting)).decode(), FOREVER, 1 + leased))
            moments = []
            for target_id, due in found:
                leases = self._by_target.get(target_id, {})
                moments += [
                    max(due_at, leases[seq].until) if seq in leases else due_at for seq, due_at in due
                ]
            return min(moments, default=None)

    def take_back(self, claimed: Claimed) -> Lease | None:
        """End the lease if it is still this claim's; None if it is another's by now."""
        with self._lock:
            leases = self._by_target.get(claimed.target_id, {})
            lease = leases.get(claimed.delivery_id)
            if lease is None or lease.id != claimed.lease_id:
                return None
            del leases[claimed.delivery_id]
            if not leases:
                del self._by_target[claimed.target_id]
            return lease

    def holds(self, claimed: Claimed) -> bool:
        """Tell whether the lease is still this claim's."""
        with self._lock:
            lease = self._by_target.get(claimed.target_id, {}).get(claimed.delivery_id)
            return lease is not None and lease.id == claimed.lease_id
