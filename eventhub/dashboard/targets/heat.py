"""How long attempts took, minute by minute and in all: a grid of counts, slowest on top, and its sums. Pure.

A row is three of the buckets that the rollups keep, so it is about twice as slow as the one below, and its
counts are exact: who asks for the attempts of a cell gets as many as it says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log1p

from eventhub.journal.counted import BOUNDS_MS
from eventhub.journal.looking_back import Latencies, Past

COLUMNS = 60
LEVELS = 6  # shades of a cell that holds anything
_EACH = 3
_FIRST = 10  # the bucket that ends at about 1 ms; whatever was faster is in the lowest row
_ENDS = range(_FIRST, 62, _EACH)  # 0.93 ms … 42 s; the highest row holds what was slower


@dataclass(frozen=True, slots=True)
class Cell:
    """Attempts of one minute in one row, and how dark that is: 0 for none, else 1 to ``LEVELS``."""

    count: int
    level: int


@dataclass(frozen=True, slots=True)
class Row:
    """Durations above ``over`` up to ``under`` (ms; 0 and None: without an end), cell by cell and in all."""

    over: float
    under: float | None
    cells: Sequence[Cell]
    total: int
    share: float  # of the largest row

    @property
    def label(self) -> str:
        """Return its upper end, or of the last row the lower one, for people."""
        return f"> {_said(self.over)}" if self.under is None else _said(self.under)

    @property
    def span(self) -> str:
        """Return both of its ends."""
        if self.under is None:
            return f"more than {_said(self.over)}"
        return f"{_said(self.over)} to {_said(self.under)}" if self.over else f"up to {_said(self.under)}"


@dataclass(frozen=True, slots=True)
class Column:
    """One minute: when it began, its attempts, and within how long (ms) shares of them ended."""

    at: int
    attempts: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Heat:
    """The grid, its rows from the slowest down, and its columns from the oldest on."""

    rows: Sequence[Row]
    columns: Sequence[Column]

    @property
    def total(self) -> int:
        """Return the attempts in all."""
        return sum(row.total for row in self.rows)


def heat_of(times: Iterable[Latencies], past: Past) -> Heat:
    """Return the grid of a span that is read in ``COLUMNS`` steps."""
    step = past.step or 1
    minutes: list[Latencies | None] = [None] * COLUMNS
    for one in times:
        minutes[(one.at - past.since) // step] = one
    counts = [[_count(one, low, high) for one in minutes] for low, high in _spans()]
    darkest = log1p(max((count for row in counts for count in row), default=0)) or 1.0
    largest = max((sum(row) for row in counts), default=0) or 1
    rows = [
        Row(
            BOUNDS_MS[low - 1] if low else 0.0,
            BOUNDS_MS[high - 1] if high < len(BOUNDS_MS) else None,
            [Cell(count, _level(count, darkest)) for count in row],
            sum(row),
            sum(row) / largest,
        )
        for (low, high), row in zip(_spans(), counts, strict=True)
    ]
    return Heat(rows[::-1], [_column(past.since + number * step, one) for number, one in enumerate(minutes)])


def _spans() -> list[tuple[int, int]]:
    """Return each row's buckets, the fastest first, as the first and the one after the last."""
    ends = [0, *(end + 1 for end in _ENDS), len(BOUNDS_MS)]
    return list(pairwise(ends))


def _count(one: Latencies | None, low: int, high: int) -> int:
    return sum(one.buckets[low:high]) if one else 0


def _level(count: int, darkest: float) -> int:
    return max(1, round(log1p(count) / darkest * LEVELS)) if count else 0


def _column(at: int, one: Latencies | None) -> Column:
    if one is None:
        return Column(at, 0, None, None, None)
    return Column(at, sum(one.buckets), one.quantile(0.5), one.quantile(0.95), one.quantile(0.99))


def _said(ms: float) -> str:
    """Return a bound in two digits.

    >>> _said(0.9313), _said(51.6988), _said(752.3164), _said(21377.0)
    ('0.93 ms', '52 ms', '750 ms', '21 s')
    """
    value, unit = (ms / 1000, "s") if ms >= 1000 else (ms, "ms")
    return f"{float(f'{value:.2g}'):g} {unit}"
