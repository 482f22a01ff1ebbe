"""Archives made and replayed from the pages: counted first, begun, followed, cancelled, by whom it may be."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from eventhub.flow import archives, process
from eventhub.flow.process import Parts
from eventhub.flow.replay_form import ReplayForm
from eventhub.journal.port import ReplayState
from eventhub.journal.rows import ReplayRow
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Archive, AuditEntry, Role, Rule
from tests.live.world import World
from tests.people import browser_of, person

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


@pytest.fixture
def archive(world: World) -> Archive:
    """Make an archive that keeps three events."""
    archive = Archive.objects.create(bus=world.default, name="all-of-it")
    world.accept(3)
    world.route(archive_ids=[archive.pk])
    return archive


@pytest.fixture
def client() -> Client:
    return browser_of(person("ed", Role.EDITOR))


def asked(archive: Archive, **changed: Any) -> dict[str, Any]:
    """Return what the form of a replay of the last hour says."""
    now = datetime.now(tz=UTC)
    given = {
        "archive": archive.pk,
        "name": "again",
        "since": f"{now - AN_HOUR:%Y-%m-%dT%H:%M:%S}",
        "until": f"{now + AN_HOUR:%Y-%m-%dT%H:%M:%S}",
        "per_second": "100",
        "do": "count",
    }
    return given | changed


def words_of(response: Any) -> str:
    content = response.content.decode().partition('id="content"')[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())


def test_a_replay_is_counted_before_anything_is_done(archive: Archive, client: Client) -> None:
    said = words_of(client.post("/replays/new", asked(archive)))

    assert "3 events of the 3 that it holds would be put again, in about 30 ms" in said
    assert "The window ends later than now" in said
    assert "Seen by all, paid" in said
    assert "Delivered to books, mail where these rules match: a second time" in said
    assert not ReplayRow.objects.exists()


def test_the_count_is_of_the_window_and_of_the_rules_that_were_chosen(
    archive: Archive, world: World, client: Client
) -> None:
    early = f"{datetime.now(tz=UTC) - 2 * AN_HOUR:%Y-%m-%dT%H:%M:%S}"
    before = asked(archive, since=early, until=asked(archive)["since"], rules=[world.paid.pk])

    said = words_of(client.post("/replays/new", before))

    assert "0 events of the 3 that it holds" in said
    assert "Seen by paid Delivered to mail" in said


def test_a_replay_is_begun_followed_and_cancelled(archive: Archive, client: Client) -> None:
    response = client.post("/replays/new", asked(archive, do="start"))

    assert (response.status_code, response.headers["Location"]) == (302, "/buses/default#replays")
    row = ReplayRow.objects.get(name="again")
    assert (row.total, row.per_second, row.made_by) == (3, 100.0, "user:ed")
    assert AuditEntry.objects.filter(kind="replay", action="started").exists()
    said = words_of(client.get("/buses/default"))
    assert "again ◌ starting" in said
    assert "0 put on the bus again; the archive still takes more of its window · 100/s" in said

    assert client.post(f"/replays/{row.id}/cancel").status_code == 302
    assert ReplayRow.objects.get(name="again").state == ReplayState.CANCELLING
    assert "again ◌ being cancelled" in words_of(client.get("/buses/default"))
    assert "Cancel" not in words_of(client.get("/buses/default"))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"name": "with blanks"}, "wanted 1 to 64 letters"),
        ({"until": "2020-01-01T00:00"}, "wanted a moment after the one above"),
        ({"per_second": "0"}, "greater than or equal to 0.1"),
        ({"since": "yesterday"}, "Enter a valid date/time"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    archive: Archive, client: Client, changed: dict[str, str], why: str
) -> None:
    response = client.post("/replays/new", asked(archive, do="start", **changed))

    assert response.status_code == 400
    assert why in words_of(response)
    assert not ReplayRow.objects.exists()


def test_a_name_that_another_replay_took_meanwhile_is_refused(
    archive: Archive, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(_form: ReplayForm, _journal: object, *, who: str) -> None:
        raise archives.ReplayExistsError("again")

    monkeypatch.setattr(ReplayForm, "start", started)

    response = client.post("/replays/new", asked(archive, do="start"))

    assert response.status_code == 400
    assert "there is a replay named again" in words_of(response)


def test_rules_of_other_buses_are_not_offered(archive: Archive, world: World, client: Client) -> None:
    theirs = Rule.objects.create(bus=world.other, name="theirs", pattern='{"source": ["x"]}')

    page = client.get(f"/replays/new?archive={archive.pk}").content.decode()
    refused = client.post("/replays/new", asked(archive, do="start", rules=[theirs.pk]))

    assert f'<option value="{world.paid.pk}">paid</option>' in page
    assert "theirs" not in page
    assert refused.status_code == 400


def test_a_viewer_sees_archives_and_replays_and_begins_none(archive: Archive, world: World) -> None:
    browser_of(person("ed", Role.EDITOR)).post("/replays/new", asked(archive, do="start"))
    vera = browser_of(person("vera", Role.VIEWER))
    row = ReplayRow.objects.get(name="again")

    said = words_of(vera.get("/buses/default"))

    assert re.search(r"all-of-it Every event\. 3 \S+\s\w+ ever", said)
    assert "again ◌ starting" in said
    assert "Replay…" not in said
    assert "New archive" not in said
    assert "Cancel" not in said
    assert vera.get(f"/replays/new?archive={archive.pk}").status_code == 403
    assert vera.post("/replays/new", asked(archive, do="start", name="more")).status_code == 403
    assert vera.post(f"/replays/{row.id}/cancel").status_code == 403
    assert vera.get("/archives/new?bus=default").status_code == 403


def test_an_editor_of_another_bus_finds_neither_archive_nor_replay(archive: Archive, world: World) -> None:
    browser_of(person("ed", Role.EDITOR)).post("/replays/new", asked(archive, do="start"))
    other = browser_of(person("otto", Role.EDITOR, world.other))

    assert other.get(f"/replays/new?archive={archive.pk}").status_code == 404
    assert other.post(f"/replays/{ReplayRow.objects.get(name='again').id}/cancel").status_code == 404
    assert other.get("/archives/new?bus=default").status_code == 404


def test_an_editor_makes_an_archive(world: World, client: Client) -> None:
    given = {"name": "orders", "pattern": '{"source": ["shop"]}', "retention_days": "30"}

    response = client.post("/archives/new?bus=default", given)

    assert (response.status_code, response.headers["Location"]) == (302, "/buses/default#archives")
    made = Archive.objects.get(name="orders")
    assert (made.bus, made.retention_days) == (world.default, 30)
    assert world.keeper.refresh().archives[world.default.pk][0].id == made.pk
    assert 'orders Events from "shop". 0' in words_of(client.get("/buses/default"))


def test_an_archive_that_cannot_be_is_refused_at_its_field(world: World, client: Client) -> None:
    response = client.post(
        "/archives/new?bus=default", {"name": "a b", "pattern": '{"source": "shop"}', "retention_days": "1"}
    )

    assert response.status_code == 400
    assert "wanted 1 to 48 letters" in words_of(response)
    assert "source: " in words_of(response)
    assert not Archive.objects.exists()
