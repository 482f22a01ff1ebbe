"""The part of the port that looks back: what was counted and timed, and the events that pass a filter.

It only reads. Every method may be called from any thread and raises ``port.JournalUnavailable`` if the
journal cannot be read.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from eventhub.journal.looking_back import PARTS, Latencies, Past, Tally
from eventhub.journal.searching import Found, Lately, Search


class History(Protocol):
    """What every engine tells of the past."""

    def counts(
        self,
        kind: str,
        past: Past,
        *,
        by: Collection[str] = PARTS,
        bus_ids: Collection[int] | None = None,
        a: Collection[int | str] | None = None,
        b: Collection[int] | None = None,
    ) -> list[Tally]:
        """Return what was counted of a kind in a span of the past, in the order of its moments.

        The kinds and what ``a`` and ``b`` are of each: ``counted.Counted``. Told apart by what ``by`` names,
        summed over the rest; of the gauge ``backlog`` the highest of each step. Only of some buses, ``a`` or
        ``b`` where these are given (``error`` and ``backlog`` have no bus: name the targets). What happened
        less than about two seconds ago may be missing. Raises ValueError for an unknown kind or part.

        - All that was accepted, in bars of 15 s of the last hour:
          ``counts("accepted", Past(now - 3600, now, Grain.SECOND, step=15), by=())``
        - Attempts of each rule for target 7 in all: ``counts("attempt", past, by=("a",), b=[7])``
        - Error classes of target 7 in each minute: ``counts("error", by_the_minute, by=("a",), b=[7])``
        - How much waited at target 7: ``counts("backlog", by_the_minute, by=(), a=[7])``; ``failed`` is 1
          where its circuit was open.
        """

    def latencies(self, kind: str, past: Past, *, ids: Collection[int] | None = None) -> list[Latencies]:
        """Return how long what is timed took in a span of the past, in the order of moments and ids.

        ``all`` (id 0), ``bus`` and ``rule``: from acceptance to delivery; ``target``: attempts. Only of some
        ids where these are given. Raises ValueError for an unknown kind.

        - p99 of target 7: ``[one.quantile(0.99) for one in latencies("target", past, ids=[7])]``
        - p50 of two buses together: ``together(latencies("bus", past, ids=[1, 2]))``
        """

    def search(self, asked: Search) -> Found:
        """Return one page of the events that pass a filter, newest first, within its time or soon after it.

        What is committed while pages are followed neither repeats nor hides what was there before. Holds up
        no writer. Raises ValueError for a cursor that is none.
        """

    def names_lately(self, asked: Lately) -> Sequence[str]:
        """Return the sources or types of routed events, the last seen first; none if the time was up."""

    def details_lately(self, asked: Lately) -> Sequence[tuple[int, bytes]]:
        """Return the bus and the detail of the newest event of each type; none if the time was up."""
