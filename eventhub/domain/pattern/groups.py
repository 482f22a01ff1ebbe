"""Ways from a value to what is kept for a list of very many guards: one thing for the list.

A rule that lists hundreds of values would otherwise be kept behind each of them,
and behind each value of another such list beneath, and so on: there its places
multiply, here each list has one.
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

from eventhub.domain.pattern.guards import By, Guard
from eventhub.domain.pattern.keys import Key
from eventhub.domain.pattern.lookups import Lookup, lookup
from eventhub.domain.pattern.values import Many

T = TypeVar("T")


class Groups(Generic[T]):
    """What is kept for lists of guards, of which a value need pass one only.

    >>> groups = Groups()
    >>> groups.put(frozenset([Guard(By.KEY, "a"), Guard(By.HEAD, "b")]), 1)
    >>> groups.put(frozenset([Guard(By.KEY, "a"), Guard(By.KEY, "c")]), 2)
    >>> list(groups.find("a")), list(groups.find("bc")), list(groups.find("d"))
    ([1, 2], [1], [])
    """

    __slots__ = ("kept", "lookups")

    def __init__(self) -> None:
        self.kept: dict[frozenset[Guard], T] = {}
        # For a guard: what is kept for the lists that have it, nearly always one.
        self.lookups: dict[By, Lookup[tuple[T, ...]]] = {}

    def __len__(self) -> int:
        return len(self.kept)

    def get(self, guards: frozenset[Guard]) -> T | None:
        """Return what is kept for a list."""
        return self.kept.get(guards)

    def put(self, guards: frozenset[Guard], kept: T) -> None:
        """Keep something for a list that has nothing yet."""
        self.kept[guards] = kept
        alone = (kept,)
        for by, value in guards:
            found = self.lookups.get(by)
            if found is None:
                found = self.lookups[by] = lookup(by)
            others = found.get(value)
            if others is None:
                found.put(value, alone)
            else:
                found.drop(value)
                found.put(value, (*others, kept))

    def drop(self, guards: frozenset[Guard]) -> None:
        """Forget what is kept for a list."""
        kept = self.kept.pop(guards)
        for by, value in guards:
            found = self.lookups[by]
            others = tuple(one for one in found.get(value) or () if one is not kept)
            found.drop(value)
            if others:
                found.put(value, others)
            elif not found:
                del self.lookups[by]

    def find(self, key: Key) -> Iterator[T]:
        """Yield what is kept for all lists that an event's value passes."""
        yield from dict.fromkeys(
            one for found in self.lookups.values() for several in found.find(key) for one in several
        )

    def find_any(self, many: Many) -> dict[T, None]:
        """Return the same for many values, each once."""
        return dict.fromkeys(
            one for found in self.lookups.values() for several in found.find_any(many.keys) for one in several
        )

    def steps(self, many: Many) -> int:
        """Return how many steps that takes."""
        return sum(found.steps(many) for found in self.lookups.values())
