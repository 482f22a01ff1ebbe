"""Searching, on every engine: pages of what passes a filter, newest first."""

import random
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from eventhub.domain.filter import EventView, LegView, compile_filter, parse
from eventhub.journal.port import (
    UNKNOWN_BUS,
    Claimed,
    Found,
    Journal,
    NewDelivery,
    OutcomeState,
    RoutedBatch,
    Routing,
    RoutingState,
    Search,
    StoredEvent,
)
from tests.journal.build import (
    SECOND,
    append,
    claim,
    dead,
    delivered,
    new_delivery,
    new_event,
    now_us,
    postponed,
    route,
)

BUSES = {1: "orders", 2: "uploads", UNKNOWN_BUS: "nowhere"}
SOURCES = ["shop.web", "shop.app", "warehouse", "Shop_1%"]
TYPES = ["Order Placed", "order.paid", "order.refunded"]
RULES = {3: "paid", 4: "fraud check"}
TARGETS = {7: "crm", 8: "mail"}
# What is done with each delivery: how often it fails, and how it ends.
FATES = ["delivered", "dead", "pending", "retrying", "retrying", "delivered"]
DETAILS = [
    b'{"amount": 120.50, "customer": {"tier": "gold"}, "items": [{"sku": "A-1"}, {"sku": "B-2"}]}',
    b'{"amount": 80, "note": "J\\u00fcrgen said \\"hi\\"", "paid": true}',
    '{"amount": 300, "note": "Jürgen", "email": null}'.encode(),
    b'{"tags": ["red", "blue"], "\\u0061mount": 500}',
]
TRACE = b'{"trace-parent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}'


class World:
    """Events of every kind, and what filters must see of them."""

    def __init__(self, store: Journal) -> None:
        self.store = store
        self.began = now_us() // 1000 * 1000 - 100 * SECOND
        dice = random.Random(7)
        events = []
        for number in range(80):
            bus_id = dice.choice([1, 1, 1, 2, UNKNOWN_BUS])
            at = self.began + number * SECOND
            events.append(
                new_event(
                    bus_id=bus_id,
                    bus=BUSES[bus_id],
                    source=dice.choice(SOURCES),
                    detail_type=dice.choice(TYPES),
                    accepted_at=at,
                    detail=dice.choice(DETAILS),
                    key=f"k-{number}" if number % 3 == 0 else None,
                    attributes=TRACE if number % 5 == 0 else b"{}",
                )
            )
        append(store, *events)
        self.views = {
            event.id: EventView(
                id=event.id.hex,
                bus=event.bus,
                source=event.source,
                type=event.detail_type,
                accepted_at=event.accepted_at,
                key=event.key,
                detail=event.detail,
                attributes=event.attributes,
            )
            for event in events
        }
        self._route(dice)
        self._deliver(dice)
        append(store, new_event(bus="orders", source="shop.web", accepted_at=self.began + 90 * SECOND))
        (last,) = (stored for stored in store.read(1, self.reached[1], 10))
        event = last.event
        self.views[event.id] = EventView(
            event.id.hex, "orders", event.source, event.detail_type, event.accepted_at, detail=event.detail
        )

    def _route(self, dice: random.Random) -> None:
        self.reached = {}
        for bus_id in BUSES:
            after = self.store.cursor(bus_id, holder="router", lease_seconds=30)
            assert after is not None
            stored = self.store.read(bus_id, after, 1000)
            routings = [self._routing(one, dice) for one in stored]
            ruleset = self.store.ruleset(bus_id, [])
            self.reached[bus_id] = stored[-1].position
            batch = RoutedBatch(bus_id, after, stored[-1].position, ruleset, routings)
            assert self.store.route(batch)
            for routing in routings:
                view = self.views[routing.stored.event.id]
                view.routing = routing.state.value
                view.legs = [LegView(one.rule, one.target, one.state.value) for one in routing.deliveries]

    def _routing(self, stored: StoredEvent, dice: random.Random) -> Routing:
        at = now_us()
        if stored.event.bus_id == UNKNOWN_BUS:
            return Routing(stored, RoutingState.UNKNOWN_BUS, at)
        if dice.random() < 0.2:
            return Routing(stored, dice.choice([RoutingState.UNMATCHED, RoutingState.UNROUTABLE]), at)
        made: list[NewDelivery] = []
        for rule_id in dice.choice([[3], [4], [3, 4]]):
            for target_id in dice.choice([[7], [8], [7, 8]]):
                made.append(
                    new_delivery(target_id, rule_id=rule_id, rule=RULES[rule_id], target=TARGETS[target_id])
                )
        if dice.random() < 0.1:
            made = [replace(made[0], target_id=None, target="", state=OutcomeState.NO_TARGET)]
        return Routing(stored, RoutingState.MATCHED, at, len(made), deliveries=made)

    def _deliver(self, dice: random.Random) -> None:
        for due_at in (now_us() - SECOND, now_us() + 3600 * SECOND):  # what failed goes into the second round
            self._settle(claim(self.store), dice, due_at)

    def _settle(self, claimed: list[Claimed], dice: random.Random, due_at: int) -> None:
        settled = []
        for one in claimed:
            fate = dice.choice(FATES)
            if fate == "delivered":
                settled.append(delivered(one))
            elif fate == "dead":
                settled.append(dead(one))
            elif fate == "retrying":
                settled.append(postponed(one, due_at))
        assert all(self.store.settle(settled))
        for settlement in settled:
            one = settlement.claimed
            view = self.views[one.stored.event.id]
            attempt = settlement.attempt
            assert attempt is not None
            final = settlement.state is not OutcomeState.PENDING
            latency = attempt.ended_at - one.stored.event.accepted_at if final else None
            view.legs = [
                LegView(leg.rule, leg.target, settlement.state.value, attempt.number, latency)
                if (leg.rule, leg.target) == (one.rule, one.target)
                else leg
                for leg in view.legs
            ]

    def passing(self, text: str) -> list[UUID]:
        """Return what passes, newest first."""
        predicate = compile_filter(parse(text), now=now_us())
        return sorted((one for one, view in self.views.items() if predicate(view)), reverse=True)


TERMS = [
    *(f"bus:{name}" for name in [*BUSES.values(), "absent", "*o*"]),
    *(f'source:"{name}"' for name in SOURCES),
    "source:shop.*",
    'source:"Shop_"*',
    "source:*e*",
    "source:absent",
    *(f'type:"{name}"' for name in TYPES),
    "type:order.*|absent",
    "key:k-3|k-9",
    "key:k-1*",
    "key:exists",
    "trace:exists",
    "trace:0af7651916cd43dd8448eb211c80319c",
    "rule:paid",
    'rule:"fraud check"',
    "rule:fraud*",
    "rule:none",
    "target:crm",
    "target:mail|crm",
    "target:absent",
    *(f"status:{word}" for word in ["pending", "retrying", "delivered", "dead", "unmatched", "unroutable"]),
    "status:unknown-bus",
    "status:not-made",
    "status:failed",
    "status:dead|unmatched",
    "attempts:>0",
    "attempts:0",
    "attempts:2",
    "attempts:<2",
    "status:dead attempts:>1",
    "status:delivered attempts:>1 latency:<60s",
    "target:mail attempts:>1",
    "target:mail status:dead latency:>50s",
    "latency:>50s",
    "latency:<=50s",
    "latency:exists",
    "detail.amount:>100",
    "detail.amount:120.5",
    "detail.amount:exists",
    "detail.customer.tier:gold",
    'detail.items[*].sku:"B-2"',
    "detail.note:Jürgen|gold",
    "detail.paid:true",
    "detail.email:null",
    "detail.tags:red",
    "JÜRGEN",
    'text:"said \\"hi"',
    "text:shop",
    "text:a-1*b-2",
    "after:60s",
    "before:50s",
]


def search(store: Journal, text: str, **members: object) -> Found:
    return store.search(Search(**{"filter": parse(text), "now": now_us(), "box_seconds": 20.0, **members}))  # type: ignore[arg-type]


def pages(store: Journal, text: str, **members: object) -> list[UUID]:
    """Return all that is found, page by page."""
    found = search(store, text, **members)
    ids = list(found.ids)
    while found.next is not None:
        found = search(store, text, **members, cursor=found.next)
        ids.extend(found.ids)
        assert (found.scanned or 0) <= (found.of or 0)
    return ids


def some_filters(count: int) -> list[str]:
    """Return terms put together by chance, the same ones each time."""
    dice = random.Random(11)

    def grown(depth: int) -> str:
        kind = dice.random()
        if depth == 0 or kind < 0.35:
            return dice.choice(TERMS)
        if kind < 0.5:
            return f"-({grown(depth - 1)})"
        joint = " " if kind < 0.8 else " OR "
        return f"({grown(depth - 1)}{joint}{grown(depth - 1)})"

    return [grown(3) for _ in range(count)]


def test_every_filter_finds_what_it_says_newest_first(store: Journal) -> None:
    world = World(store)

    for text in [*TERMS, *(f"-{term}" for term in TERMS), *some_filters(120)]:
        assert pages(store, text, limit=30) == world.passing(text), text


def test_bounds_hold_beside_the_filter(store: Journal) -> None:
    world = World(store)
    since, until = world.began + 20 * SECOND, world.began + 40 * SECOND
    everything = sorted(world.views, reverse=True)
    within = [one for one in everything if since <= world.views[one].accepted_at < until]
    on_uploads = [one for one in everything if world.views[one].bus == "uploads"]

    assert pages(store, "", since=since, until=until, limit=6) == within
    assert pages(store, "bus:orders", since=since, until=until, limit=6) == [
        one for one in within if world.views[one].bus == "orders"
    ]
    assert pages(store, "", bus_ids=frozenset({2}), limit=3) == on_uploads
    assert pages(store, "source:*", bus_ids=frozenset({2}), limit=3) == on_uploads
    assert pages(store, "bus:orders", bus_ids=frozenset({2})) == []
    assert pages(store, "", bus_ids=frozenset()) == []
    assert pages(store, "", bus_ids=frozenset({1, 2}), since=since, until=until, limit=4) == [
        one for one in within if world.views[one].bus != "nowhere"
    ]
    assert pages(store, "after:0s") == []
    assert pages(store, "", since=until, until=since) == []
    id_prefix = within[0].hex[:12]
    assert within[0] in pages(store, f"id:{id_prefix}*")
    assert pages(store, f"id:{within[0]}") == [within[0]]
    assert pages(store, f"id:{within[0]}|{within[3]}") == [within[0], within[3]]


@pytest.mark.parametrize("text", ["", "bus:orders", "source:shop.web"])
def test_positions_are_bounds_of_the_log(store: Journal, text: str) -> None:
    world = World(store)
    stored = store.read(1, store.head().events.__class__(0, 0), 1000)

    found = pages(store, text, after=stored[2].position, before=stored[9].position)

    # Of the bus; others' events lie between as well.
    mine = [one.event.id for one in stored[3:9]]
    passing = world.passing(text)
    assert [one for one in found if world.views[one].bus == "orders"] == [
        one for one in reversed(mine) if one in passing
    ]


def test_time_that_is_up_leaves_a_place_to_go_on_from(store: Journal) -> None:
    began = now_us() - 3000 * SECOND
    append(store, *(new_event(accepted_at=began + number * SECOND) for number in range(3000)))

    found = search(store, "text:absent", box_seconds=0.0)
    places = [found.scanned]
    while found.next is not None:
        assert found.timed_out
        assert found.of == 3000
        found = search(store, "text:absent", box_seconds=0.0, cursor=found.next)
        places.append(found.scanned)

    assert found.scanned == found.of == 3000
    assert not found.timed_out
    assert len(places) > 2
    assert places == sorted(places)


def test_what_arrives_meanwhile_moves_nothing(store: Journal) -> None:
    first = [one.id for one in append(store, *(new_event() for _ in range(30)))]
    found = search(store, "source:shop", limit=10)
    ids = list(found.ids)
    while found.next is not None:
        append(store, new_event(), new_event())
        found = search(store, "source:shop", limit=10, cursor=found.next)
        ids.extend(found.ids)

    assert len(ids) == len(set(ids))
    assert set(ids) == set(first)


def test_full_page_says_whether_there_is_more(store: Journal) -> None:
    began = now_us() - 10 * SECOND
    append(store, *(new_event(accepted_at=began + number * SECOND) for number in range(10)))

    assert search(store, "", limit=10).next is None
    nine = search(store, "", limit=9)
    assert nine.next is not None
    assert not nine.timed_out
    assert (nine.scanned, nine.of) == (9, 10)


def test_empty_journal_has_nothing(store: Journal) -> None:
    assert search(store, "source:x") == Found((), None, 0, 0)


@pytest.mark.parametrize("text", ["", "source:*", "text:absent", "after:1h", "id:{}", "id:{:.12}*"])
def test_search_of_some_buses_tells_nothing_of_the_others(store: Journal, text: str) -> None:
    earlier = now_us() - 60 * SECOND
    mine = append(store, new_event(bus_id=2, bus="uploads", accepted_at=earlier))[0].id
    theirs = append(store, *(new_event() for _ in range(5)))[0].id
    absent = theirs.hex[::-1]
    asked = {"bus_ids": frozenset({2})}

    there, not_there = (search(store, text.format(one), **asked) for one in (theirs.hex, absent))

    assert replace(there, ids=list(there.ids)) == replace(not_there, ids=list(not_there.ids))
    assert (there.scanned, there.of) == (None, None)
    assert set(there.ids) <= {mine}
    assert search(store, text.format(theirs.hex)).of


def test_searching_holds_up_no_writer(store: Journal) -> None:
    append(store, *(new_event() for _ in range(200)))
    route(store)

    found = search(store, "text:absent")
    append(store, new_event())

    assert found.ids == []
    assert len(search(store, "").ids) == 100


CURSORS = ["x", "i", "i0", "izz" + "0" * 30, "p", "p1", "p1-", "p0-0a", f"p0-{'f' * 40}", "p-1--1"]


@pytest.mark.parametrize("cursor", CURSORS)
def test_cursor_that_is_none_is_refused(store: Journal, cursor: str) -> None:
    append(store, new_event())

    with pytest.raises(ValueError, match="is no cursor"):
        search(store, "", cursor=cursor)


def test_names_with_special_characters_are_names(store: Journal) -> None:
    names = ["a*b", "a?b", "a[b", "a%b", "a_b", "a\\b", 'a"b', "a'b", "é"]
    append(store, *(new_event(source=name) for name in names))
    quoted: Sequence[str] = [name.replace("\\", "\\\\").replace('"', '\\"') for name in names]

    for name in quoted:
        assert len(search(store, f'source:"{name}"').ids) == 1, name
        assert len(search(store, f'source:"{name}"*').ids) == 1, name
