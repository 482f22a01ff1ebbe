"""Whoever deletes something is told what that does."""

import pytest
from django.test import Client

from eventhub.flow.consequences import consequences_of
from eventhub.models import Target
from tests.admin.conftest import ann  # noqa: F401 - the fixture
from tests.flow.conftest import House
from tests.until import until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "journal"])
WAITS = {"enabled": False}  # its deliveries wait


def test_a_rule_says_what_waits_and_which_targets_nothing_uses_afterwards(house: House) -> None:
    alone, shared = house.webhook("/alone", **WAITS), house.webhook("/shared", **WAITS)
    rule = house.rule(alone, shared)
    house.rule(shared, name="other", enabled=False)
    house.start(delivers=False)
    for event in house.put(count=2):
        house.routing(event)

    assert consequences_of(rule) == [
        "1 target will be used by nothing: alone.",
        "4 deliveries that wait become dead letters, with the reason deleted.",
    ]
    assert consequences_of(shared) == ["2 deliveries that wait become dead letters, with the reason deleted."]


def test_a_bus_says_how_many_rules_go_with_it(house: House) -> None:
    log = Target.objects.create(name="log", kind="log", owned=True)
    house.rule(log, bus="side")
    house.rule(bus="side", name="second")

    assert consequences_of(house.bus("side")) == [
        "2 rules go with it: all, second.",
        "1 target made for it alone goes too: log.",
    ]


def test_nothing_else_is_said_so_and_of_other_things_nothing_is_known(house: House) -> None:
    assert consequences_of(house.rule(name="lonely")) == []
    assert consequences_of("a key") is None


def test_the_admin_asks_with_the_figures_and_deletes(house: House, ann: Client) -> None:  # noqa: F811 - it is the fixture
    rule = house.rule(house.webhook("/till"))
    address = f"/admin/eventhub/rule/{rule.pk}/delete/"

    page = ann.get(address).content.decode()
    ann.post(address, {"post": "yes"})

    assert "1 target will be used by nothing: till." in page
    assert "Delete it" in page
    assert not type(rule).objects.filter(pk=rule.pk).exists()
    until(lambda: not house.keeper.refresh().rule(rule.bus_id, rule.pk), what="the rule gone")
