"""What comes to a target and goes, from the rollups; and how long attempts took, from the attempts."""

from collections.abc import Collection, Iterable

from eventhub.dashboard.targets.attempts import took_us
from eventhub.dashboard.targets.drain import Drain
from eventhub.dashboard.targets.figures import journal_here
from eventhub.journal.counted import BOUNDS_MS, bucket_of
from eventhub.journal.limits import TargetState
from eventhub.journal.looking_back import Latencies, Past
from eventhub.journal.rolling import Grain
from eventhub.journal.rows import AttemptRow
from eventhub.models import Target

_OVER_SECONDS = 60
_ROLLED_AFTER_SECONDS = 2  # what is younger may not be counted yet


def drain_of(target: Target, state: TargetState, bus_ids: Collection[int] | None, *, now: int) -> Drain:
    """Return an estimate from the last minute: what its rules matched against what was settled."""
    journal = journal_here()
    if journal is None or not state.pending:
        return Drain(state.pending, 0.0, 0.0)
    until = now - _ROLLED_AFTER_SECONDS
    past = Past(until - _OVER_SECONDS, until, Grain.SECOND)
    rule_ids = list(target.links.values_list("rule_id", flat=True))
    came = sum(
        one.count - one.failed for one in journal.counts("match", past, by=(), bus_ids=bus_ids, a=rule_ids)
    )
    tried = journal.counts("attempt", past, by=(), bus_ids=bus_ids, b=[target.pk])
    given_up = journal.counts("dead", past, by=(), bus_ids=bus_ids, b=[target.pk])
    went = sum(one.count - one.failed for one in tried) + sum(one.count for one in given_up)
    return Drain(state.pending, came / _OVER_SECONDS, went / _OVER_SECONDS)


def timed(rows: Iterable[AttemptRow], past: Past) -> list[Latencies]:
    """Return how long attempts took in the steps of a span, as the rollups would."""
    step = past.step or past.until - past.since
    buckets: dict[int, list[int]] = {}
    for row in rows:
        at = int(row.ended_at.timestamp())
        if past.since <= at < past.until:
            began = past.since + (at - past.since) // step * step
            buckets.setdefault(began, [0] * len(BOUNDS_MS))[bucket_of(took_us(row) / 1000)] += 1
    return [Latencies(at, 0, tuple(times)) for at, times in sorted(buckets.items())]
