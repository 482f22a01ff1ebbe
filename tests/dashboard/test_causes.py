"""What an event came of, and what came of it."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import READ_SCOPES
from eventhub.dashboard.event.causes import causes_of
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.rows import EventRow
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Role
from tests.dashboard.test_pages import signed_in, text_of
from tests.live.world import World
from tests.people import browser_of, person

EVERYBODY = Caller(CallerKind.COMMAND, "test", READ_SCOPES)


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


def one(world: World, detail_type: str, cause: UUID | None = None, **members: object) -> UUID:
    (event_id,) = world.accept(detail_type=detail_type, cause_id=cause, **members)
    return event_id


def test_the_chain_back_and_the_effects_are_shown(world: World) -> None:
    first = one(world, "cron.tick")
    second = one(world, "import.done", first)
    this = one(world, "order.paid", second)
    for kind in ("mail.queued", "fraud.scored"):
        one(world, kind, this)

    text = text_of(signed_in(), f"/events/{this}")

    strip = text.partition('<ol class="strip">')[2].partition("</section>")[0]
    places = [
        strip.index(kind) for kind in ("cron.tick", "import.done", "order.paid", "mail.queued", "fraud")
    ]
    assert places == sorted(places)


def test_an_event_without_causes_has_no_strip(world: World) -> None:
    assert "Causation" not in text_of(signed_in(), f"/events/{one(world, 'order.paid')}")


def test_many_effects_are_grouped_by_type(world: World) -> None:
    this = one(world, "order.paid")
    world.accept(60, detail_type="line.made", cause_id=this)
    world.accept(5, detail_type="mail.queued", cause_id=this)

    found = causes_of(EventRow.objects.get(id=this), EVERYBODY)

    assert [(group.detail_type, group.count) for group in found.groups] == [
        ("line.made", 60),
        ("mail.queued", 5),
    ]
    assert found.children == []
    assert "×60 on default" in text_of(signed_in(), f"/events/{this}")


def test_a_cause_that_is_not_kept_any_more_is_said(world: World) -> None:
    assert "an event that is not kept any more" in text_of(signed_in(), f"/events/{one(world, 'x', uuid4())}")


def test_a_cause_on_a_bus_that_is_not_seen_is_not_told(world: World) -> None:
    hidden = one(world, "secret.type", bus_id=world.other.pk, bus="other")
    this = one(world, "order.paid", hidden)

    text = text_of(browser_of(person("vera", Role.VIEWER, world.default)), f"/events/{this}")

    assert "secret.type" not in text
    assert "or not on your buses" in text


def test_a_producers_own_id_leads_to_its_event(world: World) -> None:
    cause = one(world, "order.paid", key="W-17")
    this = one(world, "mail.queued", attributes=b'{"causationid":"W-17","correlationid":"c-1"}')
    stray = one(world, "mail.queued", attributes=b'{"causationid":"nobody"}')

    found = causes_of(EventRow.objects.get(id=this), EVERYBODY)

    assert [row.id for row in found.ancestors] == [cause]
    assert found.correlation == "c-1"
    assert causes_of(EventRow.objects.get(id=stray), EVERYBODY).said == "nobody"


def test_a_circle_ends(world: World) -> None:
    (first,) = world.accept(detail_type="a")
    this = one(world, "b", first)
    found = causes_of(EventRow.objects.get(id=this), EVERYBODY)

    assert len(found.ancestors) == 1
