"""The engines under test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

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
        return SqliteJournal(Path(self.address)) if self.engine == "sqlite" else PostgresJournal(self.address)

    def open(self) -> Journal:
        """Return a journal on this place, ready; it is closed after the test."""
        journal = self.journal()
        journal.migrate()
        journal.open()
        self.opened.append(journal)
        return journal


# Emptied databases of earlier tests: making the tables anew takes ten times as long.
_emptied: list[str] = []
_ARCHIVES = ("archived_event", "archive_size", "replay")
_WORK = ("delivery", "dedup", "cursor", "ruleset", "target_state", "bucket", "redrive")
_ROLLUPS = ("rollup", "rollup_latency")
_TABLES = (*PARTITIONED, *_ARCHIVES, *_WORK, *_ROLLUPS)


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
