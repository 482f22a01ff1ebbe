"""The rows channel of one filter: the events that passed it, in the order in which they came to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from eventhub.domain.filter import Filter
from eventhub.journal.port import Position
from eventhub.live.channel import Channel
from eventhub.live.listing import Listing
from eventhub.live.rows import COLUMNS, Row, listed

REMEMBERED = 20_000  # events that passed: none comes into view twice


@dataclass(frozen=True, slots=True)
class FilteredChange:
    """What one tick brought: how many passed (estimated where only some were asked), and between which."""

    tick: int
    at: float
    seen: int
    failed: int
    sampled: int
    low: Position | None  # strictly between these are all that came into view
    high: Position | None
    changed: list[Row] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """Return how many entries it holds."""
        return 1 + len(self.changed)


class FilteredChannel(Channel[FilteredChange]):
    """What passes a filter: all counted, some listed."""

    name = "rows"

    def __init__(
        self, asked: Filter, buses: frozenset[int] | None, bus: str | None, tick: int, rows: Sequence[Row]
    ) -> None:
        super().__init__(tick)
        self.filter = asked
        self.buses = buses
        self._bus = bus
        self._listing = Listing(tick, rows)
        self._passed: dict[UUID, None] = dict.fromkeys(row.id for row in rows)
        self._position = max((row.position for row in rows), default=None)

    def has(self, event_id: UUID) -> bool:
        """Tell whether an event passed already."""
        return event_id in self._passed

    def take(
        self,
        tick: int,
        now: float,
        *,
        passing: Sequence[Row],
        touched: Iterable[Row],
        failed: Iterable[UUID],
        step: int,
    ) -> bool:
        """Record a tick: what passed of every ``step``-th event, and what became of others."""
        changed = [row for row in touched if row.id in self._passed]
        self._passed.update(dict.fromkeys(row.id for row in passing))
        failures = sum(one in self._passed for one in failed)
        if not passing and not changed and not failures:
            return False
        positions = [row.position for row in passing]
        low = high = None
        if positions:
            first, last = min(positions), max(positions)
            low, high = Position(first.xid, first.seq - 1), Position(last.xid, last.seq + 1)
            self._position = max(last, self._position or last)
        self._listing.add(tick, passing)
        seen = len(passing) * step
        self.record(FilteredChange(tick, now, seen, failures, step, low, high, changed))
        while len(self._passed) > REMEMBERED:
            del self._passed[next(iter(self._passed))]
        return True

    def snap(self) -> str:
        """Return the newest rows that pass."""
        bus = "null" if self._bus is None else f'"{self._bus}"'  # bus names need no escapes
        columns = listed(f'"{name}"' for name in COLUMNS)
        position = "null" if self._position is None else f'"{self._position}"'
        rows = listed(row.text for row in self._listing.newest)
        return f',"bus":{bus},"cols":{columns},"rows":{rows},"pos":{position}'

    def _merge(self, since: int, changes: list[FilteredChange]) -> str | None:
        rows = [row for some in self._listing.since(since) for row in some]
        seen = sum(change.seen for change in changes)
        missing = seen - len(rows)
        failed = sum(change.failed for change in changes)
        parts = [f',"tot":[{seen},{failed},{missing}]']
        sampled = max(change.sampled for change in changes)
        if sampled > 1:
            parts.append(f',"sampled":{sampled}')
        if rows:
            parts.append(f',"r":{listed(row.text for row in rows)},"pos":"{self._position}"')
        if missing:
            low = min(change.low for change in changes if change.low is not None)
            high = max(change.high for change in changes if change.high is not None)
            parts.append(f',"gap":["{low}","{high}"]')
        current = {row.id for row in rows}
        changed = {row.id: row for change in changes for row in change.changed if row.id not in current}
        if changed:
            parts.append(f',"u":{listed(row.update for row in changed.values())}')
        return "".join(parts)
