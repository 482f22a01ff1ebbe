"""Looking back: series, sums and latencies out of the rollups, in SQL that both engines understand.

A span of seconds is asked for at a grain, whole or in steps. A row of a grain belongs to the span if it
begins in it, so a span that begins and ends on the grain is exact. The cost is that of the rows of the kind
in the span: choose the coarsest grain that divides the step and is still kept (``rolling.KEPT_SECONDS``). Who
may see what is the caller's to know: ``bus_ids``, ``a``, ``b`` and ``ids`` say what is read.
"""

# ruff: noqa: S608 - the statements are made of our own texts; every value is a parameter

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from eventhub.journal.counted import BOUNDS_MS, Counted, quantile
from eventhub.journal.rolling import COUNTED_KINDS, TIMED_KINDS, Grain
from eventhub.journal.summing import Ask

PARTS = ("bus_id", "a", "b")  # what a count is of, beside its kind
GAUGES = frozenset({"backlog"})  # whose highest is meant, not whose sum


@dataclass(frozen=True, slots=True)
class Past:
    """A span of seconds since 1970, ``until`` not included, and how it is read.

    ``step``: seconds of one bar, a multiple of ``grain``, counted from ``since``; None for the whole span at
    once. Raises ValueError for a step that is none.
    """

    since: int
    until: int
    grain: Grain
    step: int | None = None

    def __post_init__(self) -> None:
        """Check the step."""
        if self.step is not None and (self.step <= 0 or self.step % self.grain):
            raise ValueError(f"step: wanted a multiple of {int(self.grain)} seconds, found {self.step}")


@dataclass(frozen=True, slots=True)
class Tally:
    """A sum of counts (of a gauge: the highest). ``at`` is the step's first second, or the span's.

    Parts of ``counted`` that were not asked for are 0. Its ``a`` is the name for the kinds ``source`` and
    ``error``, whose counts are told apart by it.
    """

    at: int
    counted: Counted
    count: int
    failed: int


@dataclass(frozen=True, slots=True)
class Latencies:
    """How often what was timed took how long: ``buckets`` as in ``counted.BOUNDS_MS``."""

    at: int
    id: int
    buckets: tuple[int, ...]

    def quantile(self, share: float) -> float:
        """Return the milliseconds below which a share of the times lie, good to about a tenth.

        >>> Latencies(0, 7, (0, 10, *[0] * 94)).quantile(0.5)
        0.11
        """
        return quantile(self.buckets, share)


def together(latencies: Iterable[Latencies]) -> Latencies | None:
    """Return the sum of latencies, such as those of several buses; None if there is nothing to sum.

    >>> both = together([Latencies(0, 1, (2, 0)), Latencies(0, 2, (1, 5))])
    >>> both.buckets
    (3, 5)
    """
    many = list(latencies)
    if not many:
        return None
    buckets = tuple(sum(times) for times in zip(*(one.buckets for one in many), strict=True))
    return Latencies(many[0].at, many[0].id, buckets)


def read_counts(
    ask: Ask,
    kind: str,
    past: Past,
    *,
    by: Collection[str] = PARTS,
    bus_ids: Collection[int] | None = None,
    a: Collection[int | str] | None = None,
    b: Collection[int] | None = None,
) -> list[Tally]:
    """Return what ``port.Journal.counts`` promises; ``ask`` runs a statement with its values."""
    _known(kind, COUNTED_KINDS)
    if unknown := set(by) - set(PARTS):
        raise ValueError(f"by: wanted {', '.join(PARTS)}, found {', '.join(sorted(unknown))}")
    named = kind in ("source", "error")
    where = _Where(past, kind)
    where.among("bus_id", bus_ids)
    where.among("text" if named else "a", a)
    where.among("b", b)
    columns = {"bus_id": "bus_id", "a": "text" if named else "a", "b": "b"}
    shown = [
        columns[part] if part in by else "'' AS text" if part == "a" and named else "0" for part in PARTS
    ]
    source = "rollup"
    if kind in GAUGES:
        source = (
            f"(SELECT {where.step} AS at, bus_id, a, b, max(count) AS count, max(failed) AS failed"
            f" FROM rollup WHERE {where.condition} GROUP BY 1, 2, 3, 4) AS highest"
        )
    step = "at" if kind in GAUGES else where.step
    condition = "" if kind in GAUGES else f" WHERE {where.condition}"
    rows = ask(
        f"SELECT {step}, {', '.join(shown)}, CAST(sum(count) AS bigint), CAST(sum(failed) AS bigint)"
        f" FROM {source}{condition} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        tuple(where.values),
    )
    return [
        Tally(at, Counted(kind, bus, first, second), count, failed)
        for at, bus, first, second, count, failed in rows
    ]


def read_latencies(ask: Ask, kind: str, past: Past, *, ids: Collection[int] | None = None) -> list[Latencies]:
    """Return what ``port.Journal.latencies`` promises."""
    _known(kind, TIMED_KINDS)
    where = _Where(past, kind)
    where.among("id", ids)
    found: dict[tuple[int, int], list[int]] = {}
    for at, timed, bucket, times in ask(
        f"SELECT {where.step}, id, bucket, CAST(sum(times) AS bigint) FROM rollup_latency"
        f" WHERE {where.condition} GROUP BY 1, 2, 3 ORDER BY 1, 2",
        tuple(where.values),
    ):
        found.setdefault((at, timed), [0] * len(BOUNDS_MS))[bucket] += times
    return [Latencies(at, timed, tuple(buckets)) for (at, timed), buckets in found.items()]


class _Where:
    """A condition that grows, with its values in order."""

    def __init__(self, past: Past, kind: str) -> None:
        # The step stands before the condition, and is of integers of our own: no parameters.
        self.step = f"{int(past.since)}"
        if past.step is not None:
            self.step += f" + (at - {int(past.since)}) / {int(past.step)} * {int(past.step)}"
        self.condition = "grain = %s AND kind = %s AND at >= %s AND at < %s"
        self.values: list[object] = [int(past.grain), kind, past.since, past.until]

    def among(self, column: str, wanted: Collection[int | str] | None) -> None:
        if wanted is None:
            return
        if not wanted:
            self.condition += " AND 1 = 0"
            return
        self.condition += f" AND {column} IN ({', '.join(['%s'] * len(wanted))})"
        self.values += wanted


def _known(kind: str, kinds: Collection[str]) -> None:
    if kind not in kinds:
        raise ValueError(f"kind: wanted one of {', '.join(kinds)}, found {kind!r:.40}")
