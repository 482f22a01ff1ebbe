"""Sums by second over spans of the append-only tables, in SQL that both engines understand.

Whoever asks says which rows: the live window those of its last minute, the rollups those since the last time.
"""

# ruff: noqa: S608 - the statements are made of our own texts; every value is a parameter

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from eventhub.journal.counted import BOUNDS_MS, Counted, Timed, whole_way
from eventhub.journal.error_classes import class_in_sql
from eventhub.journal.states import OutcomeState, RoutingState

SECOND = 1_000_000  # microseconds
_GOOD = OutcomeState.DELIVERED.value

Ask = Callable[[str, tuple[object, ...]], Iterable[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Span:
    """Rows of one table: the condition, with ``%s`` for each value, and what else is read from."""

    condition: str
    values: tuple[object, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Spans:
    """The rows to sum. The outcomes are those of the routings; their rows are called ``o``."""

    events: Span
    routings: Span
    outcomes: Span
    attempts: Span
    dead_letters: Span


@dataclass(slots=True)
class Sums:
    """What was found: (second, what) → [count, failed], and (second, what, bucket of latency) → times."""

    counts: dict[tuple[int, Counted], list[int]] = field(default_factory=dict)
    times: dict[tuple[int, Timed, int], int] = field(default_factory=dict)

    def count(self, second: int, counted: Counted, count: int, failed: int) -> None:
        """Add to a count."""
        entry = self.counts.setdefault((second, counted), [0, 0])
        entry[0] += count
        entry[1] += failed

    def time(self, second: int, timed: Timed, bucket: int, times: int) -> None:
        """Add to a bucket of latencies."""
        key = (second, timed, bucket)
        self.times[key] = self.times.get(key, 0) + times


def sum_up(ask: Ask, spans: Spans) -> Sums:
    """Return the sums; ``ask`` runs a statement with its values."""
    sums = Sums()
    _events(ask, spans.events, sums)
    _routings(ask, spans.routings, spans.outcomes, sums)
    _attempts(ask, spans.attempts, sums)
    _dead_letters(ask, spans.dead_letters, sums)
    return sums


def sum_up_errors(ask: Ask, attempts: Span, sums: Sums) -> None:
    """Add each target's failed attempts by class: the status's, or what kept an answer from coming."""
    kinds, texts = class_in_sql()
    for second, target_id, kind, count in ask(
        f"SELECT second, target_id, kind, count(*) FROM (SELECT ended_at / {SECOND} AS second, target_id,"
        f" {kinds} AS kind FROM attempt WHERE {attempts.condition} AND state <> %s AND error <> '') AS failed"
        " GROUP BY 1, 2, 3",
        (*texts, *attempts.values, _GOOD),
    ):
        sums.count(second, Counted("error", 0, kind, target_id), count, count)


def _events(ask: Ask, span: Span, sums: Sums) -> None:
    for second, bus_id, source, count in ask(
        f"SELECT accepted_at / {SECOND}, bus_id, source, count(*) FROM event WHERE {span.condition}"
        " GROUP BY 1, 2, 3",
        span.values,
    ):
        sums.count(second, Counted("source", bus_id, source, 0), count, 0)


def _routings(ask: Ask, routings: Span, outcomes: Span, sums: Sums) -> None:
    for second, bus_id, state, count in ask(
        f"SELECT routed_at / {SECOND}, bus_id, state, count(*) FROM routing"
        f" WHERE {routings.condition} AND state <> 'matched' GROUP BY 1, 2, 3",
        routings.values,
    ):
        failed = count if state == RoutingState.UNROUTABLE else 0
        sums.count(second, Counted("unmatched", bus_id, 0, 0), count, failed)
    for second, bus_id, rule_id, count, made in ask(
        "SELECT second, bus_id, rule_id, count(*), sum(made) FROM ("
        f"SELECT o.routed_at / {SECOND} AS second, o.bus_id, o.rule_id, o.event_id,"
        " max(CASE WHEN o.state IN ('pending', 'delivered', 'dead', 'shadow') THEN 1 ELSE 0 END) AS made"
        f" FROM {outcomes.source} WHERE {outcomes.condition} GROUP BY 1, 2, 3, 4) AS matches"
        " GROUP BY 1, 2, 3",
        outcomes.values,
    ):
        sums.count(second, Counted("match", bus_id, rule_id, 0), count, count - int(made))


def _attempts(ask: Ask, span: Span, sums: Sums) -> None:
    where = f"FROM attempt WHERE {span.condition}"
    for second, bus_id, rule_id, target_id, state, count in ask(
        f"SELECT ended_at / {SECOND}, bus_id, rule_id, target_id, state, count(*) {where}"
        " GROUP BY 1, 2, 3, 4, 5",
        span.values,
    ):
        good = state == _GOOD
        sums.count(second, Counted("attempt", bus_id, rule_id, target_id), count, 0 if good else count)
        if good:
            sums.count(second, Counted("forward", bus_id, target_id, 0), count, 0)
    for second, target_id, bucket, count in ask(
        f"SELECT ended_at / {SECOND}, target_id, {bucket_in_sql('ended_at - started_at')}, count(*) {where}"
        " GROUP BY 1, 2, 3",
        span.values,
    ):
        sums.time(second, Timed("target", target_id), bucket, count)
    for second, bus_id, rule_id, bucket, count in ask(
        f"SELECT ended_at / {SECOND}, bus_id, rule_id, {bucket_in_sql('ended_at - accepted_at')}, count(*)"
        f" {where} AND state = %s GROUP BY 1, 2, 3, 4",
        (*span.values, _GOOD),
    ):
        for timed in whole_way(bus_id, rule_id):
            sums.time(second, timed, bucket, count)


def _dead_letters(ask: Ask, span: Span, sums: Sums) -> None:
    for second, bus_id, rule_id, target_id, count in ask(
        f"SELECT dead_at / {SECOND}, bus_id, rule_id, target_id, count(*) FROM dead_letter"
        f" WHERE {span.condition} GROUP BY 1, 2, 3, 4",
        span.values,
    ):
        sums.count(second, Counted("dead", bus_id, rule_id, target_id or 0), count, count)


def bucket_in_sql(microseconds: str) -> str:
    """Return SQL that gives the bucket of a latency, as ``counted.bucket_of`` does, by bisection."""

    def between(low: int, high: int) -> str:
        if low == high:
            return str(low)
        middle = (low + high) // 2
        bound = round(BOUNDS_MS[middle] * 1000, 1)
        lower, upper = between(low, middle), between(middle + 1, high)
        return f"CASE WHEN {microseconds} <= {bound} THEN {lower} ELSE {upper} END"

    return between(0, len(BOUNDS_MS) - 1)
