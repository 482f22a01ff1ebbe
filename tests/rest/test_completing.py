"""Completing a filter over REST."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from eventhub.access.scopes import Scope
from eventhub.flow import complete as complete_step
from eventhub.flow import process
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, Rule, Target
from tests.journal.build import append, new_event, now_us, route
from tests.rest.conftest import Api, assert_problem

MINUTE = 60_000_000


@pytest.fixture
def buses(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Bus, Bus]]:
    """Make a bus of a shop and one of a hospital, each with events, a rule and a target."""
    monkeypatch.setattr(complete_step, "BOX_SECONDS", 5.0)  # a busy machine must not leave anything out
    shop = Bus.objects.create(name="shop")
    hospital = Bus.objects.create(name="hospital", sensitive=["detail.patient.name"])
    for bus, rule in ((shop, "big orders"), (hospital, "urgent")):
        made = Rule.objects.create(bus=bus, name=rule, pattern='{"source": ["x"]}')
        made.set_targets([Target.objects.create(name=f"to-{bus.name}", url="http://127.0.0.1:9/")])
    now = now_us()
    for bus, source, detail_type, detail, ago in (
        (shop, "shop.old", "Order Placed", b'{"amount": 120.50, "items": [{"sku": "A 1"}]}', 5 * MINUTE),
        (shop, "shop.web", "Order Paid", b'{"amount": 80, "gift": true, "order no.": null}', MINUTE),
        (hospital, "ward.7", "Admitted", b'{"patient": {"name": "Ann", "bed": 4}}', 0),
    ):
        append(
            journal,
            new_event(
                bus_id=bus.pk,
                bus=bus.name,
                source=source,
                detail_type=detail_type,
                detail=detail,
                accepted_at=now - ago,
            ),
        )
        route(journal, bus_id=bus.pk)
    keeper = RulebookKeeper()
    keeper.refresh()
    process.install(process.Parts(journal, keeper))
    yield shop, hospital
    process.uninstall()


@pytest.fixture
def api(key_api: Callable[..., Api], buses: tuple[Bus, Bus]) -> Api:
    return key_api(Scope.EVENTS_READ)


@pytest.fixture
def shop_api(key_api: Callable[..., Api], buses: tuple[Bus, Bus]) -> Api:
    return key_api(Scope.EVENTS_READ, buses=(buses[0],))


def complete(api: Api, q: str, rest: str = "") -> Any:
    response = api("GET", f"/events/complete?q={quote(q)}{rest}")
    assert response.status_code == 200, response.content
    return response.json()


def texts(api: Api, q: str) -> list[str]:
    return [item["text"] for item in complete(api, q)["items"]]


def test_words_stand_where_a_term_begins(api: Api) -> None:
    answer = complete(api, "source:shop.web st")

    assert (answer["from"], answer["to"]) == (16, 18)
    assert answer["items"] == [{"text": "status:", "kind": "word", "note": "where it stands"}]


def test_a_column_in_the_middle_is_completed_there(api: Api) -> None:
    answer = complete(api, "source:sh type:x", "&at=9")

    assert (answer["from"], answer["to"]) == (7, 9)
    assert [(one["text"], one["kind"]) for one in answer["items"]] == [
        ("shop.web", "value"),
        ("shop.old", "value"),
    ]


def test_values_are_those_of_the_installation_the_last_seen_first(api: Api) -> None:
    assert texts(api, "source:") == ["ward.7", "shop.web", "shop.old"]
    assert texts(api, "type:order") == ['"Order Paid"', '"Order Placed"']
    assert texts(api, "rule:") == ['"big orders"', "urgent", "none"]
    assert texts(api, "target:") == ["to-hospital", "to-shop"]
    assert {"shop", "hospital"} <= set(texts(api, "bus:"))
    assert "dead" in texts(api, "status:d")


def test_paths_and_values_are_those_of_details_seen_lately(shop_api: Api) -> None:
    assert texts(shop_api, "detail.") == [
        "detail.amount:",
        "detail.gift:",
        'detail."order no.":',
        "detail.items.sku:",
    ]
    assert texts(shop_api, "detail.amount:") == ["80", "120.50", "exists"]
    assert texts(shop_api, "detail.items.sku:") == ['"A 1"', "exists"]
    assert texts(shop_api, "detail.gift:t") == ["true", "exists"]
    assert complete(shop_api, "detail.am")["items"][0]["kind"] == "path"


def test_nothing_is_offered_of_a_bus_that_is_not_seen(shop_api: Api) -> None:
    assert texts(shop_api, "source:") == ["shop.web", "shop.old"]
    assert texts(shop_api, "type:") == ['"Order Paid"', '"Order Placed"']
    assert texts(shop_api, "rule:") == ['"big orders"', "none"]
    assert texts(shop_api, "target:") == ["to-shop"]
    assert texts(shop_api, "bus:") == ["shop"]
    assert "detail.patient.bed:" not in texts(shop_api, "detail.")


def test_nothing_masked_is_offered(api: Api, key_api: Callable[..., Api]) -> None:
    sees = key_api(Scope.EVENTS_READ, Scope.EVENTS_SENSITIVE)

    assert texts(api, "detail.patient") == ["detail.patient.bed:"]
    assert texts(api, "detail.patient.name:") == ["exists"]
    assert texts(sees, "detail.patient.name:") == ["Ann", "exists"]


@pytest.mark.parametrize("query", ["at=1001", "q=a&at=-1", "q=a&at=two", "q=a&for=b", f"q={'a' * 1001}"])
def test_what_cannot_be_completed_is_refused(api: Api, query: str) -> None:
    assert_problem(api("GET", f"/events/complete?{query}"), 400)


def test_a_detail_of_many_and_deep_values_takes_no_longer(
    journal: SqliteJournal, api: Api, buses: tuple[Bus, Bus]
) -> None:
    deep = b'{"deep": ' + b"[" * 500 + b"1" + b"]" * 500 + b"}"
    wide = b"{" + b",".join(b'"n%d": {"x": "%s"}' % (n, b"v" * 200) for n in range(60)) + b"}"
    for n in range(80):
        detail = (deep, wide)[n % 2]
        append(journal, new_event(bus_id=buses[0].pk, bus="shop", source=f"s.{n}", detail=detail))
    route(journal, bus_id=buses[0].pk)

    assert texts(api, "detail.n59") == ["detail.n59.x:"]
    assert texts(api, "detail.n59.x:") == ["exists"]
