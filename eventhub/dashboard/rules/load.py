"""How much more, or less, a draft would bring to its targets."""

import time
from collections.abc import Collection
from dataclasses import dataclass

from eventhub.dashboard.lately import MINUTES, journal_here, last_hour
from eventhub.flow.editing import Draft, draft_of
from eventhub.models import Rule


@dataclass(frozen=True, slots=True)
class Load:
    """A target's attempts per minute over the last hour, and what saving would add to them."""

    target: str
    now: float
    change: float

    @property
    def then(self) -> float:
        """Return what it would come to."""
        return max(0.0, self.now + self.change)


def loads_of(draft: Draft, rule: Rule | None, *, would: int, now: int, seconds: float) -> list[Load]:
    """Return the loads of a draft's targets and of those that it leaves; matches were in so many seconds."""
    before = draft_of(rule) if rule is not None else None
    then_by_id = {target.pk: target.name for target, _ in draft.links}
    now_by_id = {target.pk: target.name for target, _ in before.links} if before else {}
    rates = _attempts_per_minute([*then_by_id, *now_by_id])
    loads = []
    for pk, name in (now_by_id | then_by_id).items():
        gained = would if pk in then_by_id and _delivers(draft) else 0
        lost = now if pk in now_by_id and before is not None and _delivers(before) else 0
        loads.append(Load(name, rates.get(pk, 0.0), (gained - lost) / seconds * 60))
    return loads


def _delivers(draft: Draft) -> bool:
    return draft.enabled and not draft.shadow


def _attempts_per_minute(target_ids: Collection[int]) -> dict[int, float]:
    journal = journal_here()
    if journal is None or not target_ids:
        return {}
    counted = journal.counts("attempt", last_hour(int(time.time())), by=("b",), b=list(target_ids))
    return {one.counted.b: one.count / MINUTES for one in counted}
