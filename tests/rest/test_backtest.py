"""Backtesting a pattern over REST."""

from collections.abc import Callable
from typing import Any

import pytest

from eventhub.access.scopes import Scope
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, Rule
from tests.journal.build import append, new_event
from tests.rest.conftest import Api, assert_problem

BIG = {"detail": {"amount": [{"numeric": [">", 5]}]}}


@pytest.fixture
def rule(journal: SqliteJournal) -> Rule:
    bus = Bus.objects.get()
    details = [b'{"amount": %d}' % number for number in range(10)]
    append(journal, *[new_event(bus_id=bus.pk, detail=detail) for detail in details])
    return Rule.objects.create(bus=bus, name="big", pattern='{"detail": {"amount": [{"numeric": [">", 7]}]}}')


def backtest(api: Api, **body: Any) -> Any:
    response = api("POST", "/rules/backtest", {"bus": "default", "pattern": BIG, **body})
    assert response.status_code == 200, response.content
    return response.json()


def test_it_says_what_a_change_would_change(api: Api, rule: Rule) -> None:
    report = backtest(api, rule=rule.pk)

    assert (report["scanned"], report["events"], report["matched"], report["now_matches"]) == (10, 10, 4, 2)
    counts = [report[fate]["count"] for fate in ("gained", "lost", "still")]
    assert counts == [2, 0, 2]
    assert report["clauses"] == [{"path": "detail.amount", "wanted": "more than 5", "events": 4}]
    assert report["nearest"][0]["words"] == "0 of 1 clauses hold; detail.amount is 5, wanted more than 5."
    assert backtest(api)["now_matches"] is None


def test_ids_come_in_pages_of_the_same_events(journal: SqliteJournal, api: Api, rule: Rule) -> None:
    page = backtest(api, limit=3)["gained"]
    seen = page["ids"]
    while page["next"]:
        append(journal, new_event(bus_id=rule.bus_id, detail=b'{"amount": 99}'))
        page = backtest(api, limit=3, **page["next"])["gained"]
        seen += page["ids"]

    assert (len(seen), len(set(seen)), page["count"]) == (4, 4, 4)


def test_a_pattern_that_cannot_be_read_is_refused_with_the_place(api: Api, rule: Rule) -> None:
    body = {"bus": "default", "pattern": {"source": "shop"}}

    document = assert_problem(api("POST", "/rules/backtest", body), 400)

    assert document["type"] == "urn:eventhub:problem:invalid-pattern"
    assert document["errors"][0]["line"] == 1


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("bus", "nope"),
        ("rule", 999),
        ("since", "yesterday"),
        ("last", 0),
        ("last", 10_001),
        ("head", "there"),
        ("show", "won"),
        ("offset", -1),
        ("limit", 1001),
        ("colour", "blue"),
    ],
)
def test_a_wrong_member_is_named(api: Api, rule: Rule, member: str, value: Any) -> None:
    body = {"bus": "default", "pattern": BIG, member: value}

    assert assert_problem(api("POST", "/rules/backtest", body), 400)["errors"][0]["path"] == member


def test_it_takes_both_scopes_and_the_bus(key_api: Callable[..., Api], rule: Rule) -> None:
    body = {"bus": "default", "pattern": BIG}
    both = (Scope.EVENTS_READ, Scope.RULES_READ)
    other = Bus.objects.create(name="other")

    assert_problem(key_api(Scope.EVENTS_READ)("POST", "/rules/backtest", body), 403)
    assert_problem(key_api(Scope.RULES_READ)("POST", "/rules/backtest", body), 403)
    assert_problem(key_api(*both, buses=(other,))("POST", "/rules/backtest", body), 400)
    assert key_api(*both)("POST", "/rules/backtest", body).status_code == 200
