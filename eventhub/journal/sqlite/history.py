"""Looking back on SQLite: ``history.History``, each call on a connection that only reads."""

import sqlite3
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager

from eventhub.journal.looking_back import PARTS, Latencies, Past, Tally, read_counts, read_latencies
from eventhub.journal.search.lately import details_lately, names_lately
from eventhub.journal.search.walk import search
from eventhub.journal.searching import Found, Lately, Search
from eventhub.journal.sqlite import rolling
from eventhub.journal.sqlite.searching import SqliteSearch


class SqliteHistory:
    """The part of the embedded engine that looks back; see ``history.History`` for every promise."""

    def _reading(self) -> AbstractContextManager[sqlite3.Connection]:
        raise NotImplementedError

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
        """Return what was counted."""
        with self._reading() as db:
            return read_counts(rolling.asking(db), kind, past, by=by, bus_ids=bus_ids, a=a, b=b)

    def latencies(self, kind: str, past: Past, *, ids: Collection[int] | None = None) -> list[Latencies]:
        """Return what was timed."""
        with self._reading() as db:
            return read_latencies(rolling.asking(db), kind, past, ids=ids)

    def search(self, asked: Search) -> Found:
        """Return one page of what passes a filter."""
        with self._reading() as db:
            return search(asked, SqliteSearch(db))

    def names_lately(self, asked: Lately) -> Sequence[str]:
        """Return sources or types, the last seen first."""
        with self._reading() as db:
            return names_lately(asked, SqliteSearch(db))

    def details_lately(self, asked: Lately) -> Sequence[tuple[int, bytes]]:
        """Return the newest event's detail of each type."""
        with self._reading() as db:
            return details_lately(asked, SqliteSearch(db))
