"""Walk back through a table of the journal from a position, newest first, within a time.

Nothing is counted, and no more rows are read than a time allows: what no index finds is looked for in windows
of positions that grow, until there is enough or the time is up. Then the walk says how far it came, and
another one goes on from there.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from eventhub.journal.port import Position

FIRST_WINDOW = 5_000  # rows; each window is twice as wide as the one before
WIDEST_WINDOW = 80_000  # so that the time is looked at often enough
SECONDS = 0.15


@dataclass(frozen=True, slots=True)
class Walked:
    """Rows, newest first, and the position to go on before, if there may be more.

    ``was_cut``: the time was up before there were enough rows or none were left.
    """

    rows: list[Any]
    older: Position | None = None
    was_cut: bool = False


def walk(
    table: QuerySet[Any],
    rows: QuerySet[Any],
    *,
    before: Position | None,
    wanted: int,
    is_indexed: bool,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Walked:
    """Return the newest ``wanted`` of ``rows`` before a position; ``table`` is all rows of their table.

    ``is_indexed``: an index gives ``rows`` in the order of positions, or there are few of them, so that they
    are read at once.
    """
    if is_indexed:
        return _page(list(between(rows, None, before)[: wanted + 1]), wanted)
    found: list[Any] = []
    end, width = clock() + seconds, FIRST_WINDOW
    while True:
        floor = _floor(table, before, width)
        found += between(rows, floor, before)[: wanted + 1 - len(found)]
        if floor is None or len(found) > wanted:
            return _page(found, wanted)
        before, width = Position(floor.xid, floor.seq + 1), min(2 * width, WIDEST_WINDOW)
        if clock() >= end:
            return Walked(found, before, was_cut=True)


def between(rows: QuerySet[Any], after: Position | None, before: Position | None) -> QuerySet[Any]:
    """Return the rows strictly between two positions, newest first."""
    if settings.EMBEDDED:  # xid is 0 there, and seq alone, the key, gives the order for nothing
        bounds = {"seq__gt": after and after.seq, "seq__lt": before and before.seq}
        return rows.filter(**{name: at for name, at in bounds.items() if at is not None}).order_by("-seq")
    if after is not None:
        rows = rows.filter(Q(xid__gt=after.xid) | Q(xid=after.xid, seq__gt=after.seq), xid__gte=after.xid)
    if before is not None:
        rows = rows.filter(Q(xid__lt=before.xid) | Q(xid=before.xid, seq__lt=before.seq), xid__lte=before.xid)
    return rows.order_by("-xid", "-seq")


def _floor(table: QuerySet[Any], before: Position | None, width: int) -> Position | None:
    """Return a position with ``width`` rows, or about as many, between it and ``before``; None at the end."""
    ordered = between(table, None, before).values_list("xid", "seq")
    if not settings.EMBEDDED:
        last = next(iter(ordered[width : width + 1]), None)
        return None if last is None else Position(*last)
    top = next(iter(ordered[:1]), None)
    if top is None:
        return None
    floor = top[1] - width
    oldest = table.order_by("seq").values_list("seq", flat=True)[:1]
    return Position(0, floor) if any(seq <= floor for seq in oldest) else None


def _page(found: list[Any], wanted: int) -> Walked:
    if len(found) <= wanted:
        return Walked(found)
    last = found[wanted - 1]
    return Walked(found[:wanted], Position(last.xid, last.seq))
