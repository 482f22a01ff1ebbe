"""The journal's rows through the ORM."""

import threading
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from eventhub.journal import open_journal, the_journal
from eventhub.journal.postgres import PostgresJournal
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


def test_the_settings_name_an_embedded_journal() -> None:
    journal = the_journal()

    assert isinstance(journal, SqliteJournal)


def test_the_settings_name_a_server(
    monkeypatch: pytest.MonkeyPatch, settings: Any, postgres_dsn: str
) -> None:
    given = conninfo_to_dict(postgres_dsn)
    database = {"NAME": given["dbname"], "USER": given["user"], "HOST": given["host"], "PORT": given["port"]}
    monkeypatch.setitem(settings.DATABASES, "journal", {**database, "PASSWORD": "", "OPTIONS": {}})
    settings.EMBEDDED = False
    the_journal().migrate()

    journal = open_journal()
    journal.append([new_event()]).result(timeout=20)
    journal.close()

    assert isinstance(journal, PostgresJournal)
