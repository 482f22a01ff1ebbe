"""What a pattern would have made of events that came already, beside the pattern that is in force.

Pure: events come in, newest first, and so does the clock. Both patterns, and each clause of the draft as a
rule of its own, stand in one index, so that an event is read once for all of them, and as fast as in routing.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from eventhub.domain.pattern import words
from eventhub.domain.pattern.explain import Explanation, explain
from eventhub.domain.pattern.index import RuleIndex
from eventhub.domain.pattern.tree import Field, Group, Pattern

NEAREST = 10
CHECKED_EVERY = 16  # events between two looks at the clock

K = TypeVar("K")


class Fate(StrEnum):
    """What the draft changes for an event."""

    GAINED = "gained"  # the draft matches, what is in force does not
    LOST = "lost"  # the other way round
    STILL = "still"  # both match


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of the draft, and how many events meet it alone."""

    path: str
    wanted: str
    events: int


@dataclass(frozen=True, slots=True)
class Miss(Generic[K]):
    """An event that the draft does not match but nearly does, and why."""

    key: K
    explanation: Explanation


@dataclass(slots=True)
class Backtest(Generic[K]):
    """What came out; keys are the caller's, in the order of the events. Too complex counts as no match."""

    scanned: int = 0
    matched: int = 0
    now_matched: int = 0
    too_complex: int = 0
    ran_out: bool = False  # the time was up before the events were
    keys: dict[Fate, list[K]] = field(default_factory=lambda: {fate: [] for fate in Fate})
    clauses: list[Clause] = field(default_factory=list)
    nearest: list[Miss[K]] = field(default_factory=list)


def backtest(
    draft: Pattern,
    in_force: Pattern | None,
    events: Iterable[tuple[K, dict[str, Any]]],
    *,
    time_is_up: Callable[[], bool] = lambda: False,
) -> Backtest[K]:
    """Hold a draft, and the pattern in force if there is one, against events until the time is up.

    >>> from eventhub.domain.pattern import parse
    >>> events = [("a", {"n": 1}), ("b", {"n": 2}), ("c", {"n": 3})]
    >>> found = backtest(parse('{"n": [1, 2]}'), parse('{"n": [2, 3]}'), events)
    >>> found.matched, found.keys[Fate.GAINED], found.keys[Fate.LOST], found.keys[Fate.STILL]
    (2, ['a'], ['c'], ['b'])
    """
    found: Backtest[K] = Backtest()
    clauses = _clauses(draft)
    alone = [0] * len(clauses)
    place = {id(one): number for number, clause in enumerate(clauses) for one in clause}
    branches = [[place[id(one)] for one in branch] for branch in draft.branches]
    index = _index(draft, in_force, [clause[0] for clause in clauses])
    # The nearest so far, the farthest of them first: (−failing, holding, −number, key, event).
    near: list[tuple[int, int, int, K, dict[str, Any]]] = []
    for number, (key, event) in enumerate(events):
        if number % CHECKED_EVERY == 0 and time_is_up():
            found.ran_out = True
            break
        found.scanned += 1
        answer = index.match(event)
        met = set(answer.rule_ids)
        for at in met:
            if at >= _FIRST_CLAUSE:
                alone[at - _FIRST_CLAUSE] += 1
        found.too_complex += _DRAFT in answer.too_complex
        _note(found, key, matches=_DRAFT in met, before=_IN_FORCE in met)
        if _DRAFT not in met and _DRAFT not in answer.too_complex:
            failing, held = _distance(branches, met)
            rank = (-failing, held, -number, key, event)
            if len(near) < NEAREST:
                heapq.heappush(near, rank)
            elif rank[:2] > near[0][:2]:
                heapq.heapreplace(near, rank)
    found.clauses = [
        Clause(clause[0].path, words.wanted(clause[0].values), count)
        for clause, count in zip(clauses, alone, strict=True)
    ]
    nearest = sorted(near, key=lambda rank: rank[:3], reverse=True)
    found.nearest = [Miss(key, explain(draft, event)) for *_, key, event in nearest]
    return found


# The rules of the index: the two patterns, and each clause as a rule of its own.
_DRAFT, _IN_FORCE, _FIRST_CLAUSE = 0, 1, 2


def _index(draft: Pattern, in_force: Pattern | None, clauses: Iterable[Field]) -> RuleIndex:
    index = RuleIndex()
    index.add(_DRAFT, draft)
    if in_force is not None:
        index.add(_IN_FORCE, in_force)
    for number, one in enumerate(clauses, start=_FIRST_CLAUSE):
        costs = {path: cost for path, cost in draft.costs.items() if path == one.path}
        index.add(number, Pattern("", Group("", (one,)), ((one,),), costs))
    return index


def _clauses(pattern: Pattern) -> list[list[Field]]:
    """Return the fields of all branches, those that say the same together, in their first order."""
    found: dict[tuple[str, Any], list[Field]] = {}
    for one in pattern.fields:
        same = found.setdefault((one.path, one.values), [])
        if all(one is not other for other in same):
            same.append(one)
    return list(found.values())


def _note(found: Backtest[K], key: K, *, matches: bool, before: bool) -> None:
    found.matched += matches
    found.now_matched += before
    if matches or before:
        fate = Fate.STILL if matches and before else Fate.GAINED if matches else Fate.LOST
        found.keys[fate].append(key)


def _distance(branches: list[list[int]], met: set[int]) -> tuple[int, int]:
    """Return how many clauses fail, and how many hold, in the branch that came nearest."""
    counts = []
    for places in branches:
        held = sum(at + _FIRST_CLAUSE in met for at in places)
        counts.append((len(places) - held, -held))
    failing, held = min(counts)
    return failing, -held
