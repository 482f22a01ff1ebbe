"""Rollups: what was counted and timed, kept by second, ten seconds, minute and hour, long after its events.

Each step sums the rows that were appended since the step before and adds them to the rollups of every grain,
together with the tail that it reached, in one transaction: so each row is counted once, whatever is killed.
What a gauge showed (pending deliveries, an open circuit) is noted as the highest of its grain.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

import msgspec

from eventhub.journal.counted import Counted
from eventhub.journal.limits import CircuitState, TargetState
from eventhub.journal.position import Position
from eventhub.journal.summing import Sums
from eventhub.journal.tail import Tail

ROWS_EACH = 20_000  # of one table in one step
NOTHING_ROLLED = "[[0,0],[0,0],[0,0],[0,0]]"

Count = tuple[int, int, str, int, str, int, int, int, int]  # the columns of `rollup`
Times = tuple[int, int, str, int, int, int]  # the columns of `rollup_latency`
# Sums of a whole bus, added as its rows are: a series of everything must not read the rows of every rule.
TOTALS: Mapping[str, str] = {"source": "accepted", "attempt": "attempted"}
COUNTED_KINDS = (
    *("source", "match", "attempt", "forward", "unmatched", "dead", "error", "backlog"),
    *TOTALS.values(),
)
TIMED_KINDS = ("all", "bus", "rule", "target")
ROLLUP = "grain, at, kind, bus_id, text, a, b, count, failed"
ROLLUP_LATENCY = "grain, at, kind, id, bucket, times"


class Grain(IntEnum):
    """How many seconds one row is of."""

    SECOND = 1
    TEN = 10
    MINUTE = 60
    HOUR = 3600


# How long the rows of each grain stay, in seconds: what a page can look back to with it.
KEPT_SECONDS: Mapping[Grain, int] = {
    Grain.SECOND: 2 * 3600,
    Grain.TEN: 26 * 3600,
    Grain.MINUTE: 8 * 86_400,
    Grain.HOUR: 400 * 86_400,
}


@dataclass(frozen=True, slots=True)
class Rolled:
    """How far the rollups have come, and whether there is more."""

    tail: Tail
    more: bool


def tail_text(tail: Tail) -> str:
    """Return a tail as it is kept.

    >>> tail_text(Tail()) == NOTHING_ROLLED
    True
    """
    positions = (tail.events, tail.routings, tail.attempts, tail.dead_letters)
    return msgspec.json.encode([(one.xid, one.seq) for one in positions]).decode()


def tail_of(text: str) -> Tail:
    """Return the tail that is kept as ``text``."""
    positions = msgspec.json.decode(text, type=list[tuple[int, int]])
    return Tail(*(Position(*one) for one in positions))


def count_rows(sums: Sums) -> list[Count]:
    """Return the rows to add, of every grain, in the order of their key."""
    added: dict[tuple[int, int, str, int, str, int, int], list[int]] = {}
    for (second, counted), (count, failed) in sums.counts.items():
        text, a = (counted.a, 0) if isinstance(counted.a, str) else ("", counted.a)
        keys = [(counted.kind, counted.bus_id, text, a, counted.b)]
        if total := TOTALS.get(counted.kind):
            keys.append((total, counted.bus_id, "", 0, 0))
        for grain in Grain:
            at = second - second % grain
            for key in keys:
                entry = added.setdefault((int(grain), at, *key), [0, 0])
                entry[0] += count
                entry[1] += failed
    return sorted((*key, count, failed) for key, (count, failed) in added.items())


def time_rows(sums: Sums) -> list[Times]:
    """Return the rows to add, of every grain, in the order of their key."""
    added: dict[tuple[int, int, str, int, int], int] = {}
    for (second, timed, bucket), times in sums.times.items():
        for grain in Grain:
            key = (int(grain), second - second % grain, timed.kind, timed.id, bucket)
            added[key] = added.get(key, 0) + times
    return sorted((*key, times) for key, times in added.items())


def gauge_rows(at: int, states: Mapping[int, TargetState]) -> list[Count]:
    """Return what is noted of the targets at a second: pending deliveries, and 1 if the circuit is open.

    Kind ``backlog``, bus 0, ``a`` the target's id.
    """
    rows = Sums()
    for target_id, state in states.items():
        is_open = state.circuit is not CircuitState.CLOSED
        if state.pending or is_open:
            rows.count(at, Counted("backlog", 0, target_id, 0), state.pending, int(is_open))
    return [row for row in count_rows(rows) if row[0] != Grain.SECOND]  # samples are ten seconds apart


def outdated(now: int) -> Iterator[tuple[str, tuple[int, str, int]]]:
    """Give each table with the (grain, kind, second) before which its rows may go; ``now`` in seconds."""
    for table, kinds in (("rollup", COUNTED_KINDS), ("rollup_latency", TIMED_KINDS)):
        for grain, kept in KEPT_SECONDS.items():
            for kind in kinds:
                yield table, (int(grain), kind, now - kept)
