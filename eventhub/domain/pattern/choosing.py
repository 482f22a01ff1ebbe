"""Choosing elements of arrays so that as many fields of a branch hold as can; the search counts its steps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from eventhub.domain.pattern.asking import Asked
from eventhub.domain.pattern.flatten import Element, Found
from eventhub.domain.pattern.tree import Branch

# By array.
Chosen = Mapping[int, Element]
# By field: the leaf that satisfies it; and, where it has one that does not but chooses an element, that one.
Choice = tuple[dict[int, Found], dict[int, Found]]


class SpentError(Exception):
    """As much was looked at as an explanation may look at."""


class Effort:
    """What may still be looked at, in steps of some 0.3 µs: a leaf, or an element around it."""

    __slots__ = ("steps_left",)

    def __init__(self, steps: int) -> None:
        self.steps_left = steps

    def spend(self, steps: int) -> None:
        """Count steps; raises `SpentError` if there are not so many left."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise SpentError

    def part(self, steps: int) -> "Effort":
        """Return an effort that takes so many of the steps at most; `give_back` what is left of it."""
        part = Effort(max(min(steps, self.steps_left), 0))
        self.steps_left -= part.steps_left
        return part

    def give_back(self, part: "Effort") -> None:
        """Take the steps back that a part did not need."""
        self.steps_left += max(part.steps_left, 0)


class Leaves:
    """For each field of a branch, by number: all its leaves, and those that satisfy it."""

    def __init__(self, branch: Branch, asked: Asked) -> None:
        self.branch = branch
        self.found: list[Sequence[Found]] = []
        self.fitting: list[Sequence[Found]] = []
        self.may_be_absent = [field.may_be_absent for field in branch]
        # Whether a field can hold at all, each for itself.
        self.can_hold: list[bool] = []
        for field in branch:
            found = asked.leaves.get(field.path, [])
            answer = asked.answer(field) if found else None
            self.found.append(found)
            self.fitting.append(answer.fitting if answer else [])
            absence = field.may_be_absent and (not found or (answer is not None and answer.found_inside))
            self.can_hold.append(bool(self.fitting[-1]) or absence)


def around(element: Element | None) -> Iterator[Element]:
    """Yield an element and those around it, innermost first."""
    while element is not None:
        yield element
        element = element.parent


def choose(chosen: dict[int, Element], leaf: Found) -> None:
    """Choose the elements around a leaf."""
    chosen.update((element.array, element) for element in around(leaf.element))


def compatible(leaves: Iterable[Found], chosen: Chosen, effort: Effort) -> Iterator[Found]:
    """Yield the leaves that lie in no other element of an array than the chosen one."""
    known: dict[Element | None, bool] = {None: True}
    for leaf in leaves:
        effort.spend(1)
        element, open_ones = leaf.element, []
        while element not in known:
            assert element is not None
            open_ones.append(element)
            element = element.parent
        fits = known[element]
        if open_ones:
            effort.spend(len(open_ones))
            for one in reversed(open_ones):
                fits = fits and chosen.get(one.array, one) is one
                known[one] = fits
        if fits:
            yield leaf


def better_choice(leaves: Leaves, holding: int, effort: Effort) -> Choice | None:
    """Search for a choice in which more fields hold than so many; return the best until steps run out.

    Fields are gone through in order, as matching does. One that fails may choose an element all the same:
    were its value the right one, this would be the element.
    """
    ways = _Ways(leaves, effort)
    # How many fields can hold from here on.
    ahead = [0]
    for can in reversed(leaves.can_hold):
        ahead.append(ahead[-1] + can)
    ahead.reverse()
    best: list[_Way] | None = None
    # A stack of our own: a branch may have more fields than Python recurses.
    chosen: list[dict[int, Element]] = [{}]
    taken: list[_Way] = []
    held = [0]
    try:
        stack = [ways.of(0, chosen[0])]
        while stack and holding < ahead[0]:
            del taken[len(stack) - 1 :], chosen[len(stack) :], held[len(stack) :]
            way = next(stack[-1], None)
            number = len(stack)
            if way is None or held[-1] + 1 + ahead[number] <= holding:
                stack.pop()
                continue
            leaf, holds = way
            if held[-1] + holds + ahead[number] <= holding:
                continue
            taken.append(way)
            held.append(held[-1] + holds)
            if number == len(leaves.branch):
                best, holding = list(taken), held[-1]
                continue
            effort.spend(1 + len(chosen[-1]))
            inner = dict(chosen[-1])
            if leaf is not None:
                choose(inner, leaf)
            chosen.append(inner)
            stack.append(ways.of(number, inner))
    except SpentError:
        pass
    if best is None:
        return None
    return (
        {number: leaf for number, (leaf, holds) in enumerate(best) if holds and leaf},
        {number: leaf for number, (leaf, holds) in enumerate(best) if not holds and leaf},
    )


# The leaf that is taken, or none; and whether the field holds.
_Way = tuple[Found | None, bool]


class _Ways:
    """The ways that a field can fare, given what was chosen before it; those first in which it holds."""

    def __init__(self, leaves: Leaves, effort: Effort) -> None:
        self.leaves = leaves
        self.effort = effort

    def of(self, number: int, chosen: Chosen) -> Iterator[_Way]:
        may_be_absent = self.leaves.may_be_absent[number]
        found = self.leaves.found[number]
        if may_be_absent and next(compatible(found, chosen, self.effort), None) is None:
            yield None, True
            return
        tried: set[Element | None] = set()
        for leaf in compatible(self.leaves.fitting[number], chosen, self.effort):
            if leaf.element not in tried:
                tried.add(leaf.element)
                yield leaf, True
        if not may_be_absent:
            for leaf in compatible(found, chosen, self.effort):
                if leaf.element not in tried:
                    tried.add(leaf.element)
                    yield leaf, False
        yield None, False
