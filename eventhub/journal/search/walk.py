"""The walk from the newest candidate to the oldest, window by window, until page or time is full."""

import time
from dataclasses import dataclass
from uuid import UUID

from eventhub.domain.filter import Predicate, compile_filter
from eventhub.domain.filter.terms import And, Filter, Moment, Node, Term, conjuncts
from eventhub.journal.port import JournalUnavailable
from eventhub.journal.search.bounds import Key, bounds_of
from eventhub.journal.search.candidates import Window, deepest, window
from eventhub.journal.search.conditions import OF_LEGS, Condition, all_of, condition
from eventhub.journal.search.dialect import Engine, TimeUp
from eventhub.journal.search.drivers import EVERYTHING, ByBuses, ByOutcomes, Drive, Driver, drives
from eventhub.journal.search.views import read_views
from eventhub.journal.searching import Found, Search

FIRST_WINDOW = 200  # candidates
LARGEST_WINDOW = 20_000
QUICK_SECONDS, SLOW_SECONDS = 0.015, 0.035  # a window that took less is doubled, one that took more halved
PATIENCE_SECONDS = 2.0  # for the first window, of a cold disk: every search gets somewhere
READ_AT_ONCE = 250  # events whose text is held at once


def search(asked: Search, engine: Engine) -> Found:
    """Return one page of what passes; raises ValueError for a cursor that is none of ours."""
    walk = _Walk(asked, engine)
    return walk.go()


@dataclass(slots=True)
class _Progress:
    """What the walk has so far."""

    found: list[tuple[Key, UUID]]
    reached: Key | None  # the last candidate that was decided
    ended: bool = False  # nothing is left
    timed_out: bool = False


class _Walk:
    def __init__(self, asked: Search, engine: Engine) -> None:
        self._began = time.monotonic()
        self._asked = asked
        self._engine = engine
        self._node = _with_times(asked)
        self._bounds = bounds_of(self._node, asked, engine)
        self._predicate: Predicate = compile_filter(Filter(self._node), now=asked.now)
        self._condition: Condition | None = None

    def go(self) -> Found:
        bounds, asked = self._bounds, self._asked
        if not bounds.total:
            return Found((), None, *self._looked(0))
        drive = self._choose()
        self._condition = _condition(self._node, drive, asked, self._engine)
        by_position = isinstance(drive.driver, ByBuses)
        progress = _Progress([], bounds.start(asked.cursor, self._engine, by_position=by_position))
        self._walk(drive.driver, progress)
        more = len(progress.found) > asked.limit
        page = progress.found[: asked.limit]
        reached = page[-1][0] if more else progress.reached
        ended = progress.ended and not more
        scanned = bounds.total if ended else max(len(page), bounds.scanned(reached, self._engine))
        return Found(
            [event_id for _key, event_id in page],
            None if ended or reached is None else reached.as_cursor(),
            *self._looked(scanned),
            timed_out=progress.timed_out and not more,
        )

    def _looked(self, scanned: int) -> tuple[int | None, int | None]:
        """Return how far one looked, of how much; of some buses none: it would tell of the others' events."""
        return (scanned, self._bounds.total) if self._asked.bus_ids is None else (None, None)

    def _choose(self) -> Drive:
        """Return the driver with the fewest candidates, as far as one looks: the one that is sparsest."""
        found = drives(self._node, self._engine)
        if self._asked.bus_ids is not None:
            found.append(Drive(ByBuses(tuple(sorted(self._asked.bus_ids)))))
        if not found:
            return Drive(EVERYTHING)
        if len(found) == 1:
            return found[0]
        return min(found, key=lambda drive: deepest(drive.driver, self._bounds, self._engine))

    def _walk(self, driver: Driver, progress: _Progress) -> None:
        size, first = max(FIRST_WINDOW, self._asked.limit + 1), True
        while not progress.ended and len(progress.found) <= self._asked.limit:
            left = self._asked.box_seconds - (time.monotonic() - self._began)
            if left <= 0 and not first:
                progress.timed_out = True
                return
            began = time.monotonic()
            wanted = self._asked.limit + 1 - len(progress.found)
            try:
                got = window(
                    driver,
                    self._condition,
                    self._bounds,
                    self._engine,
                    after=progress.reached,
                    size=size,
                    most=wanted if first else max(wanted, READ_AT_ONCE),
                    seconds=PATIENCE_SECONDS if first else max(left, 0.005),
                )
                self._decide(got, progress)
            except TimeUp as error:
                if not first:
                    progress.timed_out = True
                    return
                if size == 1:
                    raise JournalUnavailable("the journal takes too long to read one event") from error
                size = max(1, size // 8)
                continue
            first = False
            took = time.monotonic() - began
            if took < QUICK_SECONDS:
                size = min(size * 2, LARGEST_WINDOW)
            elif took > SLOW_SECONDS:
                size = max(size // 2, FIRST_WINDOW // 2)

    def _decide(self, got: Window, progress: _Progress) -> None:
        """Ask the filter of a window's events, and move on past those that were asked."""
        passing: set[UUID] = set()
        for start in range(0, len(got.candidates), READ_AT_ONCE):
            ids = [event_id for _key, event_id in got.candidates[start : start + READ_AT_ONCE]]
            views = read_views(ids, self._asked.filter, self._engine)
            passing.update(event_id for event_id, view in views.items() if self._predicate(view))
        progress.found.extend((key, event_id) for key, event_id in got.candidates if event_id in passing)
        progress.reached = got.reached or progress.reached
        progress.ended = got.reached is None or got.exhausted


def _with_times(asked: Search) -> Node | None:
    """Return the filter with the bounds of time in it."""
    parts: list[Node] = [] if asked.filter.node is None else [asked.filter.node]
    if asked.since is not None:
        parts.append(Term("after", Moment("", asked.since)))
    if asked.until is not None:
        parts.append(Term("before", Moment("", asked.until)))
    return None if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))


def _condition(node: Node | None, drive: Drive, asked: Search, engine: Engine) -> Condition | None:
    parts = [part for part in conjuncts(node) if part is not drive.covers]
    if isinstance(drive.driver, ByOutcomes):
        parts = [part for part in parts if not (isinstance(part, Term) and part.word in OF_LEGS)]
    found = [condition(And(tuple(parts)), engine, asked.now)]
    if asked.bus_ids is not None:
        marks = ", ".join("?" * len(asked.bus_ids)) or "NULL"
        found.append(Condition(f"e.bus_id IN ({marks})", tuple(sorted(asked.bus_ids))))
    for position, below in ((asked.before, True), (asked.after, False)):
        if position is not None:
            found.append(Condition(*engine.beside(position, below=below)))
    return all_of(found)
