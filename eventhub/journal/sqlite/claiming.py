"""Claiming: due deliveries under leases that live in memory, fair between targets and within their limits.

The file says what is pending and when it is due; memory says what is leased, how full the buckets are and
which circuits are open. Memory holds only what is in flight or limited, so millions may be pending. A bucket
is full after a restart; circuits are in the file too (``sqlite.circuits``).
"""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

import msgspec

from eventhub.journal.circuits import CLEAN, Facts
from eventhub.journal.gates import Gates
from eventhub.journal.limits import BEHIND
from eventhub.journal.port import Claimed, Limits
from eventhub.journal.sqlite.connections import as_json, one_json
from eventhub.journal.sqlite.events import EVENT_JSON, EventColumns, stored

# One look-up per target that has anything pending, however many deliveries that is.
TARGETS = """
    WITH RECURSIVE target(id) AS (
        SELECT min(target_id) FROM delivery
        UNION ALL
        SELECT (SELECT min(target_id) FROM delivery WHERE target_id > target.id) FROM target
        WHERE target.id IS NOT NULL
    )
"""
# The earliest deliveries of each target but those in ?1; ?2: due by then; ?3: at most so many per target.
DUE = f"""{TARGETS}
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
        d.due_at, d.fifo_key, o.attributes, o.budget_from, o.redriven_at,
        {EVENT_JSON}
    ))
    FROM json_each(?) j CROSS JOIN delivery d ON d.seq = j.value CROSS JOIN outcome o ON o.seq = d.seq
    CROSS JOIN event e ON e.seq = d.event_seq
"""  # noqa: S608 - our own text

DetailColumns = tuple[
    int, int, str, int, int, str, int, int | None, int, int, str | None, str, int, int | None, EventColumns
]
_decode_due = msgspec.json.Decoder(list[tuple[int, list[tuple[int, int]]]]).decode
_decode_detail = msgspec.json.Decoder(list[DetailColumns]).decode
_decode_attributes = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class Lease:
    """Somebody's right to a delivery."""

    id: int
    until: int
    holder: str


class Leases:
    """All leases, buckets and circuits of this process. Every method is one atomic step."""

    def __init__(self) -> None:
        # A fencing token must not repeat after a restart: begin with the clock.
        self._last_id = time.time_ns() // 1000
        self._by_target: dict[int, dict[int, Lease]] = {}
        self._held: Counter[str] = Counter()  # leases by holder
        self._full_at: dict[str, int] = {}
        self._circuits: dict[int, Facts] = {}  # those that are not clean
        self._turn = 0
        self._lock = threading.Lock()

    def claim(
        self,
        db: sqlite3.Connection,
        holder: str,
        *,
        now: int,
        lease_seconds: float,
        limit: int,
        limits: Mapping[int, Limits],
        in_flight: Mapping[int, int],
        waiting: Collection[int],
    ) -> list[Claimed]:
        """Lease what is due; see ``port.Journal.claim``."""
        with self._lock:
            gates = Gates(
                now, limits, in_flight, self._others(holder, now), self._circuits, dict(self._full_at)
            )
            without = as_json([*gates.shut(), *waiting]).decode()
            found = _decode_due(one_json(db, DUE, without, now, min(limit, gates.widest()) + self._leased()))
            lanes = self._lanes(found, gates)
            chosen = gates.let_through(_in_turn(lanes), limit)
            if not chosen:
                return []
            details = _decode_detail(one_json(db, DETAIL, as_json([seq for _target, seq in chosen]).decode()))
            claimed = [self._leased_to(holder, lease_seconds, gates, columns) for columns in details]
            self._full_at = gates.full_at
            for target_id in gates.probes:
                until = gates.lease_until(target_id, lease_seconds)
                self._circuits[target_id] = replace(self._circuits[target_id], probe_until=until)
            return claimed

    def _leased_to(self, holder: str, lease_seconds: float, gates: Gates, columns: DetailColumns) -> Claimed:
        (
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
            fifo_key,
            attributes,
            budget_from,
            redriven_at,
            event,
        ) = columns
        self._last_id += 1
        leases = self._by_target.setdefault(target_id, {})
        if delivery_id in leases:  # ran out
            self._held[leases[delivery_id].holder] -= 1
        until = gates.lease_until(target_id, lease_seconds)
        leases[delivery_id] = Lease(self._last_id, until, holder)
        self._held[holder] += 1
        return Claimed(
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
            fifo_key,
            _decode_attributes(attributes) if attributes else {},
            budget_from,
            redriven_at,
            gates.circuit(target_id),
            target_id in gates.probes,
        )

    def _lanes(
        self, found: Iterable[tuple[int, list[tuple[int, int]]]], gates: Gates
    ) -> list[list[tuple[int, int]]]:
        """Return each target's unleased deliveries, as many as may go; beginning with another each time."""
        lanes = []
        for target_id, due in found:
            leases = self._by_target.get(target_id, {})
            free = [
                (target_id, seq)
                for seq, _due_at in due
                if seq not in leases or leases[seq].until <= gates.now
            ]
            if lane := free[: gates.allowed(target_id)]:
                lanes.append(lane)
        if not lanes:
            return []
        self._turn = (self._turn + 1) % len(lanes)
        return lanes[self._turn :] + lanes[: self._turn]

    def _others(self, holder: str, now: int) -> dict[int, int]:
        """Return how many unexpired leases other holders have, by target; one process has seldom any."""
        if all(name == holder or not count for name, count in self._held.items()):
            return {}
        return {
            target_id: count
            for target_id, leases in self._by_target.items()
            if (count := sum(lease.holder != holder and lease.until > now for lease in leases.values()))
        }

    def _leased(self) -> int:
        """Return how many leased deliveries may stand before the first free one."""
        return max((len(leases) for leases in self._by_target.values()), default=0)

    def next_due_at(
        self,
        db: sqlite3.Connection,
        waiting: Collection[int],
        holder: str,
        limits: Mapping[int, Limits],
        in_flight: Mapping[int, int],
    ) -> int | None:
        """Return when the next delivery can be claimed; see ``port.Journal.next_due_at``."""
        with self._lock:
            gates = Gates(0, limits, in_flight, self._others(holder, 0), self._circuits, self._full_at)
            own_full = [
                target_id
                for target_id, count in in_flight.items()
                if count >= gates.of(target_id).max_in_flight
            ]
            without = as_json([*own_full, *waiting]).decode()
            found = _decode_due(one_json(db, DUE, without, BEHIND - 1, 1 + self._leased()))
            return min(
                (self._claimable_at(target_id, due, gates, holder) for target_id, due in found if due),
                default=None,
            )

    def _claimable_at(self, target_id: int, due: Iterable[tuple[int, int]], gates: Gates, holder: str) -> int:
        leases = self._by_target.get(target_id, {})
        at = min(max(due_at, leases[seq].until) if seq in leases else due_at for seq, due_at in due)
        at = max(at, gates.opens_at(target_id))
        if gates.room(target_id) <= 0:
            at = max(at, min(lease.until for lease in leases.values() if lease.holder != holder))
        return at

    def take_back(self, claimed: Claimed) -> Lease | None:
        """End the lease if it is still this claim's; None if it is another's by now."""
        with self._lock:
            leases = self._by_target.get(claimed.target_id, {})
            lease = leases.get(claimed.delivery_id)
            if lease is None or lease.id != claimed.lease_id:
                return None
            del leases[claimed.delivery_id]
            self._held[lease.holder] -= 1
            if not leases:
                del self._by_target[claimed.target_id]
            return lease

    def end(self, deliveries: Collection[tuple[int, int]]) -> None:
        """End the leases of deliveries that are there no more, as (target, delivery)."""
        with self._lock:
            for target_id, delivery_id in deliveries:
                leases = self._by_target.get(target_id, {})
                lease = leases.pop(delivery_id, None)
                if lease is not None:
                    self._held[lease.holder] -= 1
                    if not leases:
                        del self._by_target[target_id]

    def release(self, claimed: Claimed) -> bool:
        """End a lease untried; tell whether it was still held."""
        if self.take_back(claimed) is None:
            return False
        if claimed.probe:
            with self._lock:
                facts = self._circuits.get(claimed.target_id, CLEAN)
                if facts.probe_until is not None:
                    self._circuits[claimed.target_id] = replace(facts, probe_until=None)
        return True

    def holds(self, claimed: Claimed) -> bool:
        """Tell whether the lease is still this claim's."""
        with self._lock:
            lease = self._by_target.get(claimed.target_id, {}).get(claimed.delivery_id)
            return lease is not None and lease.id == claimed.lease_id

    def learn(self, circuits: Mapping[int, Facts]) -> bool:
        """Take over what was committed of circuits; tell whether one closed."""
        closed = False
        with self._lock:
            for target_id, facts in circuits.items():
                known = self._circuits.pop(target_id, CLEAN)
                closed = closed or (known.opened_at is not None and facts.opened_at is None)
                if facts != CLEAN:
                    self._circuits[target_id] = facts
        return closed

    def hasten_probe(self, target_id: int, now: int) -> None:
        """Take over that an open circuit's next probe may go now."""
        with self._lock:
            facts = self._circuits.get(target_id, CLEAN)
            if facts.next_probe_at is not None:
                self._circuits[target_id] = replace(facts, next_probe_at=min(facts.next_probe_at, now))

    def circuits(self) -> dict[int, Facts]:
        """Return the circuits that are not clean."""
        with self._lock:
            return dict(self._circuits)

    def lease_ends(self, now: int) -> dict[int, dict[int, int]]:
        """Return the ends of the unexpired leases, by target and delivery."""
        with self._lock:
            return {
                target_id: {seq: lease.until for seq, lease in leases.items() if lease.until > now}
                for target_id, leases in self._by_target.items()
            }


def _in_turn(lanes: list[list[tuple[int, int]]]) -> Iterable[tuple[int, int]]:
    """Take one of each lane in turn."""
    return (one for one in chain.from_iterable(zip_longest(*lanes)) if one is not None)
