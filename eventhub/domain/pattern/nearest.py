"""How near an event came to a branch: which fields can hold together at best.

Of each array the element is taken in which most fields hold, innermost arrays
first. Where a field can be found through several arrays this is a good guess
and no more; it explains a verdict and never makes one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from eventhub.domain.pattern.asking import Asked, TooComplexError
from eventhub.domain.pattern.elements import ElementTree, Node
from eventhub.domain.pattern.flatten import Element, Found
from eventhub.domain.pattern.tree import Branch


@dataclass(frozen=True, slots=True)
class Nearness:
    """A branch with the numbers of the fields that hold, and the elements chosen for it."""

    branch: Branch
    holding: frozenset[int]
    chosen: dict[int, Element]

    @property
    def failing(self) -> int:
        """How many fields do not hold."""
        return len(self.branch) - len(self.holding)

    def fits(self, leaf: Found) -> bool:
        """Tell whether the leaf lies in the chosen elements, or in no array that has one."""
        return _fits(leaf, self.chosen)

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
    answers = [asked.answer(field) for field in branch]
    fitting = [answer.fitting if answer else [] for answer in answers]
    try:
        asked.begin_search(sum(map(len, fitting)))
        mask, chosen = _best(ElementTree(enumerate(fitting), []))
    except TooComplexError:  # so many branches in so long arrays: each field for itself will do
        mask, chosen = sum(1 << number for number, leaves in enumerate(fitting) if leaves), {}
    holding: set[int] = set()
    # Absence is judged by the elements that earlier fields chose.
    so_far: dict[int, Element] = {}
    for number, field in enumerate(branch):
        if mask >> number & 1:
            holding.add(number)
            leaf = next((leaf for leaf in fitting[number] if _fits(leaf, chosen)), None)
            for element in _around(leaf.element if leaf else None):
                so_far[element.array] = element
        elif field.may_be_absent and not any(
            _fits(leaf, so_far) for leaf in asked.leaves.get(field.path, [])
        ):
            holding.add(number)
    return Nearness(branch, frozenset(range(len(branch)) if is_match else holding), chosen)


def _fits(leaf: Found, chosen: dict[int, Element]) -> bool:
    return all(chosen.get(element.array, element) is element for element in _around(leaf.element))


def _around(element: Element | None) -> Iterator[Element]:
    while element is not None:
        yield element
        element = element.parent


def _best(tree: ElementTree) -> tuple[int, dict[int, Element]]:
    """Return the fields that hold together, and the element chosen in each array that counts."""
    masks: dict[Node, int] = {}
    chosen: dict[int, Element] = {}
    # A node is made before the nodes inside it, so the reverse order meets inner ones first.
    for node in [*reversed(tree.nodes.values()), tree.root]:
        mask = node.fits
        for number, array in node.arrays.items():
            best = max(array.nodes, key=lambda inner: masks[inner].bit_count())
            assert best.element is not None
            chosen[number] = best.element
            mask |= masks[best]
        masks[node] = mask
    return masks[tree.root], {
        number: element for number, element in chosen.items() if _is_reached(element, chosen)
    }


def _is_reached(element: Element, chosen: dict[int, Element]) -> bool:
    outer = element.parent
    return outer is None or chosen.get(outer.array) is outer
