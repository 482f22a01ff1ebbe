"""The channel of one event."""

from uuid import uuid4

import pytest

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import READ_SCOPES
from eventhub.journal.port import OutcomeState
from eventhub.live.hub import Hub
from tests.live.clock import Clock
from tests.live.watcher import Watcher
from tests.live.world import World

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True, databases=["default", "journal"])]


async def test_every_change_of_the_event_is_pushed(world: World, hub: Hub, clock: Clock) -> None:
    event = world.accept(3)[0]
    watcher = Watcher(hub)
    await watcher.greet()
    page = await watcher.subscribe(1, "event", ev=event)
    assert page.event is not None
    assert (page.event["state"], page.event["deliveries"]) == ("pending", [])

    world.route((world.paid, world.mail))
    clock.move(0.1)
    await hub.beat()
    assert (page.event["matched"], page.event["of"]) == (1, 1)

    world.settle(world.claim(), OutcomeState.PENDING)
    clock.move(0.1)
    await hub.beat()
    assert page.event["state"] == "retrying"
    delivery = page.event["deliveries"][0]
    assert delivery[1:] == [world.paid.pk, world.mail.pk, "pending", 1, 503, "receiver answered 503"]

    world.deliver()
    clock.move(0.1)
    await hub.beat()
    assert (page.event["state"], page.event["delivered"]) == ("delivered", 1)
    assert page.event["ms"] > 0


async def test_an_event_of_yesterday_shows_what_became_of_it(world: World, hub: Hub) -> None:
    event = world.accept(1)[0]
    world.route((world.paid, world.mail))
    world.settle(world.claim(), OutcomeState.DEAD)
    world.accept(100)
    watcher = Watcher(hub)
    await watcher.greet()

    page = await watcher.subscribe(1, "event", ev=event)

    assert page.event is not None
    assert (page.event["id"], page.event["state"]) == (str(event), "dead")
    assert page.event["deliveries"][0][5:] == [503, "receiver answered 503"]


async def test_an_event_that_is_not_there_is_refused(world: World, hub: Hub) -> None:
    watcher = Watcher(hub)
    await watcher.greet()

    assert (await watcher.refused("event", ev=uuid4())).code == "unknown-event"


async def test_an_event_of_a_bus_that_the_key_may_not_watch_looks_unknown(world: World, hub: Hub) -> None:
    event = world.accept(1)[0]
    key = Caller(CallerKind.KEY, "K", READ_SCOPES, frozenset({world.other.pk}))
    watcher = Watcher(hub, key)
    await watcher.greet()

    assert (await watcher.refused("event", ev=event)).code == "unknown-event"
    assert (await watcher.refused("flow", bus="default")).code == "unknown-bus"
    assert (await watcher.refused("rows", bus="default")).code == "unknown-bus"
    await watcher.subscribe(1, "flow", bus="other")
