"""Ranges of numbers, and which of them a number lies in: an interval tree over all doubles.

The doubles in their order are numbered; the tree halves the numbers again and again. A range is kept at the
node whose middle it reaches over, once by its beginning and once by its end: of a number in the lower half,
those ranges count that begin at or before it; in the upper half, those that end behind it. So a question
takes a step for each of at most 65 levels, and one for each range that is found. Nodes exist only where
ranges are.
"""

import math
import struct
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from eventhub.domain.pattern.conditions import Interval
from eventhub.domain.pattern.keys import Key
from eventhub.domain.pattern.values import Many

T = TypeVar("T")
# So many take about as long as a step of matching.
LOOK_UPS_PER_STEP = 4

_DOUBLE, _BITS = struct.Struct("<d"), struct.Struct("<q")
_MIDDLE = 2**63


class _Kept(NamedTuple):
    """The ranges of one node, in two orders: as (first, end) and as (end, first)."""

    by_first: list[Interval]
    by_end: list[Interval]


class Ranges(Generic[T]):
    """What is kept for ranges, each from its first number to below its end.

    >>> ranges = Ranges()
    >>> ranges.put((1.0, 2.0), "one"), ranges.put((1.5, math.inf), "more")
    (None, None)
    >>> ranges.find(1.0), sorted(ranges.find(1.75)), ranges.find(2.0), ranges.find("1.0")
    (['one'], ['more', 'one'], ['more'], [])
    """

    __slots__ = ("kept", "levels")

    def __init__(self) -> None:
        self.kept: dict[Interval, T] = {}
        self.levels: dict[int, dict[int, _Kept]] = {}

    def __len__(self) -> int:
        return len(self.kept)

    def get(self, value: Interval) -> T | None:
        """Return what is kept for a range."""
        return self.kept.get(value)

    def put(self, value: Interval, kept: T) -> None:
        """Keep something for a range that has nothing yet."""
        self.kept[value] = kept
        level, place = _home(value)
        node = self.levels.setdefault(level, {}).setdefault(place, _Kept([], []))
        insort(node.by_first, value)
        insort(node.by_end, value[::-1])

    def drop(self, value: Interval) -> None:
        """Forget what is kept for a range."""
        del self.kept[value]
        level, place = _home(value)
        node = self.levels[level][place]
        del node.by_first[bisect_left(node.by_first, value)]
        del node.by_end[bisect_left(node.by_end, value[::-1])]
        if not node.by_first:
            del self.levels[level][place]
        if not self.levels[level]:
            del self.levels[level]

    def find(self, key: Key) -> list[T]:
        """Return what is kept for all ranges that a value lies in."""
        if type(key) is not float:
            return []
        found: list[T] = []
        kept = self.kept
        number = _number(key)
        for level, nodes in self.levels.items():
            node = nodes.get(number >> level)
            if node is None:
                continue
            if not level:  # of this one number, or, if they are empty, of none
                found += [kept[one] for one in node.by_first if one[0] <= key < one[1]]
            elif number >> (level - 1) & 1:
                behind = bisect_right(node.by_end, (key, math.inf))
                found += [kept[first, end] for end, first in node.by_end[behind:]]
            else:
                found += [kept[one] for one in node.by_first[: bisect_right(node.by_first, (key, math.inf))]]
        return found

    def find_any(self, keys: dict[Key, None]) -> dict[T, None]:
        """Return the same for many values, each once."""
        found: dict[T, None] = {}
        repeated = 0
        for key in keys:
            here = self.find(key)
            repeated += len(here)
            found.update(dict.fromkeys(here))
            # Many values in many ranges each: then it is quicker to ask every range for a value.
            if repeated > len(self.kept):
                break
        else:
            return found
        numbers = sorted(key for key in keys if type(key) is float)
        at_least = ((bisect_left(numbers, first), end, kept) for (first, end), kept in self.kept.items())
        return dict.fromkeys(kept for at, end, kept in at_least if at < len(numbers) and numbers[at] < end)

    def steps(self, many: Many) -> int:
        """Return how many steps it takes to find any."""
        return (len(many.keys) * (2 + len(self.levels)) + 2 * len(self.kept)) // LOOK_UPS_PER_STEP

    def all(self) -> Iterable[T]:
        """Return what is kept for any range."""
        return self.kept.values()


def overlap(ranges: dict[Interval, int]) -> float:
    """Return in how many of the ranges, each there so many times, a number lies that lies in one; on average.

    >>> overlap({(0.0, 1.0): 2, (1.0, 2.0): 1}), overlap({(0.0, 2.0): 1, (1.0, 2.0): 1})
    (1.5, 1.5)
    """
    firsts: list[float] = []
    ends: list[float] = []
    for (first, end), times in ranges.items():
        firsts += [first] * times
        ends += [end] * times
    firsts.sort()
    ends.sort()
    # Where a range begins, or right before its end if it has no beginning.
    asked = [first if first > -math.inf else math.nextafter(end, -math.inf) for first, end in ranges]
    return sum(bisect_right(firsts, one) - bisect_right(ends, one) for one in asked) / len(asked)


def _number(value: float) -> int:
    """Return the place of a double among all, from 0; zero has one only."""
    bits: int = _BITS.unpack(_DOUBLE.pack(value + 0.0))[0]
    return _MIDDLE + (bits if bits >= 0 else -(bits & (_MIDDLE - 1)))


def _home(value: Interval) -> tuple[int, int]:
    """Return the level and the place there of the node whose middle the range reaches over.

    >>> _home((1.0, math.nextafter(1.0, 2.0))) == (0, _number(1.0))
    True
    """
    first, last = _number(value[0]), _number(value[1]) - 1
    level = (first ^ last).bit_length() if first < last else 0
    return level, first >> level
