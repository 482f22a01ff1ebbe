"""The page of dead letters: filter, groups, and redrives that are counted before they start."""

import re
from collections.abc import Iterator

import pytest

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import OutcomeState, RedriveState, Selection
from eventhub.journal.rows import DeadLetterRow, RedriveRow
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Role, Rule, Target
from tests.dashboard.test_pages import signed_in, text_of
from tests.journal.build import now_us
from tests.live.world import World
from tests.people import browser_of, person


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    """Make a world with three dead letters of mail and two of books."""
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    bury(world, 3, (world.paid, world.mail))
    bury(world, 2, (world.all, world.books))
    yield world
    process.uninstall()


def bury(world: World, count: int, *matches: tuple[Rule, Target]) -> None:
    world.accept(count, detail_type="order.paid")
    world.route(*matches)
    world.settle(world.claim(), OutcomeState.DEAD)


def test_the_list_shows_what_passes_the_filter(world: World) -> None:
    client = signed_in()

    assert text_of(client, "/dead-letters").count('name="id"') == 5
    assert text_of(client, "/dead-letters?target=books&status=503").count('name="id"') == 2
    assert "No dead letter passes this filter" in text_of(client, "/dead-letters?reason_class=network")


def test_a_moment_of_the_browsers_own_field_is_taken_as_utc(world: World) -> None:
    client = signed_in()

    assert text_of(client, "/dead-letters?since=2020-01-01T00:00").count('name="id"') == 5
    assert 'value="2020-01-01T00:00"' in text_of(client, "/dead-letters?since=2020-01-01T00:00")
    assert "No dead letter passes" in text_of(client, "/dead-letters?until=2020-01-01T00:00")


def test_a_filter_that_cannot_be_says_so_and_shows_nothing(world: World) -> None:
    response = signed_in().get("/dead-letters?status=five")

    assert response.status_code == 400
    assert "status: wanted the status of an answer" in response.content.decode()
    assert 'name="id"' not in response.content.decode()


def test_groups_lead_to_their_letters_and_to_their_redrive(world: World) -> None:
    client = signed_in()
    text = text_of(client, "/dead-letters")

    queries = [
        query.replace("&amp;", "&")
        for query in re.findall(r'href="\?([^"]+)" title="Show these letters"', text)
    ]
    assert [text_of(client, f"/dead-letters?{query}").count('name="id"') for query in queries] == [3, 2]
    assert "Redrive 3 dead letters" in text_of(client, f"/dead-letters/redrive?{queries[0]}")
    assert text_of(client, "/dead-letters?by=error").count("Show these letters") == 1


def test_a_redrive_counts_first_and_tells_how_its_targets_fare(world: World) -> None:
    Target.objects.filter(pk=world.mail.pk).update(paused=True)

    text = text_of(signed_in(), "/dead-letters/redrive?target=mail")

    assert "Redrive 3 dead letters" in text
    assert "❚❚ paused" in text
    assert not RedriveRow.objects.exists()


def test_a_redrive_of_the_filter_starts_at_its_rate_and_shows_its_progress(world: World) -> None:
    client = signed_in()

    response = client.post("/dead-letters/redrive", {"target": "mail", "rate_per_second": "2.5"}, follow=True)

    text = response.content.decode()
    assert "Redriving 3 dead letters." in text
    assert "target mail" in text
    assert "2.5/s" in text
    made = RedriveRow.objects.get()
    assert (made.per_second, made.total, made.made_by) == (2.5, 3, "user:reader-True")


def test_single_letters_are_picked(world: World) -> None:
    client = signed_in()
    picked = list(DeadLetterRow.objects.values_list("seq", flat=True)[:2])
    query = "&".join(f"id={one}" for one in picked)

    assert "Redrive 2 dead letters" in text_of(client, f"/dead-letters/redrive?picked=yes&{query}")
    client.post("/dead-letters/redrive", {"id": picked, "rate_per_second": "10"})

    assert RedriveRow.objects.get().total == 2


def test_nothing_picked_is_not_everything(world: World) -> None:
    response = signed_in().get("/dead-letters/redrive?picked=yes", follow=True)

    assert "no dead letter is selected" in response.content.decode()


@pytest.mark.parametrize("rate", ["", "fast", "0", "nan", "1e9"])
def test_a_rate_that_cannot_be_starts_nothing(world: World, rate: str) -> None:
    response = signed_in().post("/dead-letters/redrive", {"rate_per_second": rate}, follow=True)

    assert "wanted a number from 0.1 to 10000" in response.content.decode()
    assert not RedriveRow.objects.exists()


def test_a_redrive_is_paused_resumed_and_cancelled(world: World) -> None:
    client = signed_in()
    client.post("/dead-letters/redrive", {"rate_per_second": "10"})
    number = RedriveRow.objects.get().id

    for action, said in [("pause", "❚❚ paused"), ("resume", "▶ running"), ("cancel", "⊘ cancelled")]:
        response = client.post(f"/dead-letters/redrives/{number}/{action}", follow=True)
        assert said in response.content.decode()
    refused = client.post(f"/dead-letters/redrives/{number}/resume", follow=True)
    assert "the redrive ended, or changed meanwhile" in refused.content.decode()
    assert client.post(f"/dead-letters/redrives/{number}/explode").status_code == 404
    assert client.post(f"/dead-letters/redrives/{number + 1}/pause").status_code == 404


def test_redriven_letters_are_shown_when_asked_for(world: World) -> None:
    client = signed_in()
    client.post("/dead-letters/redrive", {"target": "books", "rate_per_second": "100"})
    world.journal.redrive(RedriveRow.objects.get().id, limit=10, now=now_us(), refusal=lambda _letter: "")

    assert text_of(client, "/dead-letters").count('name="id"') == 3
    assert text_of(client, "/dead-letters?show=redriven").count("↻ redriven") == 2
    assert "<b>2</b> of 2 on their way again" in text_of(client, "/dead-letters/redrives")


def test_who_only_reads_redrives_nothing(world: World) -> None:
    client = signed_in(staff=False)
    made = world.journal.start_redrive(Selection(), per_second=1, now=now_us(), who="user:ada")

    text = text_of(client, "/dead-letters")
    for response in (
        client.get("/dead-letters/redrive"),
        client.post("/dead-letters/redrive", {"rate_per_second": "10"}),
        client.post(f"/dead-letters/redrives/{made.id}/cancel"),
    ):
        assert response.status_code == 403
    assert "/dead-letters/redrive?" not in text
    assert 'name="id"' not in text
    assert [one.state for one in world.journal.running_redrives()] == [RedriveState.RUNNING]


def test_redriving_needs_a_token_against_forgery(world: World) -> None:
    client = browser_of(person("ada", Role.EDITOR), enforce_csrf_checks=True)

    assert client.post("/dead-letters/redrive", {"rate_per_second": "10"}).status_code == 403
    assert client.post("/dead-letters/redrives/1/pause").status_code == 403
