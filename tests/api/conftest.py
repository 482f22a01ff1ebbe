"""Doors before a real embedded journal."""

import pytest
from django.db import connections

from eventhub.api.eventbridge import operations
from eventhub.journal.sqlite import SqliteJournal
from tests.api.door import Doors


@pytest.fixture
def doors(journal: SqliteJournal) -> Doors:
    # The thread outlives the test, and its connection the file of the last test's journal.
    operations._changes.submit(connections.close_all).result()
    return Doors(journal)
