"""The picture that a hub holds while somebody watches: window, graphs, rows, and the channels over them.

Synchronous and without clock, database or sockets: the hub hands in what it read and the moment, and asks for
texts. Everything that many watch is worked out and encoded once.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from eventhub.flow.rulebook import Rulebook
from eventhub.journal.port import Feed, OutcomeState, RoutingState, Tail, TailedEvent
from eventhub.live.channel import KEPT_SECONDS
from eventhub.live.filtered_channel import FilteredChannel
from eventhub.live.flow_channel import FlowChannel
from eventhub.live.gauges import Backlogs
from eventhub.live.graph import Numbering, draw
from eventhub.live.head_channel import HeadChannel
from eventhub.live.intake import Intake
from eventhub.live.listing import FIRSTS, LISTED
from eventhub.live.live_filters import NOTHING, Extra, LiveFilters
from eventhub.live.rows import Row, row_of, take_news
from eventhub.live.rows_channel import EventChannel, RowsChannel
from eventhub.live.sums import Known
from eventhub.live.view import EVERY_BUS, View
from eventhub.live.window import Counts

ROWS_KEPT = 5000  # listed rows whose changes are still told
REDRAWN_SECONDS = 10.0  # how often sources are ranked anew and what is deleted and not counted any more goes

AnyChannel = FlowChannel | HeadChannel | RowsChannel | EventChannel | FilteredChannel
Key = tuple[str, View | UUID]  # channel name, and the view or event that it is of


class Picture:
    """What is known at ``tail``, the tick that made it so, and the channels that tell of it."""

    def __init__(self, known: Known, rows: Iterable[Row], rulebook: Rulebook, now: float) -> None:
        self.tail: Tail = known.tail
        self.tick = 0
        self.rulebook = rulebook
        self.backlogs: Backlogs = {}
        self.channels: dict[Key, AnyChannel] = {}
        self.filters = LiveFilters()
        self._window = known.window
        self._intake = Intake(known.window, known.sources)
        self._numbering = Numbering()
        self._second = int(now)
        self._redrawn_at = now
        self._stale = False  # the rulebook is new
        self._remeasure = False  # the backlogs are new
        self._rows: dict[UUID, Row] = {row.id: row for row in rows}
        self.flow(EVERY_BUS, now)
        self._add_rows(EVERY_BUS, list(self._rows.values()))

    def reconfigured(self, rulebook: Rulebook) -> None:
        """Take a new rulebook; the graphs follow with the next tick."""
        self.rulebook = rulebook
        self._stale = True

    def pile_up(self, backlogs: Backlogs) -> None:
        """Take newly read backlogs; the gauges follow with the next tick."""
        self._remeasure = self._remeasure or backlogs != self.backlogs
        self.backlogs = backlogs

    def flow(self, view: View, now: float) -> FlowChannel:
        """Return the flow channel of a view."""
        channel = self.channels.get(("flow", view))
        if channel is None:
            channel = FlowChannel(view, self._bus(view), self.tick, self._numbering, self._window)
            graph = draw(self.rulebook, self._window.counts, self._intake.sources, view)
            channel.begin(graph, self.rulebook.version, self._window.recent(self._second), self.backlogs, now)
            self.channels["flow", view] = channel
        assert isinstance(channel, FlowChannel)
        return channel

    def head(self, view: View, now: float) -> HeadChannel:
        """Return the channel of a view's header, whose flow is measured for it."""
        channel = self.channels.get(("head", view))
        if channel is None:
            channel = self.channels["head", view] = HeadChannel(self.flow(view, now), self.tick)
        assert isinstance(channel, HeadChannel)
        return channel

    def rows(self, view: View, newest: Iterable[Row]) -> RowsChannel:
        """Begin the rows channel of a view with its newest rows, oldest first, as of ``tail``."""
        return self._add_rows(view, [self._rows.setdefault(row.id, row) for row in newest])

    def event(self, row: Row) -> EventChannel:
        """Begin the channel of one event."""
        channel = EventChannel(self._rows.setdefault(row.id, row), self.tick)
        self.channels["event", row.id] = channel
        return channel

    def _add_rows(self, view: View, rows: list[Row]) -> RowsChannel:
        channel = RowsChannel(view, self._bus(view), self.tick, rows)
        self.channels["rows", view] = channel
        return channel

    def _bus(self, view: View) -> str | None:
        """Return the name of the bus of a view of one."""
        if view.shown is None or len(view.shown) != 1:
            return None
        return self.rulebook.bus_names.get(next(iter(view.shown)))

    def advance(self, feed: Feed, now: float, extra: Extra = NOTHING) -> bool:
        """Take what the journal brought, move on to ``now`` (seconds); True if any channel changed."""
        self.tail = feed.tail
        tick = self.tick + 1
        added = self._intake.take(feed)
        new_second = int(now) != self._second
        self._second = int(now)
        gone = self._window.expire(self._second) if new_second else {}
        changed = self._advance_rows(feed, tick, now)
        changed = self.filters.advance(feed, extra, self.rulebook, tick, now) or changed
        changed = self._advance_flows(tick, now, added, gone, new_second) or changed
        for channel in self.channels.values():
            if isinstance(channel, HeadChannel):
                changed = channel.advance(tick, now) or changed
        if changed:
            self.tick = tick
        if new_second:
            self._forget(now)
        return changed

    def _advance_flows(self, tick: int, now: float, added: Counts, gone: Counts, new_second: bool) -> bool:
        everything = self._stale or now >= self._redrawn_at + REDRAWN_SECONDS
        measure = new_second or self._stale or self._remeasure
        if everything:
            self._redrawn_at = now
        self._stale = self._remeasure = False
        recent = self._window.recent(self._second) if measure else {}
        changed = False
        for channel in self.channels.values():
            if not isinstance(channel, FlowChannel):
                continue
            graph = channel.graph
            unknown = any(
                not graph.knows(counted, channel.view) or (failed and graph.hides(counted))
                for counted, (_, failed) in added.items()
            )
            if everything or unknown:
                graph = draw(self.rulebook, self._window.counts, self._intake.sources, channel.view)
                channel.redraw(graph, self.rulebook.version)
            if measure or unknown:
                recent = recent or self._window.recent(self._second)
                channel.measure(recent, self.backlogs, now)
            changed = channel.advance(tick, now, added, gone) or changed
        return changed

    def _advance_rows(self, feed: Feed, tick: int, now: float) -> bool:
        failed = {a.event_id for a in feed.attempts if a.state is not OutcomeState.DELIVERED}
        failed |= {r.event_id for r in feed.routings if r.state is RoutingState.UNROUTABLE}
        channels = [channel for channel in self.channels.values() if isinstance(channel, RowsChannel)]
        brought = []
        for channel in channels:
            shown = channel.view.shown
            mine = feed.events if shown is None else [e for e in feed.events if e.bus_id in shown]
            rows = self._list(mine[-LISTED:], tick)
            older = mine[:-LISTED]
            lost = [event for event in older if event.id in failed] if failed else []
            more = self._list(lost[-LISTED:], tick)
            brought.append((len(mine), rows, more, self._list(_firsts(older, mine[-LISTED:]), tick)))
        touched = take_news(self._rows, feed)
        fresh = [row for row in touched.values() if row.born != tick]
        changed = False
        for channel, (seen, rows, more, firsts) in zip(channels, brought, strict=True):
            moved = [row for row in fresh if channel.view.shows(row.bus_id)]
            failures = _failures(feed, channel.view)
            advanced = channel.advance(
                tick,
                now,
                seen=seen,
                failed=failures,
                rows=rows,
                failed_rows=more,
                firsts=firsts,
                changed=moved,
            )
            changed = advanced or changed
        for row_id in touched:
            watched = self.channels.get(("event", row_id))
            if isinstance(watched, EventChannel):
                watched.advance(tick, now)
                changed = True
        self._trim()
        return changed

    def _list(self, events: Iterable[TailedEvent], tick: int) -> list[Row]:
        rows = []
        for event in events:
            row = self._rows.get(event.id)
            if row is None:
                row = self._rows[event.id] = row_of(event)
                row.born = tick
            rows.append(row)
        return rows

    def _trim(self) -> None:
        excess = len(self._rows) - ROWS_KEPT
        if excess > 0:
            for row_id in [row_id for row_id in self._rows if ("event", row_id) not in self.channels][
                :excess
            ]:
                del self._rows[row_id]

    def _forget(self, now: float) -> None:
        """Drop channels that nobody watched for as long as they could be resumed."""
        for key, channel in list(self.channels.items()):
            if key[1] == EVERY_BUS or channel.watchers or channel.unwatched_at >= now - KEPT_SECONDS:
                continue
            if key[0] != "flow" or ("head", key[1]) not in self.channels:  # a header's flow stays with it
                del self.channels[key]
        self.filters.forget(now - KEPT_SECONDS)


def _firsts(older: Sequence[TailedEvent], newest: Iterable[TailedEvent]) -> list[TailedEvent]:
    """Return the first of each type that is not among the newest."""
    if not older:
        return []
    first = {event.detail_type: event for event in reversed(older)}
    for event in newest:
        first.pop(event.detail_type, None)
    return list(first.values())[:FIRSTS]


def _failures(feed: Feed, view: View) -> int:
    """Return the number of failed attempts and unroutable events."""
    attempts = sum(a.state is not OutcomeState.DELIVERED and view.shows(a.bus_id) for a in feed.attempts)
    return attempts + sum(r.state is RoutingState.UNROUTABLE and view.shows(r.bus_id) for r in feed.routings)
