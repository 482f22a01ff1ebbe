"""Doors before a real embedded journal."""

import pytest

from eventhub.journal.sqlite import SqliteJournal
from tests.api.door import Doors


@pytest.fixture
def doors(journal: SqliteJournal) -> Doors:
    return Doors(journal)
