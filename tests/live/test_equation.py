"""The live view's equation: a snapshot and what came after it equal a fresh snapshot."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import pytest
from django.db import connections

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import READ_SCOPES
from eventhub.journal.port import NewDelivery, OutcomeState
from eventhub.live.graph import draw
from eventhub.live.hub import Hub
from eventhub.live.snapshot import FlowSnapshot, flow_snapshot
from eventhub.live.view import view_of
from eventhub.models import Bus, Rule
from tests.live.clock import Clock
from tests.live.page import Page
from tests.live.watcher import ANN, Watcher
from tests.live.world import World

T = TypeVar("T")
pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.django_db(transaction=True, databases=["default", "journal"]),
    pytest.mark.parametrize("engine", ["sqlite", "postgres"]),
]


async def fresh(world: World, clock: Clock, bus_id: int | None = None, caller: Caller = ANN) -> FlowSnapshot:
    """Return what a process that starts now would show."""

    def read() -> FlowSnapshot:
        try:
            return flow_snapshot(view_of(caller, bus_id), rulebook=world.keeper.current, now=clock.now)
        finally:
            connections.close_all()

    return await asyncio.to_thread(read)


def assert_equal(page: Page, snapshot: FlowSnapshot) -> None:
    """Compare what a page came to show with a fresh snapshot."""
    assert page.shown_counts() == {edge: sums for edge, sums in snapshot.counts.items() if sums[0]}
    assert {node["key"] for node in page.nodes.values()} == set(snapshot.graph.nodes)
    assert page.shown_states() == {key: list(gauge) for key, gauge in snapshot.gauges.items()}
    assert page.head == msgspec.to_builtins(snapshot.head)


def assert_same_rows(page: Page, snapshot: FlowSnapshot) -> None:
    """Compare the newest rows."""
    for row in snapshot.rows:
        shown = [row.matched, row.state, row.delivered, row.of, row.took_ms]
        assert page.rows[str(row.id)][5:10] == shown
        assert page.rows[str(row.id)][11:] == [row.key, row.lost, row.tries]


async def test_a_snapshot_and_the_parts_after_it_equal_a_fresh_snapshot(
    world: World, hub: Hub, clock: Clock
) -> None:
    world.accept(2)
    watcher = Watcher(hub)
    await watcher.greet()
    flow, rows = await watcher.subscribe(1, "flow"), await watcher.subscribe(2, "rows")
    header = await watcher.subscribe(3, "head")
    assert_equal(flow, await fresh(world, clock))

    world.accept(3, source="till")
    world.route((world.paid, world.mail), (world.all, world.mail), (world.all, world.books))
    claimed = world.claim()
    world.settle(claimed[:5], OutcomeState.DELIVERED, ms=3)
    world.settle(claimed[5:8], OutcomeState.PENDING, ms=2000)
    world.settle(claimed[8:9], OutcomeState.DEAD)
    world.accept(4)
    world.route()
    clock.move(1)
    await hub.beat()
    clock.move(1)
    await hub.beat()

    assert_equal(flow, await fresh(world, clock))
    assert header.head == flow.head
    assert (header.head["in60"], header.head["out60"]) == (9, 5)
    assert_same_rows(rows, await fresh(world, clock))
    assert (rows.seen, rows.missing, rows.failed) == (7, 0, 4)


async def test_matches_in_shadow_are_counted_and_are_no_failure(world: World, hub: Hub, clock: Clock) -> None:
    await asyncio.to_thread(lambda: Rule.objects.filter(pk=world.paid.pk).update(shadow=True))
    await asyncio.to_thread(world.keeper.refresh)
    watcher = Watcher(hub)
    await watcher.greet()
    flow = await watcher.subscribe(1, "flow")

    world.accept(3)
    tried = NewDelivery(world.paid.pk, "paid", 2, world.mail.pk, "mail", OutcomeState.SHADOW, "tried")
    world.route((world.paid, world.mail), deliveries=[tried])
    clock.move(1)
    await hub.beat()

    assert_equal(flow, await fresh(world, clock))
    paid = f"rule:{world.paid.pk}"
    assert flow.shown_counts()[f"bus:{world.default.pk}", paid] == (3, 0)
    assert flow.shown_states()[paid][0] == "shadow"


async def test_the_equation_holds_for_one_bus(world: World, hub: Hub, clock: Clock) -> None:
    watcher = Watcher(hub)
    await watcher.greet()
    flow = await watcher.subscribe(1, "flow", bus="other")
    rows = await watcher.subscribe(2, "rows", bus="other")

    world.accept(5)
    world.accept(2, bus_id=world.other.pk, bus="other")
    world.route((world.paid, world.mail))
    world.route(bus=world.other)
    world.deliver()
    clock.move(1)
    await hub.beat()

    assert_equal(flow, await fresh(world, clock, world.other.pk))
    bus = f"bus:{world.other.pk}"
    assert flow.shown_counts() == {("source:shop", bus): (2, 0), (bus, "sink:unmatched"): (2, 0)}
    assert (rows.seen, len(rows.rows)) == (2, 2)


async def test_the_equation_holds_for_somebody_who_sees_some_buses(
    world: World, hub: Hub, clock: Clock
) -> None:
    third = await asyncio.to_thread(lambda: Bus.objects.create(name="third"))
    await asyncio.to_thread(world.keeper.refresh)
    mine = frozenset({world.default.pk, third.pk})
    bob = Caller(CallerKind.USER, "bob", frozenset(), mine, granted=dict.fromkeys(mine, READ_SCOPES))
    everything, some = Watcher(hub), Watcher(hub, bob)
    for watcher in (everything, some):
        await watcher.greet()
        await watcher.subscribe(1, "flow")
        await watcher.subscribe(2, "rows")

    world.accept(3)
    world.accept(2, bus_id=third.pk, bus="third", source="till")
    world.accept(4, bus_id=world.other.pk, bus="other", source="secret")
    world.route((world.all, world.mail), (world.all, world.books))
    world.route(bus=third)
    world.route(bus=world.other)
    world.deliver()
    clock.move(1)
    await hub.beat()

    assert_equal(some.pages[1], await fresh(world, clock, caller=bob))
    assert_equal(everything.pages[1], await fresh(world, clock))
    keys = {node["key"] for node in some.pages[1].nodes.values()}
    assert keys >= {f"bus:{world.default.pk}", f"bus:{third.pk}", f"target:{world.books.pk}", "source:till"}
    assert not keys & {f"bus:{world.other.pk}", "source:secret"}
    assert not [text for text in some.texts if "secret" in text or '"other"' in text]
    assert (some.pages[2].seen, everything.pages[2].seen) == (5, 9)


async def test_counts_that_have_no_edge_do_not_have_the_graph_drawn_anew(
    world: World, hub: Hub, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = Watcher(hub)
    await watcher.greet()
    await watcher.subscribe(1, "flow")
    world.accept(1)
    world.route((world.paid, world.mail))
    world.deliver()
    await hub.beat()
    drawn: list[Any] = []
    monkeypatch.setattr("eventhub.live.picture.draw", lambda *given: drawn.append(given) or draw(*given))

    world.accept(1)
    world.route((world.paid, world.mail))
    world.deliver()
    await hub.beat()

    assert drawn == []


async def test_what_leaves_the_window_leaves_the_counts(world: World, hub: Hub, clock: Clock) -> None:
    world.accept(2)
    world.route((world.paid, world.mail))
    watcher = Watcher(hub)
    await watcher.greet()
    flow = await watcher.subscribe(1, "flow")
    world.deliver()
    clock.move(30)
    await hub.beat()
    counted = sum(count for count, _ in flow.shown_counts().values())

    clock.move(32)
    await hub.beat()

    assert counted > 0
    assert flow.shown_counts() == {}
    assert flow.head["in"] == 0
    assert_equal(flow, await fresh(world, clock))


async def test_what_is_deleted_is_shown_while_it_is_counted(world: World, hub: Hub, clock: Clock) -> None:
    watcher = Watcher(hub)
    await watcher.greet()
    flow = await watcher.subscribe(1, "flow")
    world.accept(1)
    world.route((world.paid, world.mail))
    rule = f"rule:{world.paid.pk}"

    def delete() -> None:
        world.paid.delete()
        world.keeper.refresh()
        connections.close_all()

    await asyncio.to_thread(delete)
    hub.reconfigured(world.keeper.current)
    clock.move(1)
    await hub.beat()
    assert flow.shown_states()[rule][0] == "deleted"
    assert_equal(flow, await fresh(world, clock))

    clock.move(61)
    await hub.beat()
    clock.move(11)
    await hub.beat()
    assert rule not in flow.shown_states()


async def test_random_acts_keep_the_equation(world: World, hub: Hub, clock: Clock) -> None:
    dice = random.Random(7)
    watcher = Watcher(hub)
    await watcher.greet()
    flow, rows = await watcher.subscribe(1, "flow"), await watcher.subscribe(2, "rows")
    of_bus = await watcher.subscribe(3, "flow", bus="default")
    states = [OutcomeState.DELIVERED, OutcomeState.PENDING, OutcomeState.DEAD]
    acts: list[Callable[[], Any]] = [
        lambda: world.accept(dice.randrange(1, 9), source=f"source-{dice.randrange(40)}"),
        lambda: world.route((world.paid, world.mail)),
        world.route,
        lambda: world.settle(world.claim(dice.randrange(1, 20)), dice.choice(states), ms=dice.random() * 900),
        lambda: clock.move(dice.random()),
    ]
    accepted = 0
    for _ in range(200):
        done = dice.choice(acts)()
        accepted += len(done) if isinstance(done, list) else 0
        watcher.session.visible = dice.random() < 0.8
        await hub.beat()
    watcher.session.visible = True
    clock.move(12)
    await hub.beat()
    clock.move(1.1)
    await hub.beat()

    assert_equal(flow, await fresh(world, clock))
    assert_equal(of_bus, await fresh(world, clock, world.default.pk))
    assert_same_rows(rows, await fresh(world, clock))
    assert rows.seen == accepted
