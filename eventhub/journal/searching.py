"""Searching events, and what could be searched for: what is asked of the journal, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from eventhub.domain.filter import Filter
from eventhub.journal.position import Position

BOX_SECONDS = 0.1  # how long one search may look


@dataclass(frozen=True, slots=True)
class Search:
    """Events that pass a filter, newest first; all bounds hold beside it."""

    filter: Filter
    now: int  # microseconds since 1970: what `after:15m` counts from
    limit: int = 100
    since: int | None = None  # accepted at this moment or later
    until: int | None = None  # accepted before
    bus_ids: frozenset[int] | None = None  # only of these buses
    after: Position | None = None  # strictly between these places of the log
    before: Position | None = None
    cursor: str = ""  # `next` of the answer before; ValueError if it is none
    box_seconds: float = BOX_SECONDS


@dataclass(frozen=True, slots=True)
class Found:
    """One page: what was found so far, and where to go on."""

    ids: Sequence[UUID]  # newest first, at most `limit`
    next: str | None  # where to go on; None where nothing is left
    # Events that were decided, and all in the bounds, counted by their numbers: those that failed writes left
    # unused count too. The numbers are those of every bus, so a search of some buses is told none.
    scanned: int | None
    of: int | None
    timed_out: bool = False  # the time was up before the page was full


@dataclass(frozen=True, slots=True)
class Lately:
    """What was seen lately on some buses is wanted, the last seen first."""

    bus_ids: frozenset[int] | None = None  # None: of every bus
    column: str = "source"  # or detail_type
    most: int = 500
    box_seconds: float = 0.01
