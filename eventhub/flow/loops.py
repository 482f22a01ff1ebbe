"""Loops of buses: the way that an event would go round if a rule fed a bus."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from eventhub.models import RuleTarget


def way_back(feeds: Mapping[int, Iterable[int]], start: int, to: int) -> Sequence[int]:
    """Return the shortest way of buses from ``start`` to ``to``, both included; empty if there is none.

    ``feeds`` says for a bus which others its rules put events on. One bus is a way to itself.

    >>> way_back({1: [2], 2: [3, 4], 3: [1]}, 1, 3), way_back({1: [2]}, 2, 1), way_back({}, 1, 1)
    ([1, 2, 3], [], [1])
    """
    came_from: dict[int, int | None] = {start: None}
    todo = deque([start])
    while todo:
        here = todo.popleft()
        if here == to:
            way: list[int] = []
            step: int | None = to
            while step is not None:
                way.append(step)
                step = came_from[step]
            return way[::-1]
        for there in feeds.get(here, ()):
            if there not in came_from:
                came_from[there] = here
                todo.append(there)
    return []


def feeds_now(*, leaving_out: int | None) -> dict[int, set[int]]:
    """Return for each bus the buses that its rules feed today; one rule may be left out.

    Rules that are disabled or in shadow feed nothing, and neither do disabled targets.
    """
    links = RuleTarget.objects.filter(
        rule__enabled=True, rule__shadow=False, target__enabled=True, target__bus__isnull=False
    )
    if leaving_out is not None:
        links = links.exclude(rule_id=leaving_out)
    found: dict[int, set[int]] = {}
    for bus_id, fed in links.values_list("rule__bus_id", "target__bus_id"):
        found.setdefault(bus_id, set()).add(fed)
    return found
