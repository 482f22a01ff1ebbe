"""Fields that a bus marks as sensitive: masked wherever events are shown, for whoever may not see them."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from eventhub.access.caller import caller_of_user
from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths, masked_paths_by_bus
from eventhub.domain.mask import MARK, mask, read_paths
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import RoutedBatch, Routing, RoutingState
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, FormerBus, Role, Rule
from tests.access.estate import OURS, SECRET, Estate
from tests.journal.build import now_us
from tests.people import browser_of, person
from tests.rest.conftest import Api, assert_problem

PLACES = [
    "/api/events/{event}",
    "/api/deliveries/{delivery}",
    "/api/dead-letters/{letter}",
    "/events/{event}",
    "/events/{event}/preview",
    "/api/attempts",
    "/api/attempts/{attempt}",
    "/api/deliveries",
    "/api/dead-letters",
    "/api/dead-letters/groups",
    "/dead-letters",
    "/admin/journal/attemptrow/",
    "/admin/journal/deadletterrow/",
    "/admin/journal/outcomerow/{delivery}/change/",
    "/admin/journal/eventrow/{event_seq}/change/",
    "/admin/journal/attemptrow/{attempt}/change/",
    "/admin/journal/deadletterrow/{letter}/change/",
]


@pytest.fixture
def estate(journal: SqliteJournal) -> Iterator[Estate]:
    estate = Estate(journal)
    process.install(Parts(journal, estate.keeper))
    yield estate
    process.uninstall()


def api(*scopes: Scope) -> Api:
    key, secret = mint("reader", scopes)
    return Api(headers={"Authorization": f"Bearer {key.pk}.{secret}"})


def seer(estate: Estate) -> Client:
    """Return the browser of a viewer who may see sensitive fields."""
    return browser_of(person("seer", Role.VIEWER, estate.bus[OURS], sees_sensitive=True))


@pytest.mark.parametrize("place", PLACES)
def test_it_is_shown_to_who_may_see_it_and_masked_for_others(estate: Estate, place: str) -> None:
    address = place.format(**estate.names[OURS])

    shown = seer(estate).get(address)
    masked = browser_of(person("viewer", Role.VIEWER, estate.bus[OURS])).get(address)

    assert SECRET in shown.content
    assert masked.status_code == 200
    assert SECRET not in masked.content
    assert MARK in masked.content.decode() or "\\u2022" in masked.content.decode()


@pytest.mark.parametrize("scope", [Scope.EVENTS_SENSITIVE, Scope.ADMIN])
def test_a_key_with_the_scope_sees_it(estate: Estate, scope: Scope) -> None:
    address = "/events/{event}".format(**estate.names[OURS])

    assert SECRET in api(Scope.EVENTS_READ, scope)("GET", address).content


def test_what_is_not_masked_keeps_its_bytes(estate: Estate) -> None:
    answer = api(Scope.EVENTS_READ)("GET", "/events/{event}".format(**estate.names[OURS]))

    assert (
        b'"detail":{"of":"ours","card":"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2","sum":1.50}' in answer.content
    )


def test_errors_keep_what_is_ours_and_cannot_be_asked_for(estate: Estate) -> None:
    reader, seer = api(Scope.EVENTS_READ), api(Scope.EVENTS_READ, Scope.EVENTS_SENSITIVE)
    [letter, *_] = reader("GET", "/dead-letters?bus=ours").json()["items"]
    [group] = reader("GET", "/dead-letters/groups?bus=ours&by=error").json()["items"]
    said = f"/dead-letters?reason={quote('receiver answered 503 no 4111-1111')}"

    refused = assert_problem(reader("GET", f"{said}&bus=ours"), 400)

    assert letter["reason"] == f"receiver answered 503 {MARK}"
    assert (group["reason"], group["filter"]) == (MARK, {"bus": "ours", "reason_class": "receiver"})
    assert refused["errors"][0]["path"] == "reason"
    assert reader("GET", f"{said}&bus=default").json()["items"] == []
    assert len(seer("GET", said).json()["items"]) == 1
    redrive = {"filter": {"reason": "receiver answered 503 no 4111-1111"}, "dry_run": True}
    assert_problem(api(Scope.RULES_WRITE, Scope.EVENTS_READ)("POST", "/redrives", redrive), 400)


def test_why_routing_failed_is_masked(estate: Estate) -> None:
    ours = estate.bus[OURS]
    [event] = estate.world.accept(bus_id=ours.pk, bus=OURS, detail=b'{"card": {"number": "4111-1111"}}')
    cursor = estate.journal.cursor(ours.pk, holder="test", lease_seconds=60)
    assert cursor is not None
    [stored] = estate.journal.read(ours.pk, cursor, 10)
    failed = Routing(stored, RoutingState.UNROUTABLE, now_us(), error=f"KeyError: '{SECRET.decode()}'")
    batch = RoutedBatch(ours.pk, cursor, stored.position, estate.journal.ruleset(ours.pk, []), [failed])
    assert estate.journal.route(batch)
    viewer = browser_of(person("viewer", Role.VIEWER, ours))

    for address in (f"/api/events/{event}", f"/events/{event}"):
        assert SECRET in seer(estate).get(address).content
        assert SECRET not in viewer.get(address).content
        assert "KeyError: •••" in viewer.get(address).content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "eventrow/?detail__contains=4111",
        "eventrow/?attributes__contains=x",
        "attemptrow/?response__contains=4111",
        "attemptrow/?error__contains=4111",
        "outcomerow/?reason__contains=4111",
        "deadletterrow/?fifo_key__startswith=4",
        "deadletterrow/?reason__contains=4111",
    ],
)
def test_the_admin_answers_no_look_up_but_its_filters(estate: Estate, query: str) -> None:
    ours = estate.bus[OURS]
    browser = browser_of(person("viewer", Role.VIEWER, ours))

    assert browser.get(f"/admin/journal/{query}").status_code == 400
    assert browser.get(f"/admin/journal/{query.partition('?')[0]}?bus={ours.pk}").status_code == 200


def test_marks_of_a_deleted_bus_outlive_its_name(estate: Estate) -> None:
    FormerBus.objects.create(pk=4711, sensitive=["detail.pin"])
    Bus.objects.create(name="again")

    assert_problem(api(Scope.EVENTS_READ)("GET", f"/events?bus=again&q={quote('detail.pin:x*')}"), 400)


def test_explaining_does_not_answer_questions_about_it(estate: Estate) -> None:
    ask = {"event_id": str(estate.names[OURS]["event"]), "pattern": {"detail": {"card": {"number": ["x"]}}}}
    other = {**ask, "pattern": {"detail": {"of": ["ours"], "card": [{"exists": False}]}}}
    allowed = {**ask, "pattern": {"detail": {"of": ["ours"]}}}
    reader = api(Scope.EVENTS_READ)

    refused = assert_problem(reader("POST", "/patterns/explain", ask), 403)

    assert "detail.card.number of this event is masked for you" in refused["detail"]
    assert_problem(reader("POST", "/patterns/explain", other), 403)
    assert reader("POST", "/patterns/explain", allowed).json()["matches"] is True
    assert api(Scope.ADMIN)("POST", "/patterns/explain", ask).json()["matches"] is False


def test_a_preview_is_made_of_the_masked_event(estate: Estate) -> None:
    address = "/events/{event}/preview".format(**estate.names[OURS])
    body = {"transform": {"InputPath": "$.detail.card"}}

    masked = api(Scope.EVENTS_READ)("POST", address, body).json()
    shown = api(Scope.ADMIN)("POST", address, body).json()

    assert json.loads(masked["after"]["body"]) == MARK
    assert json.loads(shown["after"]["body"]) == {"number": SECRET.decode()}


@pytest.mark.parametrize(
    "q", ["detail.card.number:4111-1111", "source:ours-source -detail.card:exists", "text:4111", "4111"]
)
def test_a_search_does_not_tell_what_is_there(estate: Estate, q: str) -> None:
    reader, seer = api(Scope.EVENTS_READ), api(Scope.EVENTS_READ, Scope.EVENTS_SENSITIVE)

    refused = assert_problem(reader("GET", f"/events?q={quote(q)}"), 400)
    of_bus = assert_problem(reader("GET", f"/buses/ours/events?q={quote(q)}"), 400)
    elsewhere = reader("GET", f"/events?bus=default&q={quote(q)}")

    assert "masked for you" in refused["errors"][0]["message"]
    assert refused["errors"][0]["path"] == of_bus["errors"][0]["path"] == "q"
    assert elsewhere.status_code == seer("GET", f"/events?q={quote(q)}").status_code == 200


def test_other_fields_can_be_searched(estate: Estate) -> None:
    answer = api(Scope.EVENTS_READ)("GET", f"/events?q={quote('detail.of:ours')}")

    assert [one["id"] for one in answer.json()["items"]] == [str(estate.names[OURS]["event"])]


def test_the_page_does_not_say_why_a_pattern_on_it_did_not_match(estate: Estate) -> None:
    bus = estate.bus[OURS]
    pattern = '{"detail": {"card": {"number": ["4111-0000"]}}}'
    missed = Rule.objects.create(bus=bus, name="missed", pattern=pattern)
    missed.record_version(by="test")
    address = "/events/{event}".format(**estate.names[OURS])

    page = browser_of(person("viewer", Role.VIEWER, bus)).get(address).content.decode()

    assert "4111" not in page


def test_only_administrators_of_the_bus_say_what_is_sensitive(estate: Estate) -> None:
    ours, members = estate.bus[OURS], {"sensitive": ["detail.other"]}

    assert_problem(api(Scope.RULES_WRITE, Scope.RULES_READ)("PATCH", "/buses/ours", members), 403)
    changed = Api(client=browser_of(person("boss", Role.ADMINISTRATOR, ours)))(
        "PATCH", "/buses/ours", members
    )

    assert changed.json()["sensitive"] == ["detail.other"]


def test_the_admin_takes_paths_one_a_line(estate: Estate) -> None:
    boss, address = (
        browser_of(person("boss", Role.ADMINISTRATOR)),
        f"/admin/eventhub/bus/{estate.bus[OURS].pk}/change/",
    )

    boss.post(address, {"description": "", "sensitive": "detail.a\ndetail.b.c"})
    refused = boss.post(address, {"description": "", "sensitive": "detail"})

    assert Bus.objects.get(name=OURS).sensitive == ["detail.a", "detail.b.c"]
    assert list(refused.context["adminform"].form.errors) == ["sensitive"]
    page = browser_of(person("editor", Role.EDITOR)).get(address).content.decode()
    assert 'name="description"' in page
    assert 'name="sensitive"' not in page


def test_events_of_a_deleted_bus_stay_masked(estate: Estate) -> None:
    names = estate.names[OURS]
    deleted = api(Scope.ADMIN)("DELETE", "/archives/ours-archive")
    assert deleted.status_code == 204
    assert api(Scope.ADMIN)("DELETE", "/buses/ours?force=true").status_code == 204

    answer = api(Scope.EVENTS_READ)("GET", f"/events/{names['event']}")

    assert answer.status_code == 200
    assert SECRET not in answer.content


def test_paths_by_bus_are_those_that_the_caller_may_not_see(estate: Estate) -> None:
    ours, theirs = (estate.bus[half].pk for half in ("ours", "theirs"))
    caller = caller_of_user(person("seer", Role.VIEWER, estate.bus[OURS], sees_sensitive=True))
    assert caller is not None

    assert masked_paths_by_bus(caller) == {theirs: ("detail.card",)}
    assert (masked_paths(caller, ours), masked_paths(caller, theirs)) == ((), ("detail.card",))


@pytest.mark.parametrize(
    ("detail", "paths", "masked"),
    [
        ('{"a": 1.50, "b": 2}', ["detail.a"], '{"a":"•••","b":2}'),
        ('{"a": {"b": [1, {"c": 1e400}]}}', ["detail.a.b.c"], '{"a":{"b":[1,{"c":"•••"}]}}'),
        ('{"a": {"b": 1}}', ["detail.a", "detail.a.b"], '{"a":"•••"}'),
        ('{"a": [[{"b": null}]]}', ["detail.a.b"], '{"a":[[{"b":"•••"}]]}'),
        ('{"a.b": 1, "a": {"b": 2, "b.c": 3}}', ["detail.a.b"], '{"a.b":"•••","a":{"b":"•••","b.c":3}}'),
        ('{"\\u0061": 1}', ["detail.a"], '{"a":"•••"}'),
        ('{"a": "text", "b": [ 1,2 ]}', ["detail.a.b"], '{"a":"text","b":[ 1,2 ]}'),
    ],
)
def test_masking_replaces_what_a_path_leads_to(detail: str, paths: list[str], masked: str) -> None:
    assert mask(detail.encode(), paths).decode() == masked


def test_what_cannot_be_looked_into_is_masked_whole() -> None:
    deep = b'{"a":' + b"[" * 5000 + b"1" + b"]" * 5000 + b"}"

    assert mask(deep, ["detail.a.b"]).decode() == '{"•••":"•••"}'


@pytest.mark.parametrize(
    "given", ["detail.a", ["detail"], ["a.b"], ["detail."], ["detail..a"], [5], ["detail.a"] * 101]
)
def test_paths_that_lead_nowhere_are_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="wanted up to 100 paths"):
        read_paths(given)
