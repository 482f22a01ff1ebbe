"""The journal's rows through the ORM."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
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


WRITES: dict[str, Callable[[Any], Any]] = {
    "saving a row": lambda model: model().save(),
    "deleting a row": lambda model: model(pk=1).delete(),
    "making a row": lambda model: model.objects.create(pk=1),
    "making a row unless it is there": lambda model: model.objects.get_or_create(pk=1),
    "updating rows": lambda model: model.objects.all().update(pk=2),
    "updating some rows": lambda model: model.objects.filter(pk=1).update(pk=2),
    "deleting rows": lambda model: model.objects.all().delete(),
    "making many rows": lambda model: model.objects.bulk_create([model(pk=1)]),
    "updating many rows": lambda model: model.objects.bulk_update([model(pk=1)], ["pk"]),
    "updating by Django's own manager": lambda model: model._base_manager.update(pk=2),
    "deleting by Django's own manager": lambda model: model._base_manager.all().delete(),
    "deleting without asking rows": lambda model: model.objects.all()._raw_delete("journal"),
}


@pytest.mark.parametrize("model", list(apps.get_app_config("journal").get_models()))
@pytest.mark.parametrize("write", WRITES)
def test_nothing_is_written_through_the_orm(journal: SqliteJournal, model: Any, write: str) -> None:
    with pytest.raises(TypeError, match="the journal is written by its engine only"):
        WRITES[write](model)


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
