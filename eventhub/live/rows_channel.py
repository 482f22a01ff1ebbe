"""The rows channel: the newest events of everything, of one bus or of some; and the channel of one event."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from eventhub.journal.port import START, Position
from eventhub.live.channel import Channel
from eventhub.live.listing import Listing
from eventhub.live.rows import COLUMNS, Row, listed
from eventhub.live.view import View


@dataclass(frozen=True, slots=True)
class RowsChange:
    """What one tick brought: counts, where it began, and the rows listed earlier that changed."""

    tick: int
    at: float
    seen: int
    failed: int
    after: Position  # of the newest event before
    changed: list[Row] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """Return how many entries it holds."""
        return 1 + len(self.changed)


class RowsChannel(Channel[RowsChange]):
    """The newest rows: all counted, some listed."""

    name = "rows"

    def __init__(self, view: View, bus: str | None, tick: int, rows: Iterable[Row]) -> None:
        super().__init__(tick)
        self.view = view
        self.bus = bus
        self._listing = Listing(tick, rows)
        newest = self._listing.newest
        self._position = newest[-1].position if newest else None

    def advance(
        self,
        tick: int,
        now: float,
        *,
        seen: int,
        failed: int,
        rows: list[Row],
        failed_rows: list[Row],
        firsts: list[Row],
        changed: list[Row],
    ) -> bool:
        """Record a tick: ``rows`` are the newest of those ``seen``; older ones failed or came first."""
        if not seen and not failed and not changed:
            return False
        after = self._position or START
        if rows:
            self._position = rows[-1].position
        self._listing.add(tick, rows, failed=failed_rows)
        self._listing.add_firsts(tick, firsts)
        self.record(RowsChange(tick, now, seen, failed, after, changed))
        return True

    def snap(self) -> str:
        """Return the newest rows."""
        bus = "null" if self.bus is None else f'"{self.bus}"'  # bus names need no escapes
        columns = listed(f'"{name}"' for name in COLUMNS)
        position = "null" if self._position is None else f'"{self._position}"'
        rows = listed(row.text for row in self._listing.newest)
        return f',"bus":{bus},"cols":{columns},"rows":{rows},"pos":{position}'

    def _merge(self, since: int, changes: list[RowsChange]) -> str | None:
        more, rows = self._listing.since(since)
        seen = sum(change.seen for change in changes)
        missing = seen - len(rows) - len(more)
        failed = sum(change.failed for change in changes)
        parts = [f',"tot":[{seen},{failed},{missing}]']
        if rows:
            parts.append(f',"r":{listed(row.text for row in (*more, *rows))},"pos":"{rows[-1].position}"')
        if missing:
            parts.append(f',"gap":["{changes[0].after}","{rows[0].position}"]')
        current = {id(row) for row in rows} | {id(row) for row in more}
        changed = {id(row): row for change in changes for row in change.changed if id(row) not in current}
        if changed:
            parts.append(f',"u":{listed(row.update for row in changed.values())}')
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class EventChange:
    """That an event changed."""

    tick: int
    at: float
    weight: int = 1


class EventChannel(Channel[EventChange]):
    """One event: its whole summary on every change."""

    name = "event"

    def __init__(self, row: Row, tick: int) -> None:
        super().__init__(tick)
        self.row = row

    def advance(self, tick: int, now: float) -> None:
        """Record that the event changed."""
        self.record(EventChange(tick, now))

    def snap(self) -> str:
        """Return the summary."""
        return f',"ev":{self.row.summary}'

    def _merge(self, since: int, changes: list[EventChange]) -> str | None:
        return f',"ev":{self.row.summary}'
