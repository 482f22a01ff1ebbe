"""Looking back on PostgreSQL: ``history.History``, each call on a connection of the pool."""

from collections.abc import Collection, Sequence
from contextlib import closing

from eventhub.journal.looking_back import PARTS, Latencies, Past, Tally, read_counts, read_latencies
from eventhub.journal.postgres import rolling
from eventhub.journal.postgres.connections import Pool
from eventhub.journal.postgres.searching import PostgresSearch
from eventhub.journal.search.lately import details_lately, names_lately
from eventhub.journal.search.walk import search
from eventhub.journal.searching import Found, Lately, Search


class PostgresHistory:
    """The part of the engine that looks back; see ``history.History`` for every promise."""

    _pool: Pool

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
        with self._pool.lend() as db:
            return read_counts(rolling.asking(db), kind, past, by=by, bus_ids=bus_ids, a=a, b=b)

    def latencies(self, kind: str, past: Past, *, ids: Collection[int] | None = None) -> list[Latencies]:
        """Return what was timed."""
        with self._pool.lend() as db:
            return read_latencies(rolling.asking(db), kind, past, ids=ids)

    def search(self, asked: Search) -> Found:
        """Return one page of what passes a filter."""
        with self._pool.lend() as db, closing(PostgresSearch(db)) as engine:
            return search(asked, engine)

    def names_lately(self, asked: Lately) -> Sequence[str]:
        """Return sources or types, the last seen first."""
        with self._pool.lend() as db, closing(PostgresSearch(db)) as engine:
            return names_lately(asked, engine)

    def details_lately(self, asked: Lately) -> Sequence[tuple[int, bytes]]:
        """Return the newest event's detail of each type."""
        with self._pool.lend() as db, closing(PostgresSearch(db)) as engine:
            return details_lately(asked, engine)
