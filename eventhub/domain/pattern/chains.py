"""All branches of a rule at once, where each field leads through one chain of arrays.

Branches multiply, and each by itself would look at every element. Here an
element is looked at once for all of them: a branch is a bit, and what an element
lacks takes the branches away that ask for it. So the price is that of the
elements times that of the fields, and no branch has to be given up.

The rule is that of `consistency`: an array's element is chosen by the first
field of a branch that has a leaf in the array, which therefore cannot be absent;
later fields are judged in that element.
"""

from collections.abc import Sequence

from eventhub.domain.pattern.asking import Answer, Asked
from eventhub.domain.pattern.costs import QUESTIONS_PER_STEP
from eventhub.domain.pattern.elements import Array, ElementTree, Node, bits
from eventhub.domain.pattern.tree import Branch, Field, by_path


def can_choose_in_chains(branches: Sequence[Branch], asked: Asked) -> list[bool | None]:
    """Tell for each branch whether leaves can be chosen for all its fields.

    None where a field can be found in several places of one element (see `consistency`), or is too much to
    ask.
    """
    fields = sorted({id(one): one for branch in branches for one in branch}.values(), key=by_path)
    asking = {id(one): 0 for one in fields}
    for number, branch in enumerate(branches):
        for one in branch:
            asking[id(one)] |= 1 << number
    answers = [asked.answer(one) for one in fields]
    open_ones = lost = 0
    for one, answer in zip(fields, answers, strict=True):
        if answer is None:
            open_ones |= asking[id(one)]
        elif not answer.fitting and not _may_be_absent(one, answer, asked):
            lost |= asking[id(one)]
    tree = _tree(fields, answers, asked)
    several = _in_several_places(tree)
    for number, one in enumerate(fields):
        if several >> number & 1:
            open_ones |= asking[id(one)]
    askers = [asking[id(one)] & ~open_ones for one in fields]
    optional = sum(1 << number for number, one in enumerate(fields) if one.may_be_absent)
    lost |= _Taking(tree, askers, optional, asked).lost()
    return [
        None if open_ones & ~lost & bit else not lost & bit
        for bit in (1 << number for number in range(len(branches)))
    ]


def _may_be_absent(one: Field, answer: Answer, asked: Asked) -> bool:
    """Tell whether no value of the field lies outside all arrays: that one is there whatever is chosen."""
    return one.may_be_absent and (not asked.leaves.get(one.path) or answer.found_inside)


def _tree(fields: Sequence[Field], answers: Sequence[Answer | None], asked: Asked) -> ElementTree:
    fitting = [(number, answer.fitting) for number, answer in enumerate(answers) if answer]
    present = [
        (number, asked.leaves.get(one.path, []))
        for number, (one, answer) in enumerate(zip(fields, answers, strict=True))
        if answer and _may_be_absent(one, answer, asked)
    ]
    return ElementTree(fitting, present)


def _in_several_places(tree: ElementTree) -> int:
    several = 0
    for node in (tree.root, *tree.nodes.values()):
        seen = node.places
        for array in node.arrays.values():
            several |= seen & array.places
            seen |= array.places
    return several


class _Taking:
    """Which branches each array takes, inner arrays first; fields are numbered by ascending path."""

    def __init__(self, tree: ElementTree, askers: Sequence[int], optional: int, asked: Asked) -> None:
        self.tree = tree
        self.askers = askers  # for each field, the branches that have it
        self.optional = optional
        self.asked = asked
        self.lost_in: dict[Array, int] = {}  # the branches of which an array takes not all that it has

    def lost(self) -> int:
        """Return the branches that some array outside all others does not take."""
        # A node is made before the nodes inside it, so the reverse order meets inner arrays first.
        nodes = (self.tree.root, *self.tree.nodes.values())
        for array in reversed([array for node in nodes for array in node.arrays.values()]):
            self.lost_in[array] = self._lost_in(array)
        lost = 0
        for array in self.tree.root.arrays.values():
            lost |= self.lost_in[array]
        return lost

    def _lost_in(self, array: Array) -> int:
        concerned = 0
        # By field: the branches that a lack of it takes away.
        lacking: dict[int, int] = {}
        for bit in bits(array.places):
            askers = self.askers[bit.bit_length() - 1]
            # The first field cannot be absent; the others may, as it chose the element.
            lacking[bit] = askers & ~concerned if bit & self.optional else askers
            concerned |= askers
        lost = concerned
        # Elements that have and lack the same are one.
        alike: set[tuple[int, int, int]] = set()
        for node in array.nodes:
            if not lost:
                break
            inner = 0
            for inside in node.arrays.values():
                inner |= self.lost_in[inside]
            sort = (node.fits, node.fits_below | node.has_below, inner)
            if sort not in alike:
                alike.add(sort)
                lost &= inner | self._lacking(node, array, lacking)
        self.asked.spent += len(array.nodes) + len(alike) * len(lacking) // QUESTIONS_PER_STEP
        return lost

    def _lacking(self, node: Node, array: Array, lacking: dict[int, int]) -> int:
        """Return the branches that miss something in an element; what its arrays miss is told apart."""
        lost = 0
        below = node.fits_below | node.has_below
        for bit in bits(array.places & ~node.fits):
            if not below & bit:
                lost |= lacking[bit]
            elif node.has & bit:  # a value that does not satisfy it
                lost |= self.askers[bit.bit_length() - 1]
        return lost
