"""Events with many deliveries and attempts: rows in chunks, bodies when they are opened."""

import json
from collections.abc import Iterator

import pytest

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import OutcomeState
from eventhub.journal.rows import AttemptRow, OutcomeRow
from eventhub.journal.sqlite import SqliteJournal
from tests.dashboard.test_pages import signed_in, text_of
from tests.live.world import World


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


def test_rows_come_in_chunks_with_an_overview(world: World) -> None:
    (event_id,) = world.accept()
    world.route(*[(world.paid, world.mail)] * 230)
    while world.deliver():
        pass
    client = signed_in()

    text = text_of(client, f"/events/{event_id}")

    assert text.count('class="leg"') == 100
    assert f'data-src="/events/{event_id}/rows?from=200"' in text
    assert "Deliveries 201 to 230" in text
    assert 'id="minimap"' in text
    assert text_of(client, f"/events/{event_id}/rows?from=200").count('class="leg"') == 30
    assert len(json.loads(text_of(client, f"/events/{event_id}/overview"))["lanes"]) == 230


def test_a_delivery_beyond_the_first_is_filled_when_it_is_opened(world: World) -> None:
    (event_id,) = world.accept()
    world.route(*[(world.paid, world.mail)] * 130)
    while world.deliver():
        pass
    client = signed_in()
    last = OutcomeRow.objects.latest("seq").seq

    assert f'id="attempt-{last}-1"' not in text_of(client, f"/events/{event_id}?from=100")
    opened = text_of(client, f"/events/{event_id}?delivery={last}")
    assert f'id="attempt-{last}-1"' in opened
    assert opened.count('class="leg"') == 30  # the chunk that it is in
    assert f'id="attempt-{last}-1"' in text_of(client, f"/events/{event_id}/deliveries/{last}")


def test_many_attempts_of_one_delivery_come_in_chunks(world: World) -> None:
    (event_id,) = world.accept()
    world.route((world.paid, world.mail))
    for _ in range(120):
        world.settle(world.claim(), OutcomeState.PENDING)
    client = signed_in()
    seq = OutcomeRow.objects.get().seq

    text = text_of(client, f"/events/{event_id}")

    assert text.count('class="attempt"') == 20  # the last chunk
    assert "Attempts 1 to 50" in text
    assert text_of(client, f"/events/{event_id}/deliveries/{seq}?from=51").count('class="attempt"') == 50
    assert text_of(client, f"/events/{event_id}?attempt={seq}.3").count('class="attempt"') == 70


def test_an_attempt_is_linked_and_its_exchange_comes_when_it_is_opened(world: World) -> None:
    (event_id,) = world.accept()
    world.route((world.paid, world.mail))
    for _ in range(14):
        world.settle(
            world.claim(),
            OutcomeState.PENDING,
            request={"method": "POST", "url": "http://mail.example.com/in"},
        )
    client = signed_in()
    attempt = AttemptRow.objects.get(number=2)

    plain = text_of(client, f"/events/{event_id}")
    linked = text_of(client, f"/events/{event_id}?attempt={attempt.delivery_id}.2")

    assert "POST http://mail.example.com/in" not in plain
    assert linked.count("POST http://mail.example.com/in") == 1
    place = f'id="attempt-{attempt.delivery_id}-2"'
    assert " open>" in linked.partition(place)[2].partition("<summary")[0]
    exchange = text_of(client, f"/events/{event_id}/deliveries/{attempt.delivery_id}/2")
    assert "POST http://mail.example.com/in" in exchange
    assert client.get(f"/events/{event_id}/deliveries/{attempt.delivery_id}/99").status_code == 404
    assert client.get(f"/events/{event_id}/deliveries/999").status_code == 404


def test_a_large_payload_is_shown_once_a_tab_and_without_colours(world: World) -> None:
    (event_id,) = world.accept(detail=b'{"text": "' + b"x" * 250_000 + b'"}')
    world.route((world.paid, world.mail))
    while world.deliver():
        pass

    text = text_of(signed_in(), f"/events/{event_id}")

    assert "j-string" not in text
    assert len(text) < 2.2 * 250_000 + 100_000
