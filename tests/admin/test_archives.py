"""Archives and replays in the admin."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from eventhub.flow import process
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.port import ReplayState
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Archive, Bus, Role, Rule
from tests.journal.conformance.test_archive import archived, new_event
from tests.people import browser_of, person

WINDOW = {"since": "2020-01-01T00:00:00", "until": "2100-01-01T00:00:00"}


@pytest.fixture
def running(journal: SqliteJournal) -> Iterator[SqliteJournal]:
    keeper = RulebookKeeper()
    keeper.refresh()
    process.install(process.Parts(journal, keeper))
    yield journal
    process.uninstall()


@pytest.fixture
def sales(running: SqliteJournal) -> Archive:
    archive = Archive.objects.create(name="sales", bus=Bus.objects.get(name="default"))
    archived(running, *(new_event() for _ in range(3)), archive_ids=(archive.pk,))
    return archive


def asked(archive: Archive, **members: Any) -> dict[str, Any]:
    return {"archive": archive.pk, "name": "again", "per_second": 100, **WINDOW, **members}


def test_an_archive_is_made_and_shows_what_it_holds(ann: Client, sales: Archive):
    made = {"name": "big", "bus": sales.bus_id, "pattern": '{"detail": {"n": [1]}}', "retention_days": 7}
    assert ann.post("/admin/eventhub/archive/add/", made).status_code == 302

    page = ann.get("/admin/eventhub/archive/").content.decode()

    assert "for ever" in page
    assert "7 days" in page
    assert '<td class="field-events">3</td>' in page
    asked = ann.get(f"/admin/eventhub/archive/{sales.pk}/delete/").content.decode()
    assert "3 events that it keeps go with it" in asked


def test_a_pattern_that_is_none_is_refused_at_the_field(ann: Client, sales: Archive):
    wrong = {"name": "big", "bus": sales.bus_id, "pattern": '{"a": []}', "retention_days": 7}
    response = ann.post("/admin/eventhub/archive/add/", wrong)

    assert list(response.context["adminform"].form.errors) == ["pattern"]


def test_a_replay_is_counted_then_begun_and_cancelled(ann: Client, running: SqliteJournal, sales: Archive):
    rule = Rule.objects.create(bus=sales.bus, name="late", pattern='{"source": ["shop"]}')
    page = ann.get(f"/admin/journal/replayrow/add/?archive={sales.pk}").content.decode()
    assert f'<option value="{sales.pk}" selected>' in page

    counted = ann.post("/admin/journal/replayrow/add/", asked(sales, count="Count only"))
    assert "<strong>3</strong> events would be put on the bus again." in counted.content.decode()
    assert running.replays_under_way() == []

    begun = ann.post(
        "/admin/journal/replayrow/add/", asked(sales, rules=[rule.pk], start="Replay"), follow=True
    )
    assert "Replay again puts 3 events on default." in begun.content.decode()
    (replay,) = running.replays_under_way()
    assert (replay.order.made_by, replay.order.rule_ids) == ("user:ann", (rule.pk,))
    page = ann.get(f"/admin/journal/replayrow/{replay.id}/change/").content.decode()
    assert "0 of 3" in page

    cancelled = ann.post(
        "/admin/journal/replayrow/", {"action": "cancel", "_selected_action": [replay.id]}, follow=True
    )
    assert "Cancelled: again." in cancelled.content.decode()
    assert running.replays_under_way()[0].state is ReplayState.CANCELLING


def test_what_is_wrong_with_a_replay_is_said_at_its_field(ann: Client, sales: Archive):
    elsewhere = Rule.objects.create(bus=Bus.objects.create(name="orders"), name="far", pattern='{"a": [1]}')
    turned = {"since": WINDOW["until"], "until": WINDOW["since"]}
    response = ann.post(
        "/admin/journal/replayrow/add/",
        asked(sales, name="a b", rules=[elsewhere.pk], per_second=0, start="Replay", **turned),
    )

    assert set(response.context["form"].errors) == {"name", "until", "rules", "per_second"}


def test_who_may_not_change_archives_begins_no_replay(sales: Archive, running: SqliteJournal):
    client = browser_of(person("guest", Role.VIEWER))

    response = client.post("/admin/journal/replayrow/add/", asked(sales, start="Replay"))

    assert response.status_code == 403
    assert running.replays_under_way() == []
