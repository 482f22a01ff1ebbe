"""Filters that somebody watches by: each asked once a tick, however many look on, within a budget of time.

A filter about what an event is (bus, source, type, detail …) is asked when the event is accepted. One that
asks for deliveries is asked again whenever something becomes of an event: it comes into view with the news
that make it pass, and stays. Beyond the budget every k-th event is asked, and the channel says so.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from uuid import UUID

from eventhub.domain.filter import EventView, Filter, LegView, compile_filter
from eventhub.flow.rulebook import Rulebook
from eventhub.journal.port import Feed, Journal, OutcomeState, Search, Tail
from eventhub.journal.rows import EventRow
from eventhub.live.filtered_channel import FilteredChannel
from eventhub.live.rows import Row, row_of, take_news
from eventhub.live.sums import rows_with_fate

Shown = frozenset[int] | None  # the buses of a channel; None: every bus

MOST_FILTERS = 32  # distinct ones, of the whole process
BUDGET_SECONDS = 0.02  # for all of them in a tick
ROWS_FOLLOWED = 5000  # events whose news are looked at without asking the journal
MOST_DOCUMENTS = 1000  # events whose text is read in a tick
MOST_ROWS = 200  # older events that are read because something became of them
_FIRST_COST = 10e-6  # seconds for one event, until it was measured
_SMOOTHING = 0.2


@dataclass(frozen=True, slots=True)
class Document:
    """What of an event only some filters ask: its own text."""

    detail: bytes
    attributes: bytes
    key: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What has to be read before a tick's filters can be asked."""

    documents: Sequence[UUID] = ()
    rows: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Extra:
    """What was read of it."""

    documents: Mapping[UUID, Document] = field(default_factory=dict)
    rows: Sequence[Row] = ()


NOTHING = Extra()


def read_extra(wanted: Wanted) -> Extra:
    """Read what is wanted; runs in the hub's reading thread."""
    ids = {*wanted.documents, *wanted.rows}
    if not ids:
        return NOTHING
    rows = EventRow.objects.filter(id__in=ids)
    documents = {
        row.id: Document(row.detail.encode(), row.attributes.encode(), row.key)
        for row in rows.only("id", "detail", "attributes", "key")
    }
    older = rows_with_fate(EventRow.objects.filter(id__in=wanted.rows)) if wanted.rows else []
    return Extra(documents, older)


def found_rows(journal: Journal, search: Search, tail: Tail) -> list[Row]:
    """Return the newest events that pass, newest first; what is newer than the tail comes with it."""
    ids = journal.search(search).ids
    rows = {row.id: row for row in rows_with_fate(EventRow.objects.filter(id__in=ids))}
    return [rows[one] for one in ids if one in rows and rows[one].position <= tail.events]


class LiveFilters:
    """The filtered channels, and the events that they follow."""

    def __init__(self, timer: Callable[[], float] = time.perf_counter) -> None:
        self.channels: dict[tuple[str, Shown], FilteredChannel] = {}
        self._timer = timer
        self._rows: dict[UUID, Row] = {}
        self._documents: dict[UUID, Document] = {}
        self._costs: dict[str, float] = {}
        self._steps: dict[str, int] = {}

    @property
    def texts(self) -> set[str]:
        """Return the distinct filters."""
        return {text for text, _shown in self.channels}

    def has_room_for(self, asked: Filter) -> bool:
        """Tell whether one more filter may come; channels that nobody watches make room."""
        if str(asked) in self.texts:
            return True
        if len(self.texts) >= MOST_FILTERS:
            for key in [key for key, channel in self.channels.items() if not channel.watchers]:
                del self.channels[key]
        return len(self.texts) < MOST_FILTERS

    def begin(
        self, asked: Filter, buses: Shown, bus: str | None, tick: int, rows: Iterable[Row]
    ) -> FilteredChannel:
        """Begin a channel with the newest rows that pass, oldest first."""
        kept = [self._rows.setdefault(row.id, row) for row in rows]
        channel = FilteredChannel(asked, buses, bus, tick, kept)
        self.channels[str(asked), buses] = channel
        return channel

    def wanted(self, feed: Feed) -> Wanted:
        """Return what the filters have to know of this tick's events, deciding which are asked."""
        if not self.channels:
            return Wanted()
        deep = any(channel.filter.asks_detail for channel in self.channels.values())
        following = any(channel.filter.asks_deliveries for channel in self.channels.values())
        self._choose_steps(feed)
        new = {event.id for event in feed.events}
        rows: list[UUID] = []
        if following:
            attempted = [one.event_id for one in feed.attempts]
            news = dict.fromkeys([*attempted, *(one.event_id for one in feed.dead_letters)])
            rows = [one for one in news if one not in self._rows and one not in new][-MOST_ROWS:]
        documents: list[UUID] = []
        if deep:
            step = max(1, ceil(len(feed.events) / MOST_DOCUMENTS))
            documents = [*(event.id for event in feed.events[::step]), *rows]
        return Wanted(documents, rows)

    def _choose_steps(self, feed: Feed) -> None:
        count = len(feed.events) + len(feed.routings) + len(feed.attempts)
        share = BUDGET_SECONDS / len(self.texts)
        for (text, _shown), channel in self.channels.items():
            affordable = max(1.0, share / self._costs.get(text, _FIRST_COST))
            step = ceil(count / affordable)
            if channel.filter.asks_detail:
                step = max(step, ceil(len(feed.events) / MOST_DOCUMENTS))
            self._steps[text] = max(1, step)

    def advance(self, feed: Feed, extra: Extra, rulebook: Rulebook, tick: int, now: float) -> bool:
        """Ask the filters of a tick's events, and tell the channels; True if any changed."""
        if not self.channels:
            return False
        self._keep(feed, extra)
        touched = take_news(self._rows, feed)
        failed = [one.event_id for one in feed.attempts if one.state is not OutcomeState.DELIVERED]
        changed = False
        for (text, buses), channel in self.channels.items():
            step = self._steps.get(text, 1)
            predicate = compile_filter(channel.filter, now=int(now * 1_000_000))
            asked = self._candidates(channel, feed, touched, extra.rows, buses)[::step]
            began = self._timer()
            passing = [row for row in asked if predicate(self._view(row, rulebook))]
            self._measure(text, self._timer() - began, len(asked))
            took = channel.take(
                tick, now, passing=passing, touched=touched.values(), failed=failed, step=step
            )
            changed = took or changed
        self._trim()
        return changed

    def _keep(self, feed: Feed, extra: Extra) -> None:
        for event in feed.events:
            self._rows.setdefault(event.id, row_of(event))
        for row in extra.rows:
            self._rows.setdefault(row.id, row)
        self._documents.update(extra.documents)

    def _candidates(
        self,
        channel: FilteredChannel,
        feed: Feed,
        touched: Mapping[UUID, Row],
        older: Sequence[Row],
        buses: Shown,
    ) -> list[Row]:
        found = {event.id: self._rows[event.id] for event in feed.events}
        if channel.filter.asks_deliveries:
            found |= touched
            found |= {row.id: row for row in older}
        return [
            row
            for row in found.values()
            if (buses is None or row.bus_id in buses) and not channel.has(row.id)
        ]

    def _view(self, row: Row, rulebook: Rulebook) -> EventView:
        document = self._documents.get(row.id)
        view = EventView(
            id=row.id.hex,
            bus=row.bus,
            source=row.source,
            type=row.detail_type,
            accepted_at=row.accepted_at,
            routing=None if row.routing is None else row.routing.value,
            legs=[_leg(row, rulebook, number) for number in row.legs],
        )
        if document is not None:
            view.detail, view.attributes, view.key = document.detail, document.attributes, document.key
        return view

    def _measure(self, text: str, took: float, count: int) -> None:
        if count:
            was = self._costs.get(text, _FIRST_COST)
            self._costs[text] = was + _SMOOTHING * (took / count - was)

    def _trim(self) -> None:
        for row_id in list(self._rows)[: max(0, len(self._rows) - ROWS_FOLLOWED)]:
            del self._rows[row_id]
            self._documents.pop(row_id, None)

    def forget(self, before: float) -> None:
        """Drop channels that nobody watched since a moment, and what only they needed."""
        for key, channel in list(self.channels.items()):
            if not channel.watchers and channel.unwatched_at < before:
                del self.channels[key]
        if not self.channels:
            self._rows.clear()
            self._documents.clear()
        self._costs = {text: cost for text, cost in self._costs.items() if text in self.texts}
        self._steps = {text: step for text, step in self._steps.items() if text in self.texts}


def _leg(row: Row, rulebook: Rulebook, number: int) -> LegView:
    leg = row.legs[number]
    rule = rulebook.rule(row.bus_id, leg.rule_id)
    target = None if leg.target_id is None else rulebook.targets.get(leg.target_id)
    latency = None if leg.settled_at is None else leg.settled_at - row.accepted_at
    return LegView(
        rule.name if rule else "", target.name if target else "", leg.state.value, leg.attempts, latency
    )
