"""The flow shows that a bus is paused, and what waits there."""

import pytest

from eventhub.live.snapshot import flow_snapshot
from eventhub.models import Bus, Target
from tests.live.world import World

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "journal"]),
    pytest.mark.parametrize("engine", ["sqlite", "postgres"]),
]


def test_a_paused_bus_says_so_with_its_backlog(world: World) -> None:
    Bus.objects.filter(pk=world.default.pk).update(paused=True)
    world.keeper.refresh()
    world.accept(3)

    snapshot = flow_snapshot(rulebook=world.keeper.current)

    gauge = snapshot.gauges[f"bus:{world.default.pk}"]
    assert (gauge.state, gauge.backlog) == ("paused", 3)
    assert gauge.oldest is not None
    assert snapshot.gauges[f"bus:{world.other.pk}"].backlog is None
    assert snapshot.head.backlog == 3


def test_a_target_whose_deliveries_wait_says_so(world: World) -> None:
    Target.objects.filter(pk=world.mail.pk).update(paused=True)
    Target.objects.filter(pk=world.books.pk).update(paused=True, enabled=False)
    world.keeper.refresh()

    gauges = flow_snapshot(rulebook=world.keeper.current).gauges

    assert gauges[f"target:{world.mail.pk}"].state == "paused"
    assert gauges[f"target:{world.books.pk}"].state == "disabled"
