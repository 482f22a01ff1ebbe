"""Events, deliveries and dead letters over REST."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from eventhub.access.scopes import Scope
from eventhub.flow import process
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.port import (
    START,
    Attempt,
    NewDelivery,
    NewEvent,
    OutcomeState,
    ReasonClass,
    RoutedBatch,
    Routing,
    RoutingState,
    RuleInForce,
    Settled,
)
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus
from tests.journal.build import new_event, now_us
from tests.rest.conftest import Api, assert_problem


def append(journal: SqliteJournal, *events: NewEvent) -> list[str]:
    return [str(appended.id) for appended in journal.append(events).result(timeout=10)]


def ids(page: Any) -> list[str]:
    return [item["id"] for item in page["items"]]


@pytest.fixture(autouse=True)
def _running(journal: SqliteJournal) -> Iterator[None]:
    process.install(process.Parts(journal, RulebookKeeper()))
    yield
    process.uninstall()


@pytest.fixture
def api(journal: SqliteJournal, key_api: Callable[..., Api]) -> Api:
    return key_api(Scope.EVENTS_READ)


def test_an_event_shows_its_whole_way(journal: SqliteJournal, api: Api) -> None:
    event = new_event(detail=b'{"amount": 1.50, "huge": 1e400}', resources=b'["arn:a"]', key="k1")
    append(journal, event)

    shown = api("GET", f"/events/{event.id}")

    assert b'"detail":{"amount": 1.50, "huge": 1e400}' in shown.content
    body = shown.json()
    assert (body["id"], body["bus"], body["detail-type"], body["key"]) == (
        str(event.id),
        "default",
        "order placed",
        "k1",
    )
    assert body["accepted_at"].endswith("Z")
    assert len(body["accepted_at"]) == len("2026-01-02T03:04:05.678Z")
    assert body["envelope"]["detail-type"] == "order placed"
    assert body["envelope"]["time"] == body["time"]
    assert (body["routing"], body["deliveries"]) == (None, [])


def test_an_event_tells_how_often_its_key_came_again(journal: SqliteJournal, api: Api) -> None:
    event, again = new_event(key="k1"), new_event(key="k1")
    append(journal, event)
    before = api("GET", f"/events/{event.id}").json()["repeated"]
    append(journal, again)

    assert before is None
    assert api("GET", f"/events/{event.id}").json()["repeated"]["times"] == 1


def test_a_delivery_and_its_dead_letter_can_be_read(journal: SqliteJournal, api: Api) -> None:
    event = new_event()
    append(journal, event)
    died(journal, event.bus_id)

    [delivery] = api("GET", "/deliveries").json()["items"]
    assert (delivery["state"], delivery["rule"], delivery["attempt_count"]) == ("dead", "sales", 1)
    assert (delivery["redriven_at"], delivery["dead_letter"]) == (None, None)
    whole = api("GET", f"/deliveries/{delivery['id']}").json()
    assert [attempt["status"] for attempt in whole["attempts"]] == [500]
    [dead] = api("GET", f"/dead-letters?event_id={event.id}").json()["items"]
    assert (dead["delivery_id"], dead["reason"], dead["reason_class"]) == (
        delivery["id"],
        "HTTP 500",
        "receiver",
    )
    assert api("GET", f"/dead-letters/{dead['id']}").json() == dead
    shown = api("GET", f"/events/{event.id}").json()
    assert shown["routing"]["state"] == "matched"
    assert [rule["rule"] for rule in shown["routing"]["rules"]] == ["sales"]
    assert shown["deliveries"] == [delivery]


def died(journal: SqliteJournal, bus_id: int) -> None:
    """Route the bus's first event to one target, whose attempt fails for good."""
    now = now_us()
    journal.cursor(bus_id, holder="test", lease_seconds=30)
    [stored] = journal.read(bus_id, START, 1)
    made = NewDelivery(rule_id=1, rule="sales", rule_version=1, target_id=1, target="till")
    journal.route(
        RoutedBatch(
            bus_id=bus_id,
            read_from=START,
            reached=stored.position,
            ruleset_id=journal.ruleset(bus_id, [RuleInForce(1, "sales", 1, True)]),
            routings=[Routing(stored, RoutingState.MATCHED, now, matched=1, deliveries=[made])],
        )
    )
    [claimed] = journal.claim(
        "test", now=now_us(), lease_seconds=30, limit=10, limits={}, in_flight={}, waiting=()
    )
    attempt = Attempt(1, now, now + 1000, status=500, error="HTTP 500", reason_class=ReasonClass.RECEIVER)
    journal.settle(
        [Settled(claimed, OutcomeState.DEAD, attempt, reason_class=ReasonClass.RECEIVER, reason="HTTP 500")]
    )


def test_a_list_is_newest_first_and_leaves_details_out(journal: SqliteJournal, api: Api) -> None:
    appended = append(journal, *[new_event() for _ in range(3)])

    page = api("GET", "/events").json()

    assert ids(page) == appended[::-1]
    assert page["next"] is None
    assert "detail" not in page["items"][0]


def test_pages_hold_still_while_events_arrive(journal: SqliteJournal, api: Api) -> None:
    appended = append(journal, *[new_event() for _ in range(10)])

    path, seen = "/events?limit=3", []
    while path:
        page = api("GET", path).json()
        seen += ids(page)
        append(journal, new_event(), new_event())
        path = (page["next"] or "").removeprefix("/api")

    assert seen == appended[::-1]


def test_a_follower_misses_nothing_that_arrives(journal: SqliteJournal, api: Api) -> None:
    appended = append(journal, new_event())
    first = api("GET", "/events").json()["items"][0]

    path, seen = f"/events?limit=2&after={first['position']}", []
    for _ in range(5):
        appended += append(journal, new_event(), new_event())
        page = api("GET", path).json()
        seen += ids(page)
        path = page["next"].removeprefix("/api")

    assert seen == appended[1:]
    assert ids(api("GET", path).json()) == []


def test_a_gap_between_two_positions_is_filled_exactly(journal: SqliteJournal, api: Api) -> None:
    appended = append(journal, *[new_event() for _ in range(5)])
    newest, *_, oldest = api("GET", "/events").json()["items"]

    page = api("GET", f"/events?after={oldest['position']}&before={newest['position']}").json()

    assert ids(page) == appended[3:0:-1]


def test_filters_leave_what_was_asked_for(journal: SqliteJournal, api: Api) -> None:
    wanted, *_ = append(
        journal,
        new_event(source="web", detail_type="order placed"),
        new_event(source="web", detail_type="order paid"),
        new_event(source="shop", detail_type="order placed"),
    )

    assert ids(api("GET", "/events?source=web&detail-type=order%20placed").json()) == [wanted]
    assert ids(api("GET", "/events?bus=none").json()) == []


def test_a_bus_lists_its_own_events(journal: SqliteJournal, api: Api) -> None:
    bus = Bus.objects.create(name="other")
    ours, _ = append(journal, new_event(bus="other", bus_id=bus.pk), new_event())

    assert ids(api("GET", "/buses/other/events").json()) == [ours]
    assert_problem(api("GET", "/buses/nope/events"), 404)


def test_a_key_limited_to_a_bus_reads_that_bus_alone(
    journal: SqliteJournal, key_api: Callable[..., Api]
) -> None:
    bus = Bus.objects.create(name="ours")
    ours, theirs = append(journal, new_event(bus="ours", bus_id=bus.pk), new_event(bus_id=bus.pk + 1))
    api = key_api(Scope.EVENTS_READ, buses=(bus,))

    assert ids(api("GET", "/events").json()) == [ours]
    assert_problem(api("GET", f"/events/{theirs}"), 404)
    assert_problem(api("GET", "/buses/default/events"), 404)


def test_an_unknown_event_is_404(api: Api) -> None:
    assert_problem(api("GET", f"/events/{uuid4()}"), 404)
