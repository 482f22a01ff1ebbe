"""How near an event came to a branch: which fields can hold together at best, and in which elements.

Of each array the element is taken in which most fields hold, by a value or by
absence, innermost arrays first. Where a field can be found through several
arrays this is a good guess and no more. For a branch that matches, a guess that
does not hold is mended by a search for a choice that does. All this explains a
verdict and never makes one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eventhub.domain.pattern.asking import Asked, TooComplexError
from eventhub.domain.pattern.elements import ElementTree, Node
from eventhub.domain.pattern.flatten import Element, Found
from eventhub.domain.pattern.tree import Branch

# By array.
Chosen = dict[int, Element]
# The search for the choice behind a match looks at so many leaves at most, which takes some 50 ms.
MAX_LOOKED_AT = 50_000


@dataclass(frozen=True, slots=True)
class Judged:
    """How one field fares, and the leaves that it is judged by."""

    holds: bool
    leaves: Sequence[Found]
    by_absence: bool = False
    # It should be absent, and no field before it chose an element of the array that its leaves are in.
    among_all: bool = False


@dataclass(frozen=True, slots=True)
class Nearness:
    """A branch, its fields judged one by one, and the elements that these chose."""

    branch: Branch
    judged: Sequence[Judged]
    chosen: Chosen

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
                for element in reversed([*_around(leaf.element)])
                if self.chosen.get(element.array, element) is not element
            ),
            None,
        )


def nearness(branch: Branch, asked: Asked, *, is_match: bool) -> Nearness:
    """Judge a branch; `is_match` says that it is known to hold as a whole."""
    leaves = _Leaves(branch, asked)
    wished: Chosen = {}
    try:
        asked.begin_search(sum(map(len, leaves.found)))
        wished = _best(leaves)
    except TooComplexError:  # so many branches in so long arrays: the first that fits will do
        pass
    near = _judged(leaves, *_taken(leaves, wished))
    if is_match and near.failing:
        held = _search(leaves)
        near = _unplaced(leaves) if held is None else _judged(leaves, held, {})
    return near


class _Leaves:
    """For each field of a branch, by number: all its leaves, and those that satisfy it."""

    def __init__(self, branch: Branch, asked: Asked) -> None:
        self.branch = branch
        self.found = [asked.leaves.get(field.path, []) for field in branch]
        answers = [asked.answer(field) for field in branch]
        self.fitting = [answer.fitting if answer else [] for answer in answers]
        self.may_be_absent = [field.may_be_absent for field in branch]


def _fits(leaf: Found, chosen: Chosen) -> bool:
    return all(chosen.get(element.array, element) is element for element in _around(leaf.element))


def _around(element: Element | None) -> Iterator[Element]:
    while element is not None:
        yield element
        element = element.parent


def _choose(chosen: Chosen, leaf: Found) -> None:
    chosen.update((element.array, element) for element in _around(leaf.element))


def _best(leaves: _Leaves) -> Chosen:
    """Return for each array the element in which most fields hold, if any do."""
    tree = ElementTree(enumerate(leaves.fitting), enumerate(leaves.found))
    may_be_absent = sum(1 << number for number, may in enumerate(leaves.may_be_absent) if may)
    chosen: Chosen = {}
    # Of the best choice inside a node: the fields that are satisfied, and those that have any leaf.
    inside: dict[Node, tuple[int, int]] = {}

    def holding(node: Node) -> int:
        """Count the fields that hold if this element of an array is chosen."""
        satisfied, has = inside[node]
        choosing = satisfied | has & ~may_be_absent
        # What is judged before the element is chosen looks into all of the array.
        later = ~((choosing & -choosing) - 1) if choosing else 0
        assert node.within is not None
        return (satisfied | may_be_absent & node.within.has & ~has & later).bit_count()

    # A node is made before the nodes inside it, so the reverse order meets inner ones first.
    for node in [*reversed(tree.nodes.values()), tree.root]:
        satisfied, has = node.fits, node.has
        for number, array in node.arrays.items():
            best = max(array.nodes, key=holding)
            if holding(best):
                assert best.element is not None
                chosen[number] = best.element
                satisfied |= inside[best][0]
                has |= inside[best][1]
            else:
                has |= array.has
        inside[node] = satisfied, has
    return chosen


def _taken(leaves: _Leaves, wished: Chosen) -> tuple[dict[int, Found], dict[int, Found]]:
    """Return, by field, a leaf in the wished elements: one that satisfies it; else any.

    That one chooses all the same: were its value the right one, this would be the element.
    """
    chosen = dict(wished)
    held: dict[int, Found] = {}
    failed: dict[int, Found] = {}
    for number, (found, fitting) in enumerate(zip(leaves.found, leaves.fitting, strict=True)):
        there = [leaf for leaf in fitting if _fits(leaf, chosen)]
        if there:
            held[number] = next((leaf for leaf in there if leaf.element), there[0])
            _choose(chosen, held[number])
        elif not leaves.may_be_absent[number]:
            for leaf in found:
                if leaf.element and all(wished.get(one.array) is one for one in _around(leaf.element)):
                    failed[number] = leaf
                    break
    return held, failed


def _judged(leaves: _Leaves, held: Mapping[int, Found], failed: Mapping[int, Found]) -> Nearness:
    """Go through the fields in order, as matching does: each takes its leaf, or is absent, or fails."""
    chosen: Chosen = {}
    absent: dict[int, list[Found]] = {}
    for number, found in enumerate(leaves.found):
        if (leaf := held.get(number) or failed.get(number)) is not None:
            _choose(chosen, leaf)
        elif leaves.may_be_absent[number]:
            absent[number] = [leaf for leaf in found if _fits(leaf, chosen)]
    judged = []
    for number, found in enumerate(leaves.found):
        there = [leaf for leaf in found if _fits(leaf, chosen)]
        if number in absent and not absent[number]:
            judged.append(Judged(holds=True, leaves=[], by_absence=True))
        elif number in absent and not there:
            judged.append(Judged(holds=False, leaves=absent[number], among_all=True))
        else:
            judged.append(Judged(holds=number in held, leaves=there))
    return Nearness(leaves.branch, judged, chosen)


def _search(leaves: _Leaves) -> dict[int, Found] | None:
    """Search for leaves that satisfy the whole branch, the other fields being absent; None if given up."""
    looked_at = 0

    def ways(number: int, chosen: Chosen) -> Iterator[Found | None]:
        nonlocal looked_at
        looked_at += len(leaves.found[number]) + 1
        if leaves.may_be_absent[number] and not any(_fits(leaf, chosen) for leaf in leaves.found[number]):
            yield None
            return
        tried: set[Element | None] = set()
        for leaf in leaves.fitting[number]:
            if leaf.element not in tried and _fits(leaf, chosen):
                tried.add(leaf.element)
                yield leaf

    # A stack of our own: a branch may have more fields than Python recurses.
    choices: list[Chosen] = [{}]
    taken: list[Found | None] = []
    stack = [ways(0, choices[0])]
    while stack and looked_at <= MAX_LOOKED_AT:
        del taken[len(stack) - 1 :], choices[len(stack) :]
        try:
            leaf = next(stack[-1])
        except StopIteration:
            stack.pop()
            continue
        taken.append(leaf)
        if len(taken) == len(leaves.branch):
            return {number: leaf for number, leaf in enumerate(taken) if leaf is not None}
        chosen = dict(choices[-1])
        if leaf is not None:
            _choose(chosen, leaf)
        choices.append(chosen)
        stack.append(ways(len(taken), chosen))
    return None


def _unplaced(leaves: _Leaves) -> Nearness:
    """Say of a branch that it holds, without the elements in which it does."""
    judged = [Judged(holds=True, leaves=fitting, by_absence=not fitting) for fitting in leaves.fitting]
    return Nearness(leaves.branch, judged, {})
