"""Choosing a leaf for every field so that no array is used at two places.

The elements of an event's arrays form a tree. For an element, a set of fields
to satisfy inside it and a set of fields to be absent from it, the question
splits: a field is satisfied by a leaf of the element itself, or inside one of
its arrays; the fields that use one array need one element of it that takes them
all. If every field can be found through one array only, each element is looked
at once. If not, the ways to share the fields out multiply (the problem is
NP-hard), so the search counts its steps and gives up (`asking`).

Absence depends on order: fields are judged by ascending path, and a field is
absent if none of its leaves fits the elements chosen *so far*. An array is
chosen by the first field that uses it; an absent field that comes earlier in
the order must not have a leaf in any of the array's elements.
"""

from collections.abc import Generator, Sequence
from itertools import product

from eventhub.domain.pattern.asking import Answer, Asked, TooComplexError
from eventhub.domain.pattern.elements import Array, ElementTree, Node, bits
from eventhub.domain.pattern.flatten import Found
from eventhub.domain.pattern.tree import Branch

# Looking over so many elements for one that could do takes as long as one step.
ELEMENTS_PER_STEP = 20


def can_choose(branch: Branch, asked: Asked) -> bool:
    """Tell whether leaves can be chosen for all fields; may raise `TooComplexError`."""
    needed: list[tuple[int, Answer]] = []
    absent: list[tuple[int, list[Found]]] = []
    either = 0
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
            if fitting:
                either |= 1 << number
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
    return _Search(fits, absent, asked).finds(either)


# A step of the search asks for the answer to a smaller question and is sent it.
_Question = tuple[Node, int, int]
_Step = Generator[_Question, bool, bool]


class _Search:
    def __init__(
        self,
        needed: Sequence[tuple[int, list[Found]]],
        absent: Sequence[tuple[int, list[Found]]],
        asked: Asked,
    ) -> None:
        tree = ElementTree(needed, absent)
        self.root = tree.root
        self.needed = sum(1 << number for number, _ in needed)
        self.absent = sum(1 << number for number, _ in absent)
        self.own_steps_left = 2 * len(tree.nodes)
        self.asked = asked
        self.known: dict[tuple[Array, int, int], bool] = {}

    def finds(self, either: int) -> bool:
        """Search; the fields in `either` may be satisfied or absent."""
        choices = [(bit, 0) for bit in bits(either)]
        for chosen in product(*choices):
            self.spend(1)
            satisfied = sum(chosen)
            needed = self.needed & ~either | satisfied
            if self.answer((self.root, needed, self.absent & ~satisfied)):
                return True
        return False

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
        self.own_steps_left -= steps
        if self.own_steps_left < 0:
            self.asked.steps_left += self.own_steps_left
            self.own_steps_left = 0
            if self.asked.steps_left < 0:
                raise TooComplexError

    def step(self, node: Node, needed: int, absent: int) -> _Step:
        """Ask: can `needed` be satisfied inside the node so that `absent` are absent from it?"""
        self.spend(1)
        absent &= node.has_below
        if node.has & absent:
            return False
        if not absent:
            # A leaf of the element itself is never the worse choice.
            needed &= ~node.fits
        places: list[list[Array | None]] = []
        fields = list(bits(needed))
        for bit in fields:
            own: list[Array | None] = [None] if node.fits & bit else []
            places.append([*(array for array in node.arrays.values() if array.fits & bit), *own])
        for number, chosen in enumerate(product(*places)):
            if number:
                self.spend(1)
            shares: dict[Array, int] = {}
            for bit, array in zip(fields, chosen, strict=True):
                if array is not None:
                    shares[array] = shares.get(array, 0) | bit
            if not self.leaves_absent(node, shares, absent):
                continue
            for array, share in shares.items():
                # Absent fields that come earlier were settled: the array has no leaf of them.
                if not (yield from self.array_takes(array, share, absent & array.has)):
                    break
            else:
                return True
        return False

    def leaves_absent(self, node: Node, shares: dict[Array, int], absent: int) -> bool:
        """Tell whether no array has a leaf of an absent field that is judged before the array is chosen."""
        if not absent:
            return True
        for array in node.arrays.values():
            judged = array.has & absent
            share = shares.get(array, 0)
            first = share & -share
            if judged and (not first or judged & (first - 1)):
                return False
        return True

    def array_takes(self, array: Array, needed: int, absent: int) -> Generator[_Question, bool, bool]:
        """Ask: is there an element of the array that takes all of this?"""
        key = (array, needed, absent)
        if key not in self.known:
            self.known[key] = False
            self.spend(len(array.nodes) // ELEMENTS_PER_STEP)
            for node in array.nodes:
                if node.fits_below & needed == needed and (yield node, needed, absent):
                    self.known[key] = True
                    break
        return self.known[key]
