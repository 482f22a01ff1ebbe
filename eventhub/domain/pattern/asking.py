"""One rule's questions to one event: each field is asked once, and what may be spent is counted."""

from collections.abc import Mapping
from typing import NamedTuple

from eventhub.domain.pattern.conditions import condition
from eventhub.domain.pattern.costs import is_too_much, steps_to_ask
from eventhub.domain.pattern.flatten import Found
from eventhub.domain.pattern.keys import Key, key_of
from eventhub.domain.pattern.tree import Field

# Beside those that every element is looked at with. A step takes about 1 µs: these take some 40 ms.
EXTRA_STEPS = 40_000
# Once the searches of a rule's branches have gone through so many leaves and elements, no other one begins.
MAX_SEARCHED = 100_000
# Above it, asking pays for the preparation that makes a question quick.
FEW_QUESTIONS = 1000


class TooComplexError(Exception):
    """Matching took more than one rule may take on one event."""


class Answer(NamedTuple):
    """The leaves that satisfy a field; whether all of them, and all of the field's, lie in array elements."""

    fitting: list[Found]
    fitting_inside: bool
    found_inside: bool


class Keys(dict[str, tuple[list[Key], dict[Key, None]]]):
    """The keys of an event's leaves by path, and each once; rules share them."""

    __slots__ = ()

    def of(self, path: str, found: list[Found]) -> tuple[list[Key], dict[Key, None]]:
        """Return them, made when they are asked for first."""
        if path not in self:
            keys = [key_of(leaf.value) for leaf in found]
            self[path] = (keys, dict.fromkeys(keys))
        return self[path]


class Asked:
    """An event's leaves by path, and what a rule with these costs has found out about them."""

    __slots__ = ("_answers", "costs", "keys", "leaves", "searched", "spent", "steps_left")

    def __init__(
        self, leaves: Mapping[str, list[Found]], costs: Mapping[str, int], keys: Keys | None = None
    ) -> None:
        self.leaves = leaves
        self.costs = costs
        self.keys = Keys() if keys is None else keys
        self.steps_left = EXTRA_STEPS
        self.searched = 0
        self.spent = 0  # on asking and searching, in steps
        self._answers: dict[int, Answer | None] = {}

    def answer(self, field: Field) -> Answer | None:
        """Return what satisfies the field; None if that is too much to ask."""
        # By identity: branches of a pattern share their fields.
        if id(field) not in self._answers:
            self._answers[id(field)] = self._ask(field, self.leaves.get(field.path, []))
        return self._answers[id(field)]

    def begin_search(self, leaves: int) -> None:
        """Note that a search through so many leaves begins; may raise `TooComplexError`."""
        if self.searched > MAX_SEARCHED:
            raise TooComplexError
        self.searched += leaves
        self.spent += leaves

    def note_elements(self, elements: int) -> None:
        """Note that the leaves of the search that began lie in so many elements."""
        self.searched += elements
        self.spent += elements

    def end_search(self, steps: int, own_steps: int) -> None:
        """Note that a search took so many steps; those over its own are the rule's."""
        self.spent += steps
        self.steps_left = max(self.steps_left - max(steps - own_steps, 0), 0)

    def _ask(self, field: Field, found: list[Found]) -> Answer | None:
        if len(found) * len(field.values) <= FEW_QUESTIONS:
            self.spent += len(found) * len(field.values)
            fitting = [leaf for leaf in found if any(value.matches(leaf.value) for value in field.values)]
        else:
            keys, different = self.keys.of(field.path, found)
            cost = self.costs.get(field.path, 0)
            self.spent += len(keys)
            if is_too_much(cost, len(different)):
                return None
            self.spent += steps_to_ask(cost, len(different))
            wanted = condition(field.values)
            met: dict[Key, bool] = {key: wanted.is_met_by(key) for key in different}
            fitting = [leaf for leaf, key in zip(found, keys, strict=True) if met[key]]
        return Answer(
            fitting,
            fitting_inside=all(leaf.element for leaf in fitting),
            found_inside=all(leaf.element for leaf in found),
        )
