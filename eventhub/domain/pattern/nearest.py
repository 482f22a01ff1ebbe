"""How near an event came to a branch: which fields can hold together at best, and in which elements.

Of each array the element is taken in which most fields hold, by a value or by
absence, innermost arrays first. Where a field can be found in several places of
one element this is a guess, which a search betters if it can (`choosing`). All
this explains a verdict and never makes one.

What is looked at is counted. A branch that nothing is left for is judged field
by field, without asking whether they hold in the same elements: it is not
`compared`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eventhub.domain.pattern.asking import Asked
from eventhub.domain.pattern.choosing import (
    Choice,
    Effort,
    Leaves,
    SpentError,
    around,
    better_choice,
    choose,
    compatible,
)
from eventhub.domain.pattern.elements import ElementTree, Node
from eventhub.domain.pattern.flatten import Element, Found
from eventhub.domain.pattern.tree import Branch

# Beside its leaves, each branch and field costs so much.
STEPS_PER_FIELD = 10
# The search for the choice behind a match, and for a better guess of another branch: some 30 and 6 ms.
SEARCH_OF_A_MATCH, SEARCH_OF_OTHERS = 100_000, 20_000


@dataclass(frozen=True, slots=True)
class Judged:
    """How one field fares, and the leaves that it is judged by."""

    holds: bool
    leaves: Sequence[Found]
    # It should be absent, and no field before it chose an element of the array that its leaves are in.
    among_all: bool = False


@dataclass(frozen=True, slots=True)
class Nearness:
    """A branch, its fields judged one by one, and the elements that these chose."""

    branch: Branch
    judged: Sequence[Judged]
    chosen: Mapping[int, Element]
    compared: bool = True  # fields are judged in the same elements

    @property
    def holding(self) -> int:
        """How many fields hold."""
        return sum(judged.holds for judged in self.judged)

    @property
    def failing(self) -> int:
        """How many fields do not hold."""
        return len(self.branch) - self.holding

    def chosen_instead_of(self, leaf: Found) -> Element | None:
        """Return the outermost element that was chosen where the leaf lies in another one of the array."""
        return next(
            (
                self.chosen[element.array]
                for element in reversed([*around(leaf.element)])
                if self.chosen.get(element.array, element) is not element
            ),
            None,
        )


def nearness(branch: Branch, asked: Asked, *, is_match: bool, effort: Effort) -> Nearness:
    """Judge a branch; `is_match` says that it is known to hold as a whole."""
    leaves = Leaves(branch, asked)
    try:
        effort.spend(STEPS_PER_FIELD * (len(branch) + 1))
        return _compared(leaves, effort, is_match=is_match)
    except SpentError:
        return _each_for_itself(leaves, is_match=is_match)


def _compared(leaves: Leaves, effort: Effort, *, is_match: bool) -> Nearness:
    effort.spend(2 * sum(map(len, leaves.found)))
    wished, is_guess = _best(leaves, effort)
    near = _judged(leaves, _taken(leaves, wished, effort), effort)
    if near.failing and (is_match or (is_guess and near.holding < sum(leaves.can_hold))):
        part = effort.part(SEARCH_OF_A_MATCH if is_match else SEARCH_OF_OTHERS)
        choice = better_choice(leaves, near.holding, part)
        effort.give_back(part)
        if choice is not None:
            near = _judged(leaves, choice, effort)
    return _each_for_itself(leaves, is_match=True) if is_match and near.failing else near


def _each_for_itself(leaves: Leaves, *, is_match: bool) -> Nearness:
    """Judge the fields without the elements: of a match they all hold; else each may be in another one."""
    judged = [
        Judged(
            holds=is_match or can_hold,
            leaves=fitting or (() if may_be_absent and can_hold else found),
        )
        for found, fitting, may_be_absent, can_hold in zip(
            leaves.found, leaves.fitting, leaves.may_be_absent, leaves.can_hold, strict=True
        )
    ]
    return Nearness(leaves.branch, judged, {}, compared=False)


def _best(leaves: Leaves, effort: Effort) -> tuple[dict[int, Element], bool]:
    """Return for each array the element in which most fields hold, if any do; and whether this is a guess."""
    tree = ElementTree(enumerate(leaves.fitting), enumerate(leaves.found))
    effort.spend(2 * len(tree.nodes))
    may_be_absent = sum(1 << number for number, may in enumerate(leaves.may_be_absent) if may)
    chosen: dict[int, Element] = {}
    # Of the best choice inside a node: the fields that are satisfied, and those that have any leaf.
    inside: dict[Node, tuple[int, int]] = {}

    def holding(node: Node, others: int) -> int:
        """Count the fields that hold if this element of an array is chosen, beside others that do."""
        satisfied, has = inside[node]
        choosing = satisfied | has & ~may_be_absent
        # What is judged before the element is chosen looks into all of the array.
        later = ~((choosing & -choosing) - 1) if choosing else 0
        assert node.within is not None
        return ((satisfied | may_be_absent & node.within.has & ~has & later) & ~others).bit_count()

    is_guess = False
    # A node is made before the nodes inside it, so the reverse order meets inner ones first.
    for node in [*reversed(tree.nodes.values()), tree.root]:
        satisfied, has = node.fits, node.has
        places = node.places
        for number, array in node.arrays.items():
            is_guess = is_guess or bool(places & array.places)
            places |= array.places
            others = satisfied
            count, best = max(((holding(one, others), one) for one in array.nodes), key=lambda pair: pair[0])
            if count:
                assert best.element is not None
                chosen[number] = best.element
                satisfied |= inside[best][0]
                has |= inside[best][1]
            else:
                has |= array.has
        inside[node] = satisfied, has
    return chosen, is_guess


def _taken(leaves: Leaves, wished: Mapping[int, Element], effort: Effort) -> Choice:
    """Return, by field, a leaf in the wished elements: one that satisfies it; else any.

    That one chooses all the same: were its value the right one, this would be the element.
    """
    chosen = dict(wished)
    held: dict[int, Found] = {}
    failed: dict[int, Found] = {}
    for number, (found, fitting) in enumerate(zip(leaves.found, leaves.fitting, strict=True)):
        first = None
        for leaf in compatible(fitting, chosen, effort):
            first = first or leaf
            if leaf.element:
                first = leaf
                break
        if first is not None:
            held[number] = first
            choose(chosen, first)
        elif not leaves.may_be_absent[number]:
            failed_one = _in_wished(compatible(found, wished, effort), wished, effort)
            if failed_one is not None:
                failed[number] = failed_one
    return held, failed


def _in_wished(found: Iterable[Found], wished: Mapping[int, Element], effort: Effort) -> Found | None:
    """Return the first leaf that lies in a wished element: of what is inside it, nothing was better."""
    tried: set[Element | None] = {None}
    for leaf in found:
        if leaf.element not in tried:
            tried.add(leaf.element)
            arrays = [one.array for one in around(leaf.element)]
            effort.spend(len(arrays))
            if any(array in wished for array in arrays):
                return leaf
    return None


def _judged(leaves: Leaves, choice: Choice, effort: Effort) -> Nearness:
    """Go through the fields in order, as matching does: each takes its leaf, or is absent, or fails."""
    held, failed = choice
    chosen: dict[int, Element] = {}
    absent: dict[int, list[Found]] = {}
    for number, found in enumerate(leaves.found):
        if (leaf := held.get(number) or failed.get(number)) is not None:
            choose(chosen, leaf)
        elif leaves.may_be_absent[number]:
            absent[number] = list(compatible(found, chosen, effort))
    judged = []
    for number, found in enumerate(leaves.found):
        there = list(compatible(found, chosen, effort))
        if number in absent and not absent[number]:
            judged.append(Judged(holds=True, leaves=[]))
        elif number in absent and not there:
            judged.append(Judged(holds=False, leaves=absent[number], among_all=True))
        else:
            judged.append(Judged(holds=number in held, leaves=there))
    return Nearness(leaves.branch, judged, chosen)
