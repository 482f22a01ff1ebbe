"""Which of the rows that a channel counts are listed: the newest, and of the others those worth most.

Failed goes before retried, retried before the first of its type, and that before what is only new.
"""

from collections import deque
from collections.abc import Iterable, Sequence

from eventhub.live.rows import Row

LISTED = 50  # newest rows of a snap or a part, and as many failed ones more at most
FIRSTS = 10  # and these: a frame of a bus with many types must stay small

_GIVEN_UP = frozenset({"dead", "unroutable"})
_FAILED = frozenset({*_GIVEN_UP, "retrying"})
_Dated = tuple[int, Row]  # with the tick that brought it


class Listing:
    """The newest rows without a hole between them, and older ones that are worth listing."""

    def __init__(self, tick: int, rows: Iterable[Row]) -> None:
        self._newest: deque[_Dated] = deque(((tick, row) for row in rows), LISTED)
        self._failed: deque[_Dated] = deque(maxlen=LISTED)
        self._firsts: deque[_Dated] = deque(maxlen=LISTED)  # of their type

    @property
    def newest(self) -> list[Row]:
        """Return the newest rows, oldest first."""
        return [row for _, row in self._newest]

    def add(self, tick: int, rows: Sequence[Row], *, failed: Iterable[Row] = ()) -> None:
        """Take a tick's rows, oldest first; ``failed`` are older ones of it that are not among them."""
        self._failed.extend((tick, row) for row in failed)
        pushed_out = len(self._newest) + len(rows) - LISTED
        if pushed_out > 0:
            dated = [*self._newest, *((tick, row) for row in rows[:-LISTED])]
            self._keep(dated[:pushed_out], {row.detail_type for row in rows[-LISTED:]})
        self._newest.extend((tick, row) for row in rows)

    def add_firsts(self, tick: int, rows: Iterable[Row]) -> None:
        """Take rows of a tick that are the first of their type."""
        self._firsts.extend((tick, row) for row in rows)

    def _keep(self, leaving: Iterable[_Dated], listed_types: set[str]) -> None:
        for tick, row in leaving:
            if row.state in _FAILED:
                self._failed.append((tick, row))
            elif row.detail_type not in listed_types:
                listed_types.add(row.detail_type)
                self._firsts.append((tick, row))

    def since(self, tick: int) -> tuple[list[Row], list[Row]]:
        """Return what came after a tick: older rows that are worth it, and the newest; each oldest first."""
        newest = [row for at, row in self._newest if at > tick]
        listed = {row.id for row in newest}
        failed = [row for at, row in self._failed if at > tick and row.id not in listed]
        failed.sort(key=lambda row: row.state not in _GIVEN_UP)
        more = {row.id: row for row in failed[:LISTED]}
        types = {row.detail_type for row in (*newest, *more.values())}
        firsts = 0
        for at, row in self._firsts:
            if at > tick and firsts < FIRSTS and row.detail_type not in types and row.id not in listed:
                firsts += 1
                types.add(row.detail_type)
                more[row.id] = row
        return sorted(more.values(), key=lambda row: row.position), newest
