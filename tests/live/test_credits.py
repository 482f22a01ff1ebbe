"""Credits, throttling, resuming: whoever is slow or was away gets the merged change, and costs no memory."""

import json
from itertools import pairwise

import pytest

from eventhub.journal.port import OutcomeState, Position
from eventhub.live.frames import CloseCode
from eventhub.live.hub import Hub
from tests.live.clock import Clock
from tests.live.page import Page
from tests.live.watcher import Watcher
from tests.live.world import World

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True, databases=["default", "journal"])]


async def watching(hub: Hub) -> tuple[Watcher, Page, Page]:
    """Return someone who watches flow and rows."""
    watcher = Watcher(hub)
    await watcher.greet()
    return watcher, await watcher.subscribe(1, "flow"), await watcher.subscribe(2, "rows")


async def beat(world: World, hub: Hub, clock: Clock, events: int = 1) -> None:
    """Let events come, and a tenth of a second pass."""
    if events:
        world.accept(events)
    clock.move(0.1)
    await hub.beat()


async def test_a_tick_without_news_sends_nothing_but_a_heartbeat(
    world: World, hub: Hub, clock: Clock
) -> None:
    watcher, *_ = await watching(hub)
    for _ in range(110):
        await beat(world, hub, clock, events=0)

    assert [frame["s"] for frame in watcher.frames] == [[], []]


async def test_nothing_is_sent_before_the_hello(world: World, hub: Hub, clock: Clock) -> None:
    silent = Watcher(hub)
    await watching(hub)
    for _ in range(60):
        await beat(world, hub, clock)

    assert silent.texts == []


async def test_who_does_not_acknowledge_gets_two_frames_and_then_the_sum(
    world: World, hub: Hub, clock: Clock
) -> None:
    watcher, flow, rows = await watching(hub)
    watcher.reads = False
    for _ in range(20):
        await beat(world, hub, clock, events=3)
    assert len(watcher.frames) == 2

    watcher.session.acknowledge(watcher.frames[-1]["n"])
    await beat(world, hub, clock, events=0)

    assert len(watcher.frames) == 3
    assert rows.seen == 60
    assert flow.shown_counts()["source:shop", f"bus:{world.default.pk}"] == (60, 0)


async def test_others_are_not_held_up_by_one_who_does_not_read(world: World, hub: Hub, clock: Clock) -> None:
    stuck, *_ = await watching(hub)
    stuck.reads = False
    other, _, rows = await watching(hub)
    for _ in range(20):
        await beat(world, hub, clock)

    assert len(stuck.frames) == 2
    assert len(other.frames) == 20
    assert rows.seen == 20


async def test_who_does_not_acknowledge_for_15_seconds_is_closed(
    world: World, hub: Hub, clock: Clock
) -> None:
    watcher, *_ = await watching(hub)
    watcher.reads = False
    await beat(world, hub, clock)
    clock.move(14)
    await hub.beat()
    assert watcher.closed is None

    clock.move(1.2)
    await hub.beat()

    assert watcher.closed is CloseCode.SLOW


async def test_rows_that_are_left_out_are_counted_and_can_be_loaded(
    world: World, hub: Hub, clock: Clock
) -> None:
    world.accept(5)
    _, flow, rows = await watching(hub)
    first = Position.parse(next(reversed(rows.rows.values()))[10])

    await beat(world, hub, clock, events=300)

    assert (rows.seen, rows.missing, len(rows.rows)) == (300, 250, 55)
    after, before = (Position.parse(text) for text in rows.gaps[0])
    assert after == first
    assert before.seq - after.seq - 1 == 250
    assert flow.shown_counts()["source:shop", f"bus:{world.default.pk}"] == (305, 0)


async def test_an_event_that_fails_at_once_is_listed_among_thousands(
    world: World, hub: Hub, clock: Clock
) -> None:
    _, _, rows = await watching(hub)
    failed = world.accept(1)[0]
    world.route((world.paid, world.mail))
    world.settle(world.claim(), OutcomeState.DEAD)

    await beat(world, hub, clock, events=1000)

    assert rows.rows[str(failed)][6] == "dead"
    assert (rows.seen, rows.missing, rows.failed) == (1001, 950, 1)


async def test_the_first_of_its_type_is_listed_among_thousands(world: World, hub: Hub, clock: Clock) -> None:
    _, _, rows = await watching(hub)
    rare = world.accept(1, detail_type="order.refused", key="o-77")[0]

    await beat(world, hub, clock, events=300)

    assert rows.rows[str(rare)][4] == "order.refused"
    assert rows.rows[str(rare)][11] == "o-77"
    assert (rows.seen, rows.missing) == (301, 250)


async def test_what_failed_goes_before_what_was_retried_when_many_ticks_are_merged(
    world: World, hub: Hub, clock: Clock
) -> None:
    watcher, _, rows = await watching(hub)
    watcher.reads = False
    await beat(world, hub, clock)
    await beat(world, hub, clock)
    dead = world.accept(1)[0]
    world.route((world.paid, world.mail))
    world.settle(world.claim(), OutcomeState.DEAD)
    await beat(world, hub, clock, events=0)
    world.accept(60)
    world.route((world.paid, world.mail))
    world.settle(world.claim(), OutcomeState.PENDING)
    for _ in range(3):
        await beat(world, hub, clock, events=60)

    watcher.session.acknowledge(watcher.frames[-1]["n"])
    await beat(world, hub, clock, events=0)

    states = [row[6] for row in rows.rows.values()]
    assert rows.rows[str(dead)][6] == "dead"
    # The two events of the first beats were given up too.
    assert (states.count("dead"), states.count("retrying")) == (3, 47)
    assert rows.rows[str(dead)][12:] == [1, 1]


async def test_a_listed_row_follows_its_event(world: World, hub: Hub, clock: Clock) -> None:
    _, _, rows = await watching(hub)
    event = str(world.accept(1)[0])
    seen = []
    await beat(world, hub, clock, events=0)
    seen.append(rows.rows[event][5:9])
    world.route((world.all, world.mail), (world.all, world.books))
    await beat(world, hub, clock, events=0)
    seen.append(rows.rows[event][5:9])
    first, second = world.claim()
    world.settle([first], OutcomeState.DELIVERED)
    world.settle([second], OutcomeState.PENDING)
    await beat(world, hub, clock, events=0)
    seen.append(rows.rows[event][5:9])
    world.settle(world.claim(), OutcomeState.DEAD)
    await beat(world, hub, clock, events=0)
    seen.append(rows.rows[event][5:9])

    assert seen == [[None, "pending", 0, 0], [1, "pending", 0, 2], [1, "retrying", 1, 2], [1, "dead", 1, 2]]
    assert rows.rows[event][9] > 0


async def test_a_hidden_page_gets_one_frame_a_second_without_rows(
    world: World, hub: Hub, clock: Clock
) -> None:
    watcher, flow, rows = await watching(hub)
    watcher.session.visible = False
    for _ in range(30):
        await beat(world, hub, clock)
    assert [frame["s"][0]["id"] for frame in watcher.frames] == [1, 1, 1]
    assert rows.seen == 0

    watcher.session.visible = True
    await beat(world, hub, clock, events=0)

    assert rows.seen == 30
    assert flow.shown_counts()["source:shop", f"bus:{world.default.pk}"] == (30, 0)


async def test_a_page_may_ask_for_fewer_frames(world: World, hub: Hub, clock: Clock) -> None:
    watcher, *_ = await watching(hub)
    watcher.session.hz = 2
    for _ in range(20):
        await beat(world, hub, clock)

    gaps = [after["ts"] - before["ts"] for before, after in pairwise(watcher.frames)]
    assert gaps
    assert all(450 <= gap <= 600 for gap in gaps)


async def test_who_comes_back_soon_gets_one_merged_part(world: World, hub: Hub, clock: Clock) -> None:
    watcher, flow, rows = await watching(hub)
    await beat(world, hub, clock, events=2)
    watcher.leave()
    for _ in range(100):
        await beat(world, hub, clock)

    again = Watcher(hub)
    await again.greet()
    for number, channel, page in ((1, "flow", flow), (2, "rows", rows)):
        await again.subscribe(number, channel, cur=f"{again.welcome['epoch']}:{page.to}", page=page)
    clock.move(1)
    await hub.beat()

    assert (flow.snaps, rows.snaps) == (["sub"], ["sub"])
    assert (rows.seen, rows.missing) == (102, 50)
    assert flow.shown_counts()["source:shop", f"bus:{world.default.pk}"] == (102, 0)


@pytest.mark.parametrize(
    ("cursor", "why"),
    [
        ("{epoch}:0", "too-old"),
        ("elsewhere:7", "epoch"),
        ("{epoch}:99999999", "too-old"),
        ("nonsense", "epoch"),
    ],
)
async def test_who_was_away_too_long_gets_a_snap_that_says_so(
    cursor: str, why: str, world: World, hub: Hub, clock: Clock
) -> None:
    await watching(hub)
    for _ in range(9):
        clock.move(10)
        world.accept(1)
        await hub.beat()

    again = Watcher(hub)
    await again.greet()
    rows = await again.subscribe(2, "rows", cur=cursor.format(epoch=again.welcome["epoch"]))

    assert rows.snaps == [why]


async def test_a_page_that_missed_a_change_of_the_graph_gets_a_snap(
    world: World, hub: Hub, clock: Clock
) -> None:
    watcher, flow, _ = await watching(hub)
    watcher.reads = False
    for number in range(4):
        world.accept(1, source=f"source-{number}")
        await beat(world, hub, clock, events=0)
    watcher.session.acknowledge(watcher.frames[-1]["n"])
    watcher.reads = True
    await beat(world, hub, clock, events=0)

    assert flow.snaps == ["sub", "topo"]
    assert len(flow.shown_counts()) == 4


async def test_the_thirty_busiest_sources_are_shown_and_the_rest_are_one_node(
    world: World, hub: Hub, clock: Clock
) -> None:
    _, flow, _ = await watching(hub)
    for number in range(35):
        world.accept(2 if number < 20 else 1, source=f"source-{number:02}")
    await beat(world, hub, clock, events=0)
    labels = {node["label"] for node in flow.nodes.values() if node["kind"] == "source"}

    assert "+5 sources" in labels
    assert len(labels) == 31
    assert flow.shown_counts()["source:*", f"bus:{world.default.pk}"] == (5, 0)
    assert sum(count for count, _ in flow.shown_counts().values()) == 55


async def test_equal_subscriptions_share_one_text(world: World, hub: Hub, clock: Clock) -> None:
    one, *_ = await watching(hub)
    two, *_ = await watching(hub)
    await beat(world, hub, clock, events=5)

    assert json.loads(one.texts[-1])["s"] == json.loads(two.texts[-1])["s"]
    part = one.session.subscriptions[1].channel
    assert one.session.subscriptions[1].channel is two.session.subscriptions[1].channel
    assert len(part._parts) == 1


async def test_nothing_is_read_when_nobody_watched_for_a_minute(world: World, hub: Hub, clock: Clock) -> None:
    watcher, *_ = await watching(hub)
    epoch = watcher.welcome["epoch"]
    watcher.leave()
    clock.move(59)
    await hub.beat()
    assert hub.is_awake
    clock.move(2)
    await hub.beat()
    assert not hub.is_awake

    world.accept(3, accepted_at=int(clock.now * 1_000_000))
    again, flow, rows = await watching(hub)

    assert again.welcome["epoch"] != epoch
    assert len(rows.rows) == 3
    assert flow.shown_counts()["source:shop", f"bus:{world.default.pk}"] == (3, 0)


async def test_a_channel_keeps_what_changed_for_a_minute_and_no_longer(
    world: World, hub: Hub, clock: Clock
) -> None:
    watcher, *_ = await watching(hub)
    kept = []
    for _ in range(30):
        for _ in range(10):
            await beat(world, hub, clock)
        clock.move(9)
        kept.append(len(watcher.session.subscriptions[1].channel._changes))

    assert max(kept) <= 80
