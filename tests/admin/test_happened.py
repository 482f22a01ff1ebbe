"""The journal in the admin."""

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from eventhub.journal.rows import DeadLetterRow
from eventhub.journal.sqlite import SqliteJournal
from tests.journal.build import claim, dead, new_delivery, new_event, route

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

    assert f'href="/events/{wanted.id}"' in page
    assert str(other.id) not in page
    assert ann.get("/admin/journal/eventrow/", {"q": "no id"}).status_code == 200


def test_an_event_is_shown_read_only(journal: SqliteJournal, ann: Client) -> None:
    journal.append([new_event(detail=b'{"order": 77}')]).result(timeout=5)

    page = ann.get("/admin/journal/eventrow/1/change/").content.decode()

    assert "order&quot;: 77" in page
    assert 'name="_save"' not in page


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("asked", [{}, {"bus": "1"}, {"q": "01a2231f-6d11-7b64-9075-824e59c74aa9"}])
def test_no_page_of_the_journal_counts(
    journal: SqliteJournal, ann: Client, table: str, asked: dict[str, str]
) -> None:
    journal.append([new_event()]).result(timeout=5)

    with CaptureQueriesContext(connections["journal"]) as queries:
        assert ann.get(f"/admin/journal/{table}/", asked).status_code == 200

    assert queries.captured_queries
    assert not [query["sql"] for query in queries if "COUNT" in query["sql"]]


def test_older_rows_follow_where_the_page_ended_whatever_arrived_meanwhile(
    journal: SqliteJournal, ann: Client
) -> None:
    events = [new_event() for _ in range(60)]
    journal.append(events).result(timeout=5)
    first = ann.get("/admin/journal/eventrow/").context["cl"]
    journal.append([new_event() for _ in range(5)]).result(timeout=5)

    second = ann.get(f"/admin/journal/eventrow/{first.older_query}").context["cl"]

    shown = [row.id for row in [*first.result_list, *second.result_list]]
    assert shown == [event.id for event in reversed(events)]
    assert (second.older_query, second.newest_query) == ("", "?")


def test_a_position_that_is_none_leads_to_the_newest(journal: SqliteJournal, ann: Client) -> None:
    answer = ann.get("/admin/journal/eventrow/", {"p": "nowhere"}, follow=True)

    assert answer.status_code == 200


def test_an_event_leads_to_its_journey(journal: SqliteJournal, ann: Client) -> None:
    event = new_event()
    journal.append([event]).result(timeout=5)

    assert f'href="/events/{event.id}"' in ann.get("/admin/journal/eventrow/1/change/").content.decode()


def test_chosen_dead_letters_are_redriven_on_their_page(journal: SqliteJournal, ann: Client) -> None:
    letters = [dead_letter(journal) for _ in range(2)]

    answer = ann.post(
        "/admin/journal/deadletterrow/",
        {"action": "redrive", "_selected_action": [str(one) for one in letters]},
    )

    assert answer["Location"] == f"/dead-letters/redrive?id={letters[1]}&id={letters[0]}"


def dead_letter(journal: SqliteJournal) -> int:
    """Let one delivery be given up; return the letter's number."""
    journal.append([new_event()]).result(timeout=5)
    route(journal, new_delivery())
    (claimed,) = claim(journal, limit=1)
    journal.settle([dead(claimed)])
    newest = DeadLetterRow.objects.order_by("-seq").first()
    assert newest is not None
    return newest.seq
