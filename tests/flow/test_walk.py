"""Walking back through the journal: by position, never counting, within a time."""

import itertools

import pytest
from django.db.models import QuerySet

from eventhub.flow import walk as walking
from eventhub.flow.walk import Walked, walk
from eventhub.journal.port import Position
from eventhub.journal.rows import EventRow
from eventhub.journal.sqlite import SqliteJournal
from tests.journal.build import append, new_event


@pytest.fixture
def rare(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> "QuerySet[EventRow]":
    """Return two rare events among forty, the 3rd and the 30th, in windows of at least four rows."""
    monkeypatch.setattr(walking, "FIRST_WINDOW", 4)
    append(journal, *(new_event(source="rare" if one in (3, 30) else "shop") for one in range(1, 41)))
    return EventRow.objects.filter(source="rare")


def walk_rare(rows: "QuerySet[EventRow]", before: Position | None = None, *, readings: float = 1e9) -> Walked:
    """Walk with a clock that moves on by one second at each reading, for so many seconds."""
    return walk(
        EventRow.objects.all(),
        rows,
        before=before,
        wanted=1,
        is_indexed=False,
        seconds=readings,
        clock=itertools.count().__next__,
    )


def test_what_is_rare_is_found_through_all_windows(rare: "QuerySet[EventRow]") -> None:
    first = walk_rare(rare)
    second = walk_rare(rare, first.older)

    assert ([row.seq for row in first.rows], [row.seq for row in second.rows]) == ([30], [3])
    assert (first.was_cut, second) == (False, Walked(second.rows))


def test_a_walk_whose_time_is_up_says_where_to_go_on_and_loses_nothing(rare: "QuerySet[EventRow]") -> None:
    seen, before, cuts = [], None, 0
    while True:
        walked = walk_rare(rare, before, readings=1)
        seen += [row.seq for row in walked.rows]
        cuts += walked.was_cut
        if walked.older is None:
            break
        before = walked.older

    assert seen == [30, 3]
    assert cuts > 1


def test_what_an_index_gives_is_read_at_once(rare: "QuerySet[EventRow]") -> None:
    walked = walk(EventRow.objects.all(), rare, before=None, wanted=5, is_indexed=True)

    assert [row.seq for row in walked.rows] == [30, 3]


def test_an_empty_journal_has_no_older_rows(journal: SqliteJournal) -> None:
    assert walk_rare(EventRow.objects.all()) == Walked([])
