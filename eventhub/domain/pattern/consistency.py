"""Choosing a leaf for every field so that no array is used at two places.

The elements of an event's arrays form a tree, and the question splits along it:
inside an element, a field is satisfied by a leaf of the element itself or
inside one of its arrays; the fields that use one array need one element of it
that takes them all.

Absence depends on order: fields are judged by ascending path, and a field is
absent if none of its leaves fits the elements chosen *so far*. An array is
chosen by the first field that uses it. So the first of all fields that have a
leaf in an array cannot be absent, and once it chose an element, a later one
that may be absent is judged in that element.

Therefore nothing is to be guessed where a field leads through one array only:
each element is looked at once. Where fields lead through several, the ways to
share them out multiply (the problem is NP-hard), so the search counts what it
does, in steps of the same small size, and gives up (`asking`).
"""

from collections.abc import Generator, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from eventhub.domain.pattern.asking import Answer, Asked, TooComplexError
from eventhub.domain.pattern.elements import Array, ElementTree, Node, bits
from eventhub.domain.pattern.flatten import Found
from eventhub.domain.pattern.tree import Branch

# Working out what to ask inside an element, beside one step for each of its arrays.
STEPS_PER_ELEMENT = 4
# An element looked at once and, at the most, one array looked at once: enough where nothing multiplies.
OWN_STEPS_PER_ELEMENT = STEPS_PER_ELEMENT + 2


def can_choose(branch: Branch, asked: Asked) -> bool:
    """Tell whether leaves can be chosen for all fields; may raise `TooComplexError`."""
    asked.spent += len(branch)
    needed: list[tuple[int, Answer]] = []
    absent: list[tuple[int, list[Found]]] = []
    too_much = False
    for number, field in enumerate(branch):
        found = asked.leaves.get(field.path)
        if not found:
            if field.may_be_absent:
                continue
            return False
        answer = asked.answer(field)
        if answer is None:
            # Another field may still decide it.
            too_much = True
            continue
        fitting = answer.fitting
        # A leaf outside all arrays is there whatever is chosen.
        if field.may_be_absent and answer.found_inside:
            absent.append((number, found))
        elif not fitting:
            return False
        if fitting:
            needed.append((number, answer))
    if too_much:
        raise TooComplexError
    if not absent:
        needed = [(number, answer) for number, answer in needed if answer.fitting_inside]
        if len(needed) < 2:
            return True
    fits = [(number, answer.fitting) for number, answer in needed]
    asked.begin_search(sum(len(leaves) for _, leaves in [*fits, *absent]))
    return _Search(fits, absent, asked).finds()


class _Wanted(NamedTuple):
    """What is asked of an element; fields are bits of the masks."""

    needed: int  # must be satisfied
    either: int  # must be satisfied or absent
    absent: int  # must be absent


# A step of the search asks for the answer to a smaller question and is sent it.
_Question = tuple[Node, _Wanted]
_Step = Generator[_Question, bool, bool]


# Stands for the element itself where it satisfies a field that its arrays might satisfy, too.
_OWN = Array(Node(None, None))


class _Search:
    def __init__(
        self,
        needed: Sequence[tuple[int, list[Found]]],
        absent: Sequence[tuple[int, list[Found]]],
        asked: Asked,
    ) -> None:
        tree = ElementTree(needed, absent)
        asked.note_elements(len(tree.nodes))
        self.root = tree.root
        self.needed = sum(1 << number for number, _ in needed)
        self.absent = sum(1 << number for number, _ in absent)
        self.asked = asked
        self.own_steps = OWN_STEPS_PER_ELEMENT * (len(tree.nodes) + 1)
        self.steps_left = self.own_steps + asked.steps_left
        self.known: dict[tuple[Array, _Wanted], bool] = {}

    def finds(self) -> bool:
        """Search; a field that is both needed and absent may be either."""
        either = self.needed & self.absent
        before = self.steps_left
        try:
            return self.answer((self.root, _Wanted(self.needed ^ either, either, self.absent ^ either)))
        finally:
            self.asked.end_search(before - self.steps_left, self.own_steps)

    def answer(self, question: _Question) -> bool:
        """Run the steps on a stack of our own: arrays may be nested deeper than Python recurses."""
        stack: list[_Step] = [self.step(*question)]
        answer: bool | None = None
        while stack:
            try:
                following = stack[-1].send(answer) if answer is not None else next(stack[-1])
            except StopIteration as done:
                stack.pop()
                answer = done.value
            else:
                stack.append(self.step(*following))
                answer = None
        assert answer is not None
        return answer

    def spend(self, steps: int) -> None:
        """Count steps before they are taken; raises `TooComplexError`."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise TooComplexError

    def step(self, node: Node, wanted: _Wanted) -> _Step:
        """Ask whether what is wanted can be had inside the node."""
        self.spend(STEPS_PER_ELEMENT + len(node.arrays))
        needed, either, absent = wanted
        if needed & ~node.fits_below:
            return False
        # What has no leaf here is absent.
        either &= node.has_below
        absent &= node.has_below
        if not either | absent:
            # A leaf of the element itself is never the worse choice.
            needed &= ~node.fits
        every = needed | either | absent
        seen, several = node.places & every, 0
        for array in node.arrays.values():
            several |= seen & array.places
            seen |= array.places & every
        # A leaf of the element itself is there whatever is chosen.
        if node.places & every & ~several & ~(node.fits & ~absent):
            return False
        settled = _Wanted(needed & ~several, either & ~several, absent & ~several)
        open_ones = _Wanted(needed & several, either & several, absent & several)
        if several and self.is_hopeless(node, settled.absent, every):
            return False
        # Arrays that have to take something, however the open fields are shared out.
        concerned = [array for array in node.arrays.values() if array.places & (every & ~open_ones.needed)]
        for chosen in self.choices(node, open_ones) if several else [{}]:
            shares = self.shares(concerned, settled, several, chosen)
            if shares is None:
                continue
            for array, share in shares:
                if not (yield from self.array_takes(array, share)):
                    break
            else:
                return True
        return False

    def is_hopeless(self, node: Node, absent: int, every: int) -> bool:
        """Tell whether a field that is to be absent comes before all others that an array has."""
        self.spend(len(node.arrays))
        return any((here := array.places & every) & -here & absent for array in node.arrays.values())

    def choices(self, node: Node, open_ones: _Wanted) -> Iterator[dict[Array, int]]:
        """Give the ways to share out the fields that can be had in several places: which array takes what.

        A field that no array takes is absent, or satisfied by the element itself: that is `_OWN`'s share.
        """
        needed, either, absent = open_ones
        fields = list(bits(needed | either | absent))
        options: list[list[Array | None]] = []
        for bit in fields:
            self.spend(1 + len(node.arrays))
            places: list[Array | None] = []
            if not bit & absent:
                places += [array for array in node.arrays.values() if array.fits & bit]
                places += [_OWN] if node.fits & bit else []
            if not bit & (needed | node.has):
                places.append(None)
            options.append(places)
        for chosen in product(*options):
            self.spend(1 + len(fields))
            taken: dict[Array, int] = {}
            for bit, place in zip(fields, chosen, strict=True):
                if place is not None:
                    taken[place] = taken.get(place, 0) | bit
            yield taken

    def shares(
        self, concerned: Sequence[Array], settled: _Wanted, several: int, taken: dict[Array, int]
    ) -> list[tuple[Array, _Wanted]] | None:
        """Return what each array has to take; None if something cannot be absent that is to be."""
        self.spend(len(concerned) if several else 0)
        absent_ones = settled.absent | several & ~sum(taken.values())
        shares = []
        for array in dict.fromkeys([*concerned, *taken]) if taken else concerned:
            if array is _OWN:
                continue
            needed = settled.needed & array.places | taken.get(array, 0)
            either = settled.either & array.places
            absent = absent_ones & array.places
            every = needed | either | absent
            first = every & -every
            if first & absent:  # no element of the array is chosen yet
                return None
            if every:
                shares.append((array, _Wanted(needed | first, either & ~first, absent)))
        return shares

    def array_takes(self, array: Array, wanted: _Wanted) -> Generator[_Question, bool, bool]:
        """Ask: is there an element of the array that takes all of this?"""
        key = (array, wanted)
        if key not in self.known:
            self.known[key] = False
            for node in array.nodes:
                self.spend(1)
                if not wanted.needed & ~node.fits_below and (yield node, wanted):
                    self.known[key] = True
                    break
        return self.known[key]
