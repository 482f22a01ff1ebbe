"""States of nodes beyond counts: circuits, slowness, and what was active before the window."""

import asyncio
import time
from collections.abc import Mapping

import pytest
from django.db import connections
from pytest_django import Settings

from eventhub.journal.port import Circuit, Limits, OutcomeState
from eventhub.live.hub import Hub
from eventhub.live.lately import read_lately
from tests.journal.build import now_us
from tests.live.clock import Clock
from tests.live.page import Page
from tests.live.test_equation import assert_equal, fresh
from tests.live.watcher import Watcher
from tests.live.world import World

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.django_db(transaction=True, databases=["default", "journal"]),
    pytest.mark.parametrize("engine", ["sqlite", "postgres"]),
]


async def watched(hub: Hub) -> Page:
    watcher = Watcher(hub)
    await watcher.greet()
    return await watcher.subscribe(1, "flow")


async def test_an_open_circuit_is_a_state_that_ends_half_open(world: World, hub: Hub, clock: Clock) -> None:
    flow = await watched(hub)
    world.accept(3)
    world.route((world.paid, world.mail))
    limits: Mapping[int, Limits] = {world.mail.pk: Limits(1, circuit=Circuit(1, 0, 30))}
    claimed = world.journal.claim(
        "test", now=now_us(), lease_seconds=60, limit=10, limits=limits, in_flight={}, waiting=()
    )
    world.settle(claimed, OutcomeState.DEAD)
    target = f"target:{world.mail.pk}"

    clock.move(1)
    await hub.beat()

    assert flow.shown_states()[target][0] == "open"
    assert flow.head["failing"] == 1
    assert_equal(flow, await fresh(world, clock))

    clock.move(35)
    await hub.beat()

    assert flow.shown_states()[target][0] == "half-open"
    assert_equal(flow, await fresh(world, clock))


async def test_a_target_and_its_rule_are_slow_above_the_setting(
    world: World, hub: Hub, clock: Clock, settings: Settings
) -> None:
    settings.SLOW_MS = 50
    flow = await watched(hub)
    world.accept(1)
    world.route((world.paid, world.mail))
    world.deliver(ms=400)

    clock.move(1)
    await hub.beat()

    assert flow.shown_states()[f"target:{world.mail.pk}"][0] == "slow"
    assert_equal(flow, await fresh(world, clock))


async def test_what_a_rule_puts_on_another_bus_goes_from_bus_to_bus(
    world: World, hub: Hub, clock: Clock
) -> None:
    flow = await watched(hub)
    world.accept(1)
    world.route((world.all, world.books))
    world.deliver()

    await hub.beat()

    counts = flow.shown_counts()
    assert counts[f"bus:{world.default.pk}", f"bus:{world.other.pk}"] == (1, 0)
    assert counts[f"rule:{world.all.pk}", f"target:{world.books.pk}"] == (1, 0)
    assert_equal(flow, await fresh(world, clock))


async def test_the_rollups_tell_what_was_active_before_the_window(world: World) -> None:
    world.accept(1)
    world.route((world.paid, world.mail))
    world.deliver()
    world.journal.roll_up()
    keys = {"source:shop", f"rule:{world.paid.pk}", f"rule:{world.all.pk}", f"target:{world.mail.pk}"}

    def lately(later: int) -> dict[str, int]:
        try:
            return read_lately(time.time() + later, keys)
        finally:
            connections.close_all()

    found = await asyncio.to_thread(lately, 180)

    assert found.keys() == keys - {f"rule:{world.all.pk}"}
    assert all(60 <= ago <= 180 for ago in found.values())
    assert await asyncio.to_thread(lately, 480) == {}
