"""What a rule is warned of before it is saved, over REST."""

from collections.abc import Callable
from typing import Any

import pytest

from eventhub.access.scopes import Scope
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, Rule, RuleTarget, Target
from tests.rest.conftest import Api, assert_problem

ALL = {"source": [{"exists": True}]}
SHOP = '{"source": ["shop"]}'


@pytest.fixture
def bus(journal: SqliteJournal) -> Bus:
    return Bus.objects.get()


def warnings(api: Api, **body: Any) -> list[Any]:
    response = api("POST", "/rules/warnings", body)
    assert response.status_code == 200, response.content
    return list(response.json()["warnings"])


def test_a_new_rule_is_judged_and_not_saved(api: Api, bus: Bus) -> None:
    Target.objects.create(name="again", kind="bus", bus=bus)

    found = warnings(api, bus="default", name="all", pattern=ALL, targets=["again"])

    assert [(one["warning"], one["path"], one["about"]) for one in found] == [
        ("everything", "pattern", ""),
        ("loop", "targets", "again"),
    ]
    assert found[0]["message"] == "The pattern matches every event on bus default."
    assert not Rule.objects.exists()


def test_of_a_change_what_is_left_out_stays(api: Api, bus: Bus) -> None:
    rule = Rule.objects.create(bus=bus, name="sales", pattern=SHOP)
    RuleTarget.objects.create(rule=rule, target=Target.objects.create(name="till", url="http://10.0.0.8/"))

    assert warnings(api, rule=rule.pk, description="of the shop") == []
    assert [one["warning"] for one in warnings(api, rule=rule.pk, pattern=ALL)] == ["everything"]
    rule.refresh_from_db()
    assert rule.pattern == SHOP


def test_what_saving_refuses_is_refused_here(api: Api, bus: Bus) -> None:
    document = assert_problem(api("POST", "/rules/warnings", {"bus": "default", "name": "x y"}), 400)

    assert {one["path"] for one in document["errors"]} == {"name", "pattern"}
    document = assert_problem(api("POST", "/rules/warnings", {"rule": 999, "pattern": ALL}), 400)
    assert document["errors"][0]["path"] == "rule"


def test_only_who_may_change_rules_of_the_bus_may_ask(bus: Bus, key_api: Callable[..., Api]) -> None:
    other = Bus.objects.create(name="other")
    rule = Rule.objects.create(bus=bus, name="sales", pattern=SHOP)
    elsewhere = key_api(Scope.RULES_WRITE, Scope.RULES_READ, buses=(other,))

    assert_problem(key_api(Scope.RULES_READ)("POST", "/rules/warnings", {}), 403)
    assert_problem(elsewhere("POST", "/rules/warnings", {"rule": rule.pk, "pattern": ALL}), 400)
    assert_problem(elsewhere("POST", "/rules/warnings", {"bus": "default", "name": "a", "pattern": ALL}), 400)
