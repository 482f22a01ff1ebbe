"""Lists on PostgreSQL, while several transactions write at once."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connections
from django.http import HttpRequest
from psycopg.conninfo import conninfo_to_dict
from pytest_django import DjangoDbBlocker
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from eventhub.api.rest.pagination import PositionPagination
from eventhub.journal.postgres import PostgresJournal
from eventhub.journal.rows import EventRow
from tests.journal.build import new_event

ALIAS = "postgres-of-test"


@pytest.fixture
def journal_on_postgres(postgres_dsn: str, django_db_blocker: DjangoDbBlocker) -> Iterator[PostgresJournal]:
    journal = PostgresJournal(postgres_dsn)
    journal.migrate()
    journal.open()
    named = conninfo_to_dict(postgres_dsn)
    connections.databases[ALIAS] = connections.databases["default"] | {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": named["dbname"],
        "HOST": named["host"],
        "PORT": named.get("port", ""),
        "USER": named["user"],
        "OPTIONS": {},
    }
    with django_db_blocker.unblock():
        yield journal
        connections[ALIAS].close()
        del connections[ALIAS]
    del connections.databases[ALIAS]
    journal.close()


def page(path: str) -> tuple[list[str], str | None]:
    request: HttpRequest = APIRequestFactory().get(path)
    paginator = PositionPagination()
    rows = paginator.paginate_queryset(EventRow.objects.using(ALIAS), Request(request))
    return [str(row.id) for row in rows], paginator.next


def test_pages_and_followers_see_each_event_once(journal_on_postgres: PostgresJournal) -> None:
    journal = journal_on_postgres
    appended = [str(journal.append([new_event()]).result(timeout=10)[0].id) for _ in range(7)]

    path, seen = "/api/events?limit=3", []
    while path:
        ids, following = page(path)
        seen += ids
        journal.append([new_event()]).result(timeout=10)
        path = following or ""

    assert seen == appended[::-1]


def test_what_a_running_transaction_may_still_precede_is_not_shown(
    journal_on_postgres: PostgresJournal, postgres_dsn: str
) -> None:
    journal = journal_on_postgres
    first = str(journal.append([new_event()]).result(timeout=10)[0].id)
    with psycopg.connect(postgres_dsn) as slow:
        slow.execute("SELECT pg_current_xact_id()")  # a writer that began before the next event
        second = str(journal.append([new_event()]).result(timeout=10)[0].id)
        held, _ = page("/api/events")
    then, _ = page("/api/events")

    assert held == [first]
    assert then == [second, first]
