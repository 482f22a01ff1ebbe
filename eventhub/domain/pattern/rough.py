"""How near branches seem, each field judged for itself: quick, and too kind where arrays are."""

from collections.abc import Sequence
from typing import Literal

from eventhub.domain.pattern.asking import Asked
from eventhub.domain.pattern.tree import Branch, Field

# Fields that fail, minus those that hold, minus those that hold by a value: the smaller, the nearer.
Distance = tuple[int, int, int]


def rough_distances(branches: Sequence[Branch], asked: Asked) -> list[Distance]:
    """Count failing and holding fields of each branch."""
    fields = {id(field): field for branch in branches for field in branch}
    holding = {number: _can_hold(field, asked) for number, field in fields.items()}
    distances = []
    for branch in branches:
        held = [holding[id(field)] for field in branch]
        either = len(held) - held.count(None)
        distances.append((len(branch) - either, -either, -held.count("value")))
    return distances


def _can_hold(field: Field, asked: Asked) -> Literal["value", "absence"] | None:
    if not asked.leaves.get(field.path):
        return "absence" if field.may_be_absent else None
    answer = asked.answer(field)
    if answer is not None and answer.fitting:
        return "value"
    # It may be absent from some element, if all of its values lie in elements.
    return "absence" if answer is not None and field.may_be_absent and answer.found_inside else None
