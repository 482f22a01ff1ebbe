"""A paused bus takes events and routes none, until it is resumed: then all of them, in order."""

import pytest

from eventhub.flow.configure import switch_bus
from eventhub.flow.unrouted import COUNTED, unrouted
from eventhub.journal.rows import RoutingRow
from tests.flow.conftest import House
from tests.until import until


def routed(house: House) -> list[str]:
    rows = RoutingRow.objects.using("journal").order_by("seq")
    return [str(row.event_id) for row in rows]


def test_events_of_a_paused_bus_wait_in_order_and_are_counted(house: House) -> None:
    bus, other = house.bus("orders"), house.bus("other")
    house.start(delivers=False)
    switch_bus(bus, paused=True)
    house.keeper.refresh()

    waiting = house.put(*[house.event("orders") for _ in range(5)])
    [passing] = house.put(house.event("other"))

    assert house.routing(passing)  # other buses go on
    assert routed(house) == [str(passing.id)]
    found = unrouted([bus.pk, other.pk])
    assert (found[bus.pk].events, found[bus.pk].oldest_at) == (5, waiting[0].accepted_at)
    assert not found[bus.pk].more
    assert found[other.pk].events == 0

    switch_bus(bus, paused=False)
    house.keeper.refresh()

    until(lambda: len(routed(house)) == 6, what="the waiting events to be routed")
    assert routed(house)[1:] == [str(event.id) for event in waiting]
    assert unrouted([bus.pk])[bus.pk].oldest_at is None


def test_a_pause_survives_a_restart_of_the_router(house: House) -> None:
    bus = house.bus("orders")
    switch_bus(bus, paused=True)
    house.put(house.event("orders"))
    house.start(delivers=False)
    [passing] = house.put(house.event("default"))

    assert house.routing(passing)
    assert routed(house) == [str(passing.id)]


def test_a_backlog_is_counted_so_far_and_no_further(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventhub.flow.unrouted.COUNTED", 3)
    bus = house.bus("orders")
    house.put(*[house.event("orders") for _ in range(4)])

    found = unrouted([bus.pk])[bus.pk]

    assert (found.events, found.more) == (3, True)
    assert COUNTED == 10_000
