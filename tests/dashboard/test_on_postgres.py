"""Dead letters and deliveries on PostgreSQL, whose tables are not those of the embedded engine."""

from collections.abc import Iterator

import pytest

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import OutcomeState
from eventhub.journal.postgres import PostgresJournal
from eventhub.journal.queued import pending_by_bus, pending_on
from tests.dashboard.test_dead_letters import bury
from tests.dashboard.test_event_page import route_in_order
from tests.dashboard.test_pages import signed_in, text_of
from tests.live.conftest import postgres_journal as postgres_journal  # noqa: PLC0414 - a fixture
from tests.live.world import World

pytestmark = pytest.mark.whole


@pytest.fixture
def world(postgres_journal: PostgresJournal) -> Iterator[World]:
    world = World(postgres_journal)
    process.install(Parts(postgres_journal, world.keeper))
    yield world
    process.uninstall()


def test_dead_letters_are_grouped_counted_and_redriven(world: World) -> None:
    bury(world, 3, (world.paid, world.mail))
    bury(world, 2, (world.all, world.books))
    client = signed_in()

    text = text_of(client, "/dead-letters?bus=default&status=503&since=2020-01-01T00:00")
    assert (text.count('name="id"'), text.count("Show these letters")) == (5, 2)
    assert "Redrive 3 dead letters" in text_of(client, "/dead-letters/redrive?target=mail")
    client.post("/dead-letters/redrive", {"target": "mail", "rate_per_second": "10"})
    assert "<b>0</b> of 3 on their way again" in text_of(client, "/dead-letters/redrives")


def test_a_blocked_delivery_leads_to_the_head_of_its_key(world: World) -> None:
    (head,) = world.accept()
    route_in_order(world)
    world.settle(world.claim(), OutcomeState.PENDING)
    (behind,) = world.accept()
    route_in_order(world)

    text = text_of(signed_in(), f"/events/{behind}")

    assert "It is blocked: an earlier delivery of its key goes first" in text
    assert f'href="/events/{head}#delivery-' in text


def test_pending_deliveries_are_counted_by_bus(world: World) -> None:
    world.accept()
    route_in_order(world)

    assert pending_on(world.mail.pk, [world.default.pk])[0] == 1
    assert pending_on(world.mail.pk, [world.default.pk + 1]) == (0, None)


def test_an_events_whole_page_is_read_and_the_event_replayed(world: World) -> None:
    (cause,) = world.accept(detail_type="cron.tick", source="shop")
    (event_id,) = world.accept(detail_type="order.paid", source="shop", cause_id=cause)
    world.accept(60, detail_type="line.made", cause_id=event_id)
    world.route((world.paid, world.mail))
    while world.settle(world.claim(), OutcomeState.DEAD):
        pass
    client = signed_in()

    text = text_of(client, f"/events/{event_id}?rules=now&delivery=2&attempt=2.1")

    assert "is a dead letter" in text
    assert "cron.tick" in text
    assert "×60 on default" in text
    assert "2 rules matched" not in text
    assert text_of(client, f"/events/{event_id}/why/{world.paid.pk}")
    answer = client.post(f"/events/{event_id}/replay", {"to": f"{world.paid.pk}:{world.mail.pk}"})
    assert "replay by-hand" in text_of(client, answer.headers["Location"])


def test_the_pages_of_buses_and_sources_are_shown(world: World) -> None:
    first, *_ = world.accept(2, source="shop", detail_type="order.paid", who="user:ann")
    world.route((world.paid, world.mail))
    world.accept(1, source="till", detail_type="lost")
    world.route()
    while (rolled := world.journal.roll_up()) is not None and rolled.more:
        pass
    client = signed_in()

    buses, bus = text_of(client, "/buses"), text_of(client, "/buses/default")
    sources = text_of(client, "/sources")

    assert pending_by_bus()[world.default.pk][0] == 2
    assert "⌀ 33 %" in buses
    assert f'<a href="/events/{first}">order.paid</a>' in bus  # which goes next
    assert "3 events in the last hour, 1 without a rule" in bus
    assert "✦ new" in bus
    assert "2 sources" in sources
    assert "user:ann" in sources
