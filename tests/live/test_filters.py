"""The rows channel of a filter: what passes is told, once, with the news that make it pass."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from eventhub.domain.filter import parse
from eventhub.flow.rulebook import EMPTY
from eventhub.journal.port import Feed, OutcomeState, Position, Tail, TailedEvent
from eventhub.live import live_filters
from eventhub.live.hub import Hub
from eventhub.live.live_filters import NOTHING, LiveFilters
from tests.live.clock import Clock
from tests.live.watcher import Watcher
from tests.live.world import World

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True, databases=["default", "journal"])]


async def watching(hub: Hub, q: str, **members: Any) -> tuple[Watcher, Any]:
    watcher = Watcher(hub)
    await watcher.greet()
    return watcher, await watcher.subscribe(1, "rows", q=q, **members)


def ids(page: Any) -> list[str]:
    return list(page.rows)


async def test_only_events_that_pass_are_counted_and_listed(world: World, hub: Hub, clock: Clock) -> None:
    await asyncio.to_thread(world.accept, detail_type="order.paid")
    await asyncio.to_thread(world.accept, detail_type="user.made")
    watcher, page = await watching(hub, "type:order.*")
    assert len(ids(page)) == 1

    (paid,) = await asyncio.to_thread(world.accept, detail_type="order.refunded")
    await asyncio.to_thread(world.accept, 3, detail_type="user.made")
    clock.move(0.2)
    await hub.beat()

    assert ids(page)[-1] == str(paid)
    assert (page.seen, page.missing, len(ids(page))) == (1, 0, 2)
    assert "sampled" not in watcher.frames[-1]["s"][0]


async def test_an_event_comes_into_view_with_the_news_that_make_it_pass(
    world: World, hub: Hub, clock: Clock
) -> None:
    _watcher, page = await watching(hub, "target:mail status:dead")
    (one,) = await asyncio.to_thread(world.accept)
    clock.move(0.2)
    await hub.beat()
    assert ids(page) == []

    await asyncio.to_thread(world.route, (world.paid, world.mail))
    await asyncio.to_thread(lambda: world.settle(world.claim(), OutcomeState.DEAD))
    clock.move(0.2)
    await hub.beat()

    assert ids(page) == [str(one)]
    assert page.rows[str(one)][6] == "dead"
    assert page.seen == 1


async def test_old_events_are_read_when_something_becomes_of_them(
    world: World, hub: Hub, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_filters, "ROWS_FOLLOWED", 0)
    (one,) = await asyncio.to_thread(world.accept)
    await asyncio.to_thread(world.route, (world.paid, world.mail))
    _watcher, page = await watching(hub, "status:delivered")
    clock.move(0.2)
    await hub.beat()
    assert ids(page) == []

    await asyncio.to_thread(lambda: world.settle(world.claim(), OutcomeState.DELIVERED))
    clock.move(0.2)
    await hub.beat()

    assert ids(page) == [str(one)]


async def test_the_detail_is_asked_too(world: World, hub: Hub, clock: Clock) -> None:
    _watcher, page = await watching(hub, "detail.amount:>100")
    (big,) = await asyncio.to_thread(world.accept, detail=b'{"amount": 120.5}')
    await asyncio.to_thread(world.accept, detail=b'{"amount": 80}')
    clock.move(0.2)
    await hub.beat()

    assert ids(page) == [str(big)]


async def test_rows_in_view_are_kept_current(world: World, hub: Hub, clock: Clock) -> None:
    _watcher, page = await watching(hub, "source:shop")
    (one,) = await asyncio.to_thread(world.accept)
    clock.move(0.2)
    await hub.beat()
    await asyncio.to_thread(world.route, (world.paid, world.mail))
    await asyncio.to_thread(lambda: world.settle(world.claim(), OutcomeState.DELIVERED))
    clock.move(0.2)
    await hub.beat()

    assert page.rows[str(one)][6] == "delivered"
    assert page.seen == 1


async def test_what_is_not_listed_is_counted_and_bounded(world: World, hub: Hub, clock: Clock) -> None:
    _watcher, page = await watching(hub, "source:shop")
    await asyncio.to_thread(world.accept, 80)
    clock.move(0.2)
    await hub.beat()

    assert (page.seen, page.missing, len(ids(page))) == (80, 30, 50)
    after, before = (Position.parse(text) for text in page.gaps[0])
    assert before.seq - after.seq == 81


async def test_equal_filters_are_one(world: World, hub: Hub) -> None:
    await watching(hub, "source:shop   type:a")
    await watching(hub, 'source:"shop" AND type:a')
    picture = hub._picture
    assert picture is not None

    assert picture.filters.texts == {"source:shop type:a"}


async def test_a_wrong_filter_is_refused_at_its_column(world: World, hub: Hub) -> None:
    watcher = Watcher(hub)
    await watcher.greet()

    refusal = await watcher.refused("rows", q="source:shop sorce:x")

    assert (refusal.code, refusal.at) == ("bad-filter", 12)
    assert refusal.message.startswith("column 13: wanted one of")
    assert (await watcher.refused("flow", q="source:shop")).code == "bad-filter"


async def test_only_so_many_different_filters_are_watched(
    world: World, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_filters, "MOST_FILTERS", 2)
    first, _page = await watching(hub, "source:a")
    await watching(hub, "source:b")

    assert (await first.refused("rows", q="source:c")).code == "too-many-filters"
    first.session.unsubscribe(1, 0.0)
    await watching(hub, "source:c")


async def test_beyond_its_time_a_filter_asks_a_sample() -> None:
    moment = 0.0

    def timer() -> float:
        nonlocal moment
        moment += 0.05  # as if asking took 50 ms, whatever was asked
        return moment

    filters = LiveFilters(timer)
    channel = filters.begin(parse("source:shop"), None, None, 0, [])
    for tick in range(1, 10):
        events = [
            TailedEvent(Position(0, tick * 100 + n), UUID(int=tick * 100 + n), 1, "default", "shop", "a", 0)
            for n in range(100)
        ]
        feed = Feed(Tail(), events)
        filters.wanted(feed)
        filters.advance(feed, NOTHING, EMPTY, tick, float(tick))

    part = channel.part(8)
    assert part is not None
    assert '"sampled":' in part
    (seen,) = (change.seen for change in channel._changes if change.tick == 9)
    assert 90 <= seen <= 110
