"""Putting one event on its bus again, for chosen rules and targets."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.test import Client

from eventhub.flow import process
from eventhub.flow.indexes import Indexes
from eventhub.flow.matches import routing_of
from eventhub.flow.process import Parts
from eventhub.journal.port import OutcomeState
from eventhub.journal.rows import EventRow
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import AuditEntry, Role
from tests.dashboard.test_pages import signed_in, text_of
from tests.live.world import World
from tests.people import browser_of, person


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


def delivered(world: World) -> UUID:
    (event_id,) = world.accept(source="shop", key="order-7")
    world.route((world.paid, world.mail), (world.all, world.mail), (world.all, world.books))
    world.deliver()
    return event_id


def replay(event_id: UUID, *chosen: str, client: Client | None = None) -> UUID:
    answer = (client or signed_in()).post(f"/events/{event_id}/replay", {"to": chosen})
    assert answer.status_code == 302, answer.content
    return UUID(answer.headers["Location"].rpartition("/")[2])


def test_the_page_counts_what_would_be_delivered_and_does_nothing(world: World) -> None:
    event_id = delivered(world)

    text = text_of(signed_in(), f"/events/{event_id}/replay")

    assert "Nothing has been done yet" in text
    assert text.count('name="to"') == 3
    assert text.count(" checked") == 3
    assert "2 of 2 rules of the bus would match" in text
    assert EventRow.objects.count() == 1


def test_one_delivery_is_chosen_alone(world: World) -> None:
    event_id = delivered(world)

    text = text_of(signed_in(), f"/events/{event_id}/replay?delivery=2")

    assert text.count(" checked") == 1
    assert f'value="{world.all.pk}:{world.mail.pk}" checked' in text


def test_a_replayed_event_is_seen_by_what_was_chosen_alone(world: World) -> None:
    event_id = delivered(world)

    made = replay(event_id, f"{world.all.pk}:{world.books.pk}")

    row = EventRow.objects.get(id=made)
    assert (row.cause_id, row.who, row.key) == (event_id, "replay:by-hand", None)
    cursor = world.journal.cursor(world.default.pk, holder="test", lease_seconds=60)
    assert cursor is not None
    [stored] = world.journal.read(world.default.pk, cursor, 10)
    routing = routing_of(stored, world.keeper.refresh(), Indexes())
    assert [(one.rule, one.target, one.state) for one in routing.deliveries] == [
        ("all", "books", OutcomeState.PENDING)
    ]


def test_the_new_event_tells_where_it_comes_from(world: World) -> None:
    event_id = delivered(world)
    made = replay(event_id, f"{world.paid.pk}:{world.mail.pk}")

    text = text_of(signed_in(), f"/events/{made}")

    assert "replay by-hand, user:reader-True" in text
    assert f'<li class="cause"><a href="/events/{event_id}">' in text
    assert f'href="/events/{made}"' in text_of(signed_in(), f"/events/{event_id}")
    assert "replay-targets" not in text


def test_a_replay_is_in_the_audit_trail(world: World) -> None:
    event_id = delivered(world)
    made = replay(event_id, f"{world.paid.pk}:{world.mail.pk}")

    entry = AuditEntry.objects.get(kind="event", action="replayed")

    assert (entry.object_id, entry.bus_id) == (str(made), world.default.pk)
    assert entry.after == {"event": str(event_id), "deliveries": ["paid → mail"]}


@pytest.mark.parametrize("chosen", [(), ("x:1",), ("999:1",), ("1:999",)])
def test_what_cannot_be_replayed_puts_nothing(world: World, chosen: tuple[str, ...]) -> None:
    event_id = delivered(world)

    answer = signed_in().post(f"/events/{event_id}/replay", {"to": chosen}, follow=True)

    assert "Not done: " in answer.content.decode()
    assert EventRow.objects.count() == 1


def test_only_editors_replay(world: World) -> None:
    event_id = delivered(world)
    viewer = browser_of(person("vera", Role.VIEWER))

    assert viewer.get(f"/events/{event_id}/replay").status_code == 403
    assert viewer.post(f"/events/{event_id}/replay", {"to": "1:1"}).status_code == 403
    assert "/replay" not in text_of(viewer, f"/events/{event_id}")
    assert "/replay" in text_of(browser_of(person("eddy", Role.EDITOR)), f"/events/{event_id}")


def test_a_replay_needs_a_token_against_forgery(world: World) -> None:
    event_id = delivered(world)
    client = browser_of(person("eddy", Role.EDITOR), enforce_csrf_checks=True)

    assert client.post(f"/events/{event_id}/replay", {"to": "1:1"}).status_code == 403


def test_an_event_that_no_rule_matches_today_says_so(world: World) -> None:
    (event_id,) = world.accept(source="elsewhere")
    world.route()

    text = text_of(signed_in(), f"/events/{event_id}/replay")

    assert "Nothing would be delivered" in text
    assert "No rule of default matches it today." in text


def test_a_rule_in_shadow_mode_is_not_offered(world: World) -> None:
    event_id = delivered(world)
    world.paid.shadow = True
    world.paid.save()

    text = text_of(signed_in(), f"/events/{event_id}/replay")

    assert f'value="{world.paid.pk}:{world.mail.pk}"' not in text
    assert text.count('name="to"') == 2
    assert "◇ shadow" in text_of(signed_in(), f"/events/{event_id}?rules=now")
