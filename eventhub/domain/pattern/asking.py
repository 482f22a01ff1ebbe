"""One rule's questions to one event: each field is asked once, and what may be spent is counted."""

from collections.abc import Mapping
from typing import NamedTuple

from eventhub.domain.pattern.conditions import condition
from eventhub.domain.pattern.costs import is_too_much
from eventhub.domain.pattern.flatten import Found
from eventhub.domain.pattern.keys import Key, key_of
from eventhub.domain.pattern.tree import Field

# Beside two steps for each element. Ten thousand steps take some 20 ms.
EXTRA_STEPS = 10_000
# Once the searches of a rule's branches have gone through so many leaves, no other search begins.
MAX_SEARCHED = 100_000
# The same for all rules of a bus together: some ten seconds, after which the bus goes on to the next event.
MAX_SEARCHED_IN_ALL = 2_000_000
# Above it, asking pays for the preparation that makes a question quick.
FEW_QUESTIONS = 1000


class TooComplexError(Exception):
    """Matching took more than one rule may take on one event."""


class Answer(NamedTuple):
    """The leaves that satisfy a field; whether all of them, and all of the field's, lie in array elements."""

    fitting: list[Found]
    fitting_inside: bool
    found_inside: bool


class Asked:
    """An event's leaves by path, and what a rule with these costs has found out about them."""

    __slots__ = ("_answers", "costs", "leaves", "searched", "steps_left")

    def __init__(self, leaves: Mapping[str, list[Found]], costs: Mapping[str, int]) -> None:
        self.leaves = leaves
        self.costs = costs
        self.steps_left = EXTRA_STEPS
        self.searched = 0
        self._answers: dict[int, Answer | None] = {}

    def answer(self, field: Field) -> Answer | None:
        """Return what satisfies the field; None if that is too much to ask."""
        # By identity: branches of a pattern share their fields.
        if id(field) not in self._answers:
            self._answers[id(field)] = self._ask(field, self.leaves.get(field.path, []))
        return self._answers[id(field)]

    @property
    def spent(self) -> int:
        """Return how much of the searching is done, in leaves and steps."""
        return self.searched + EXTRA_STEPS - self.steps_left

    def begin_search(self, leaves: int) -> None:
        """Note that a search through so many leaves begins; may raise `TooComplexError`."""
        if self.searched > MAX_SEARCHED:
            raise TooComplexError
        self.searched += leaves

    def _ask(self, field: Field, found: list[Found]) -> Answer | None:
        if len(found) * len(field.values) <= FEW_QUESTIONS:
            fitting = [leaf for leaf in found if any(value.matches(leaf.value) for value in field.values)]
        else:
            keys = [key_of(leaf.value) for leaf in found]
            different = dict.fromkeys(keys, False)
            if is_too_much(self.costs.get(field.path, 0), len(different)):
                return None
            wanted = condition(field.values)
            met: dict[Key, bool] = {key: wanted.is_met_by(key) for key in different}
            fitting = [leaf for leaf, key in zip(found, keys, strict=True) if met[key]]
        return Answer(
            fitting,
            fitting_inside=all(leaf.element for leaf in fitting),
            found_inside=all(leaf.element for leaf in found),
        )
