"""The journal in the admin."""

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from eventhub.journal.sqlite import SqliteJournal
from tests.journal.build import new_event

TABLES = ["eventrow", "outcomerow", "attemptrow", "deadletterrow"]


@pytest.mark.parametrize("table", TABLES)
def test_the_journal_can_be_looked_through(journal: SqliteJournal, ann: Client, table: str) -> None:
    assert ann.get(f"/admin/journal/{table}/").status_code == 200


@pytest.mark.parametrize("table", TABLES)
def test_the_journal_cannot_be_changed(journal: SqliteJournal, ann: Client, table: str) -> None:
    journal.append([new_event()]).result(timeout=5)

    assert ann.get(f"/admin/journal/{table}/add/").status_code == 403
    assert ann.post(f"/admin/journal/{table}/1/delete/", {"post": "yes"}).status_code in {302, 403}
    assert "delete_selected" not in ann.get(f"/admin/journal/{table}/").content.decode()


def test_an_event_is_found_by_its_id_and_leads_to_its_page(journal: SqliteJournal, ann: Client) -> None:
    wanted, other = new_event(), new_event()
    journal.append([wanted, other]).result(timeout=5)

    page = ann.get("/admin/journal/eventrow/", {"q": str(wanted.id)}).content.decode()

    assert f'<a href="/events/{wanted.id}">' in page
    assert str(other.id) not in page
    assert ann.get("/admin/journal/eventrow/", {"q": "no id"}).status_code == 200


def test_an_event_is_shown_read_only(journal: SqliteJournal, ann: Client) -> None:
    journal.append([new_event(detail=b'{"order": 77}')]).result(timeout=5)

    page = ann.get("/admin/journal/eventrow/1/change/").content.decode()

    assert "order&quot;: 77" in page
    assert 'name="_save"' not in page


def test_a_page_of_the_journal_does_not_count_all_of_it(journal: SqliteJournal, ann: Client) -> None:
    with CaptureQueriesContext(connections["journal"]) as queries:
        ann.get("/admin/journal/eventrow/")

    counts = [query["sql"] for query in queries if "COUNT" in query["sql"]]
    assert counts
    assert all("LIMIT 10000" in sql for sql in counts)
