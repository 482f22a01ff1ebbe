"""The engines under test."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from eventhub.journal.port import Journal
from eventhub.journal.postgres import PostgresJournal
from eventhub.journal.postgres.schema import PARTITIONED
from eventhub.journal.sqlite import SqliteJournal


@dataclass
class Place:
    """Where one test's journal is kept."""

    engine: str
    address: str
    opened: list[Journal] = field(default_factory=list)

    def journal(self) -> Journal:
        """Return a journal on this place, neither migrated nor opened."""
        return self._journal()

    def open(self, **settings: Any) -> Journal:
        """Return a journal on this place, ready; it is closed after the test."""
        journal = self._journal(**settings)
        journal.migrate()
        journal.open()
        self.opened.append(journal)
        return journal

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query that both engines take, as each stores them."""
        if self.engine == "postgres":
            with psycopg.connect(self.address) as db:
                return db.execute(statement.encode()).fetchall()
        with closing(sqlite3.connect(f"file:{self.address}?mode=ro", uri=True)) as db:
            return db.execute(statement).fetchall()

    def _journal(self, **settings: Any) -> Journal:
        engine = SqliteJournal if self.engine == "sqlite" else PostgresJournal
        return engine(self.address, **settings)


# Emptied databases of earlier tests: making the tables anew takes ten times as long.
_emptied: list[str] = []
_ARCHIVES = ("archived_event", "archive_size", "replay")
_WORK = (
    "delivery",
    "dedup",
    "cursor",
    "ruleset",
    "target_state",
    "bucket",
    "redrive",
    "repeated",
    "event_type",
)
_ROLLUPS = ("rollup", "rollup_latency")
_TABLES = (*PARTITIONED, *_ARCHIVES, *_WORK, *_ROLLUPS, "event_type")


@pytest.fixture(params=["sqlite", "postgres"])
def make_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Place]]:
    """Give a function that makes places without rows, of one engine."""
    places: list[Place] = []

    def make() -> Place:
        if request.param == "sqlite":
            address = str(tmp_path / f"journal-{len(places)}.sqlite3")
        else:
            new_database = request.getfixturevalue("new_database")
            address = _emptied.pop() if _emptied else new_database()
        places.append(Place(request.param, address))
        return places[-1]

    yield make
    for place in places:
        for journal in place.opened:
            journal.close()
        if place.engine == "postgres":
            with psycopg.connect(place.address) as db:
                for table in _TABLES:  # a few rows each: TRUNCATE would make all the files anew
                    db.execute(f"DELETE FROM {table}".encode())
            _emptied.append(place.address)


@pytest.fixture
def place(make_place: Callable[[], Place]) -> Place:
    """Give an empty place."""
    return make_place()


@pytest.fixture
def store(place: Place) -> Journal:
    """Give an open, empty journal."""
    return place.open()
