"""The elements of an event's arrays as a tree, and which fields have leaves where in it."""

from collections.abc import Iterable, Iterator, Sequence

from eventhub.domain.pattern.flatten import Element, Found


class Node:
    """An element, or the event itself; fields are bits of its masks."""

    __slots__ = ("arrays", "element", "fits", "fits_below", "has", "has_below", "within")

    def __init__(self, element: Element | None, within: "Array | None") -> None:
        self.element = element
        self.within = within
        self.arrays: dict[int, Array] = {}
        self.fits = self.fits_below = 0  # leaves that satisfy the field: here; here or below
        self.has = self.has_below = 0  # any leaves of a field that should be absent

    @property
    def places(self) -> int:
        """The fields that have a leaf here."""
        return self.fits | self.has


class Array:
    """An array that has such leaves."""

    __slots__ = ("fits", "has", "nodes", "owner")

    def __init__(self, owner: Node) -> None:
        self.owner = owner
        self.nodes: list[Node] = []
        self.fits = self.has = 0

    @property
    def places(self) -> int:
        """The fields that have a leaf in it."""
        return self.fits | self.has


class ElementTree:
    """The nodes that the given leaves need. `needed` and `absent` number the fields they belong to."""

    def __init__(
        self, needed: Iterable[tuple[int, Sequence[Found]]], absent: Iterable[tuple[int, Sequence[Found]]]
    ) -> None:
        self.root = Node(None, None)
        self.nodes: dict[Element, Node] = {}
        for number, leaves in needed:
            for leaf in leaves:
                self.node(leaf.element).fits |= 1 << number
        for number, leaves in absent:
            for leaf in leaves:
                self.node(leaf.element).has |= 1 << number
        # A node is made before the nodes inside it, so the reverse order meets inner ones first.
        for node in reversed(self.nodes.values()):
            node.fits_below |= node.fits
            node.has_below |= node.has
            array = node.within
            assert array
            array.fits |= node.fits_below
            array.has |= node.has_below
            array.owner.fits_below |= node.fits_below
            array.owner.has_below |= node.has_below
        self.root.fits_below |= self.root.fits
        self.root.has_below |= self.root.has

    def node(self, element: Element | None) -> Node:
        """Return the element's node, made together with the nodes around it."""
        missing = []
        while element is not None and element not in self.nodes:
            missing.append(element)
            element = element.parent
        node = self.root if element is None else self.nodes[element]
        for inner in reversed(missing):
            array = node.arrays.get(inner.array)
            if array is None:
                array = node.arrays[inner.array] = Array(node)
            node = self.nodes[inner] = Node(inner, array)
            array.nodes.append(node)
        return node


def bits(mask: int) -> Iterator[int]:
    """Yield the bits of a mask, lowest first.

    >>> list(bits(0b1010))
    [2, 8]
    """
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit
