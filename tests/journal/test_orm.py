"""The journal's rows through the ORM."""

import threading

from eventhub.journal.rows import EventRow
from eventhub.journal.sqlite import SqliteJournal
from tests.journal.build import new_event


def test_an_appended_event_can_be_read_through_the_orm(journal: SqliteJournal) -> None:
    event = new_event(source="shop")
    journal.append([event]).result(timeout=5)

    row = EventRow.objects.get(id=event.id)

    assert (row.seq, row.source) == (1, "shop")


def test_each_read_sees_what_was_committed_meanwhile(journal: SqliteJournal) -> None:
    seen = [EventRow.objects.count()]
    journal.append([new_event()]).result(timeout=5)
    seen.append(EventRow.objects.count())

    assert seen == [0, 1]


def test_other_threads_read_it_too(journal: SqliteJournal) -> None:
    journal.append([new_event()]).result(timeout=5)
    counts = []

    def read() -> None:
        from django.db import connections

        counts.append(EventRow.objects.count())
        connections.close_all()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()

    assert counts == [1]
