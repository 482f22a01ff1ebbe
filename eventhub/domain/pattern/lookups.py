"""Ways from a value to what is kept for it, other than by equal keys: one class for each sort of guard."""

# ruff: noqa: D102 - what the methods promise stands in Lookup

from collections.abc import Iterable
from typing import Any, Generic, Protocol, TypeVar

from eventhub.domain.pattern.addresses import read_address
from eventhub.domain.pattern.guards import By
from eventhub.domain.pattern.keys import Key
from eventhub.domain.pattern.ranges import LOOK_UPS_PER_STEP, Ranges
from eventhub.domain.pattern.values import Many

T = TypeVar("T")


class Lookup(Protocol[T]):
    """What is kept for guards' values."""

    def get(self, value: Any) -> T | None:
        """Return what is kept for a guard's value."""

    def put(self, value: Any, kept: T) -> None:
        """Keep something for a guard's value that has nothing yet."""

    def drop(self, value: Any) -> None:
        """Forget what is kept for a guard's value."""

    def find(self, key: Key) -> list[T]:
        """Return what is kept for all guards that an event's value passes."""

    def find_any(self, keys: dict[Key, None]) -> dict[T, None]:
        """Return the same for many values, each once."""

    def steps(self, many: Many) -> int:
        """Return how many steps it takes to look many values up."""

    def all(self) -> Iterable[T]:
        """Return what is kept for any value."""

    def __len__(self) -> int:
        """Count the guards' values."""


class _Single(Generic[T]):
    """Finds for many values what it finds for each."""

    def find(self, key: Key) -> list[T]:
        raise NotImplementedError

    def find_any(self, keys: dict[Key, None]) -> dict[T, None]:
        return dict.fromkeys(found for key in keys for found in self.find(key))


class Equal(dict[Key, T]):
    """Keys that a value equals."""

    def put(self, value: Key, kept: T) -> None:
        self[value] = kept

    def drop(self, value: Key) -> None:
        del self[value]

    def find(self, key: Key) -> list[T]:
        kept = self.get(key)
        return [] if kept is None else [kept]

    def find_any(self, keys: dict[Key, None]) -> dict[T, None]:
        # One by one, the smaller side: values beyond number lead to tables beyond number.
        if len(self) <= len(keys):
            return dict.fromkeys(kept for key, kept in self.items() if key in keys)
        return dict.fromkeys(kept for key in keys if (kept := self.get(key)) is not None)

    def steps(self, many: Many) -> int:
        return min(len(self), len(many.keys)) // LOOK_UPS_PER_STEP

    def all(self) -> Iterable[T]:
        return self.values()


class Affixes(_Single[T]):
    """Texts that a value begins with, or ends with if `at_end`; with `fold`, but for case.

    >>> tails = Affixes(at_end=True, fold=False)
    >>> tails.put("-7", "seven"), tails.find("x-7"), tails.find("7")
    (None, ['seven'], [])
    """

    __slots__ = ("at_end", "by_length", "fold")

    def __init__(self, *, at_end: bool, fold: bool) -> None:
        self.at_end = at_end
        self.fold = fold
        self.by_length: dict[int, dict[str, T]] = {}

    def __len__(self) -> int:
        return len(self.by_length)

    def get(self, value: str) -> T | None:
        return self.by_length.get(len(value), {}).get(value)

    def put(self, value: str, kept: T) -> None:
        self.by_length.setdefault(len(value), {})[value] = kept

    def drop(self, value: str) -> None:
        del self.by_length[len(value)][value]
        if not self.by_length[len(value)]:
            del self.by_length[len(value)]

    def find(self, key: Key) -> list[T]:
        if type(key) is not str:
            return []
        if self.fold:
            key = key.casefold()
        by_length = self.by_length
        # Not more look-ups than the value has characters: all values of an event together, than it has.
        lengths = by_length if len(by_length) <= len(key) else range(1, len(key) + 1)
        found = []
        for length in lengths:
            texts = by_length.get(length)
            # A text shorter than the length is no member: all members have it.
            kept = texts.get(key[-length:] if self.at_end else key[:length]) if texts else None
            if kept is not None:
                found.append(kept)
        return found

    def steps(self, many: Many) -> int:
        return min(len(self.by_length) * len(many.keys), many.characters) // LOOK_UPS_PER_STEP

    def all(self) -> Iterable[T]:
        return (kept for texts in self.by_length.values() for kept in texts.values())


class Folded(dict[str, T], _Single[T]):
    """Texts that a value equals but for case."""

    def put(self, value: str, kept: T) -> None:
        self[value] = kept

    def drop(self, value: str) -> None:
        del self[value]

    def find(self, key: Key) -> list[T]:
        kept = self.get(key.casefold()) if type(key) is str else None
        return [] if kept is None else [kept]

    def steps(self, many: Many) -> int:
        return len(many.keys) // LOOK_UPS_PER_STEP

    def all(self) -> Iterable[T]:
        return self.values()


class Networks(_Single[T]):
    """Networks that an address is in: `(bits, host bits, network)`.

    >>> networks = Networks()
    >>> networks.put((32, 8, 0x0A0000), "ten")
    >>> networks.find("10.0.0.7"), networks.find("10.0.1.7")
    (['ten'], [])
    """

    __slots__ = ("by_size",)

    def __init__(self) -> None:
        self.by_size: dict[tuple[int, int], dict[int, T]] = {}

    def __len__(self) -> int:
        return len(self.by_size)

    def get(self, value: tuple[int, int, int]) -> T | None:
        return self.by_size.get(value[:2], {}).get(value[2])

    def put(self, value: tuple[int, int, int], kept: T) -> None:
        self.by_size.setdefault(value[:2], {})[value[2]] = kept

    def drop(self, value: tuple[int, int, int]) -> None:
        size = value[:2]
        del self.by_size[size][value[2]]
        if not self.by_size[size]:
            del self.by_size[size]

    def find(self, key: Key) -> list[T]:
        address = read_address(key) if type(key) is str else None
        if address is None:
            return []
        return [
            kept
            for (bits, host_bits), networks in self.by_size.items()
            if bits == address.bits and (kept := networks.get(address.value >> host_bits)) is not None
        ]

    def steps(self, many: Many) -> int:
        return len(many.keys) * (1 + len(self.by_size) // LOOK_UPS_PER_STEP)

    def all(self) -> Iterable[T]:
        return (kept for networks in self.by_size.values() for kept in networks.values())


def lookup(by: By) -> Lookup[Any]:
    """Make the look-up for a sort of guard."""
    match by:
        case By.KEY:
            return Equal()
        case By.HEAD | By.FOLDED_HEAD:
            return Affixes(at_end=False, fold=by is By.FOLDED_HEAD)
        case By.TAIL | By.FOLDED_TAIL:
            return Affixes(at_end=True, fold=by is By.FOLDED_TAIL)
        case By.FOLDED:
            return Folded()
        case By.NETWORK:
            return Networks()
        case By.RANGE:
            return Ranges()
    raise AssertionError(by)
