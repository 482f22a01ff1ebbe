"""The leaf values of an event, at the paths that somebody asks for.

Objects add `.name` to the path, arrays add nothing. A leaf remembers which
elements of arrays it lies in, so that a pattern's fields can be held to one and
the same element. Only wanted paths are followed: an event's cost is its size,
not its size times its depth.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from eventhub.domain.pattern.operators import Leaf


class Element:
    """One object or array inside an array.

    `array` tells arrays apart, `path` is the array's, `parent` is the element around it.
    """

    __slots__ = ("array", "index", "parent", "path")

    def __init__(self, parent: "Element | None", array: int, path: str, index: int) -> None:
        self.parent = parent
        self.array = array
        self.path = path
        self.index = index

    @property
    def place(self) -> str:
        """Where the element is.

        >>> Element(Element(None, 1, "a.b", 2), 2, "a.b.c", 0).place
        'a.b[2].c[0]'
        """
        around: list[Element] = []
        element: Element | None = self
        while element is not None:
            around.append(element)
            element = element.parent
        place, path = "", ""
        for element in reversed(around):
            place += f"{element.path[len(path) :]}[{element.index}]"
            path = element.path
        return place


class Found(NamedTuple):
    """A leaf value and the innermost array element around it, if any."""

    value: Leaf
    element: Element | None


class Paths(NamedTuple):
    """Paths that are wanted, and the ways to them."""

    wanted: frozenset[str]
    ways: frozenset[str]

    @classmethod
    def of(cls, wanted: Iterable[str]) -> "Paths":
        """Work out which paths lead to the wanted ones.

        >>> sorted(Paths.of(["a.b.c", "d"]).ways)
        ['a', 'a.b']
        """
        paths = frozenset(wanted)
        ways = {path[:at] for path in paths for at, char in enumerate(path) if char == "."}
        return cls(paths, frozenset(ways))


def flatten(event: dict[str, Any], paths: Paths) -> dict[str, list[Found]]:
    """Return the leaves at each wanted path that has any, in the event's order.

    >>> event = {"a": [{"b": 1}, {"b": [2, 3]}], "c": {}}
    >>> [found.value for found in flatten(event, Paths.of(["a.b", "c"]))["a.b"]]
    [1, 2, 3]
    """
    leaves: dict[str, list[Found]] = {}
    arrays = 0
    # What is still to read, next one last: (path, value, element around it).
    todo: list[tuple[str, Any, Element | None]] = _members(event, "", None, paths)
    while todo:
        path, value, element = todo.pop()
        kind = type(value)
        if kind is dict:
            if path in paths.ways:
                todo += _members(value, path + ".", element, paths)
        elif kind is list:
            arrays += 1
            for index in range(len(value) - 1, -1, -1):
                member = value[index]
                inside = Element(element, arrays, path, index) if type(member) in (dict, list) else element
                todo.append((path, member, inside))
        elif path in paths.wanted:
            leaves.setdefault(path, []).append(Found(value, element))
    return leaves


def _members(
    value: dict[str, Any], prefix: str, element: Element | None, paths: Paths
) -> list[tuple[str, Any, Element | None]]:
    members = []
    for name in reversed(value):
        path = prefix + name
        if path in paths.wanted or path in paths.ways:
            members.append((path, value[name], element))
    return members
