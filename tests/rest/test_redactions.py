"""Redacting over REST: counted first, done with a reason, said on the event, and never delivered again."""

import html
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from eventhub.access.scopes import Scope
from eventhub.domain.redaction import REASON
from eventhub.flow import process
from eventhub.flow.deliver import Deliverer
from eventhub.flow.redrive import Redriver
from eventhub.flow.replay import Replayer
from eventhub.flow.route import Router
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.port import NewEvent
from eventhub.journal.rows import DeadLetterRow, EventRow, OutcomeRow, RoutingRow
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import AuditEntry, Bus, Role
from tests.journal.build import append, new_event
from tests.people import browser_of, person
from tests.receiver import Receiver
from tests.rest.conftest import Api, assert_problem
from tests.until import until

EMAIL = "zoe.marker@example.com"


def detail(email: str = EMAIL, **members: Any) -> bytes:
    return json.dumps({"customer": {"email": email}, "total": 7.5, **members}).encode()


@pytest.fixture
def running(journal: SqliteJournal) -> Iterator[SqliteJournal]:
    """A journal that is routed, delivered, redriven and replayed."""
    keeper = RulebookKeeper(poll_seconds=0.05)
    keeper.start()
    process.install(process.Parts(journal, keeper))
    consumers: list[Any] = [
        Router(journal, keeper),
        Deliverer(journal, keeper, schedule=()),
        Redriver(journal, keeper),
        Replayer(journal, keeper),
    ]
    for one in consumers:
        one.start()
    yield journal
    for one in consumers:
        one.stop()
    keeper.stop()
    process.uninstall()


def put(journal: SqliteJournal, *details: bytes, **members: Any) -> list[NewEvent]:
    bus = Bus.objects.get(name="default")
    events = [new_event(bus_id=bus.pk, detail=one, **members) for one in details]
    append(journal, *events)
    return events


def done(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    response = api("POST", "/redactions", body)
    assert response.status_code == 200, response.content
    told: dict[str, Any] = response.json()
    return told


def test_a_dry_run_counts_and_an_order_redacts(running: SqliteJournal, api: Api) -> None:
    first, second, other = put(running, detail(), detail(), detail("ann@example.com"))
    asked = {"filter": {"where": {"path": "detail.customer.email", "equals": EMAIL}}}

    assert done(api, asked | {"dry_run": True}) == {"dry_run": True, "events": 2, "more_after": None}
    told = done(api, asked | {"reason": "she asked for it"})

    assert (told["events"], told["left"], told["more_after"]) == (2, "", None)
    shown = api("GET", f"/events/{first.id}").json()
    assert shown["detail"] == {"redacted": True}
    assert shown["redacted"]["reason"] == "she asked for it"
    assert shown["redacted"]["paths"] == ["detail"]
    assert shown["redacted"]["by"].startswith("key:")
    assert api("GET", f"/events/{other.id}").json()["redacted"] is None
    assert done(api, asked | {"dry_run": True})["events"] == 0
    assert EMAIL not in api("GET", f"/events/{second.id}").content.decode()


def test_paths_alone_are_redacted(running: SqliteJournal, api: Api) -> None:
    [event] = put(running, detail())

    done(api, {"ids": [str(event.id)], "paths": ["detail.customer.email"], "reason": "her wish"})

    shown = api("GET", f"/events/{event.id}").json()
    assert shown["detail"] == {"customer": {"email": "[redacted]"}, "total": 7.5}
    assert shown["redacted"]["paths"] == ["detail.customer.email"]


def test_a_value_is_found_as_what_it_is(running: SqliteJournal, api: Api) -> None:
    put(running, detail(), detail(items=[{"sku": "A"}, {"sku": "B"}]), detail(total="7.5"))

    def count(path: str, equals: Any) -> int:
        asked = {"filter": {"bus": "default", "where": {"path": path, "equals": equals}}, "dry_run": True}
        return int(done(api, asked)["events"])

    assert count("detail.total", 7.5) == 2
    assert count("detail.total", "7.5") == 1
    assert count("detail.items.sku", "B") == 1
    assert count("detail.customer", {"email": EMAIL}) == 3
    assert count("detail.none", None) == 0


def test_it_is_in_the_trail_without_the_value_that_was_looked_for(running: SqliteJournal, api: Api) -> None:
    put(running, detail())
    asked = {"bus": "default", "where": {"path": "detail.customer.email", "equals": EMAIL}}
    done(api, {"filter": asked, "reason": "she asked for it"})

    started, ended = AuditEntry.objects.filter(kind="redaction").order_by("id")

    assert (started.action, ended.action, ended.reason) == ("started", "redacted", "she asked for it")
    assert ended.after is not None
    assert (ended.after["where"], ended.after["events"]) == ("customer.email", 1)
    assert EMAIL not in json.dumps([started.after, ended.after])
    [listed] = api("GET", "/redactions").json()["items"]
    assert (listed["reason"], listed["events"], listed["bus"]) == ("she asked for it", 1, "default")


def test_what_was_made_from_an_event_is_redacted_with_it(running: SqliteJournal, api: Api) -> None:
    [first] = put(running, detail())
    [second] = put(running, detail(), cause_id=first.id, hops=1)
    [third] = put(running, detail(), cause_id=second.id, hops=2)
    put(running, detail(), cause_id=uuid4(), hops=1)
    put(running, detail(), cause_id=first.id)  # a fact of its own, whose producer names its cause

    told = done(api, {"ids": [str(first.id)], "reason": "her wish"})

    assert (told["events"], told["made_from_them"]) == (3, 2)
    assert api("GET", f"/events/{third.id}").json()["detail"] == {"redacted": True}


def test_a_redacted_event_is_delivered_to_nobody(running: SqliteJournal, api: Api) -> None:
    with Receiver(answers=lambda _received: answered(503)) as receiver:
        api("POST", "/targets", {"name": "crm", "kind": "webhook", "url": receiver.url(), "max_attempts": 1})
        rule = {"bus": "default", "name": "all", "pattern": {"source": ["shop"]}, "targets": ["crm"]}
        assert api("POST", "/rules", rule).status_code == 201
        assert api("POST", "/archives", {"name": "all", "bus": "default"}).status_code == 201
        [event] = put(running, detail())
        until(lambda: DeadLetterRow.objects.filter(event_id=event.id).exists(), what="a dead letter")
        done(api, {"ids": [str(event.id)], "reason": "her wish"})
        answered = len(receiver.requests)

        assert api("POST", "/redrives", {"filter": {}}).status_code == 201
        until(
            lambda: OutcomeRow.objects.filter(event_id=event.id, state="dead", reason=REASON).exists(),
            what="the end of the redriven delivery",
        )
        window = {
            "since": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
            "until": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        }
        assert api("POST", "/replays", {"name": "again", "archive": "all"} | window).status_code == 201
        again = until(lambda: EventRow.objects.filter(cause_id=event.id).first(), what="the replayed event")
        routing = until(lambda: RoutingRow.objects.filter(event_id=again.id).first(), what="its routing")

        assert (routing.state, routing.error) == ("unmatched", REASON)
        assert len(receiver.requests) == answered
        assert EMAIL not in api("GET", f"/events/{again.id}").content.decode()


def test_the_page_of_the_event_says_it(running: SqliteJournal, api: Api) -> None:
    [event] = put(running, detail())
    done(api, {"ids": [str(event.id)], "paths": ["detail.customer.email"], "reason": "<b>her</b> wish"})
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("ann"))

    page = client.get(f"/events/{event.id}").content.decode()

    assert "Redacted on" in page
    assert "&lt;b&gt;her&lt;/b&gt; wish" in page
    assert "<code>detail.customer.email</code>" in page
    assert EMAIL not in page


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"reason": "r"}, "ids"),
        ({"reason": "r", "ids": [], "filter": {"bus": "a"}}, "ids"),
        ({"reason": "r", "ids": []}, "ids"),
        ({"reason": "r", "ids": ["x"]}, "ids[0]"),
        ({"reason": "r", "filter": {}}, "filter"),
        ({"reason": "r", "filter": {"rule": "a"}}, "filter.rule"),
        ({"reason": "r", "filter": {"bus": ""}}, "filter.bus"),
        ({"reason": "r", "filter": {"since": "today"}}, "filter.since"),
        ({"reason": "r", "filter": {"where": {"path": "detail.a"}}}, "filter.where"),
        ({"reason": "r", "filter": {"where": {"path": "a", "equals": 1}}}, "filter.where.path"),
        ({"reason": "r", "filter": {"bus": "a"}, "paths": ["customer"]}, "paths[0]"),
        ({"reason": "r", "filter": {"bus": "a"}, "after": "x"}, "after"),
        ({"filter": {"bus": "a"}}, "reason"),
        ({"filter": {"bus": "a"}, "reason": "r" * 501}, "reason"),
        ({"filter": {"bus": "a"}, "reason": "r", "force": True}, "force"),
        ({"filter": {"bus": "a"}, "reason": "r", "paths": None}, "paths"),
    ],
)
def test_what_is_wrong_is_refused_where_it_is(
    running: SqliteJournal, api: Api, body: dict[str, Any], path: str
) -> None:
    document = assert_problem(api("POST", "/redactions", body), 400)

    assert [one["path"] for one in document["errors"]] == [path]


def test_redacting_is_for_administrators(running: SqliteJournal, key_api: Callable[..., Api]) -> None:
    [event] = put(running, detail())
    for scope in set(Scope) - {Scope.ADMIN}:
        assert_problem(key_api(scope)("POST", "/redactions", {"ids": [str(event.id)], "reason": "r"}), 403)
        assert_problem(key_api(scope)("GET", "/redactions"), 403)


def test_a_key_limited_to_buses_redacts_their_events_alone(
    running: SqliteJournal, key_api: Callable[..., Api]
) -> None:
    shop = Bus.objects.create(name="shop")
    [ours] = put(running, detail())
    limited = key_api(Scope.ADMIN, buses=(shop,))

    assert done(limited, {"ids": [str(ours.id)], "reason": "r"})["events"] == 0
    assert_problem(limited("GET", "/redactions"), 403)


@pytest.mark.parametrize(("role", "everywhere"), [(Role.VIEWER, False), (Role.EDITOR, True)])
def test_who_has_several_roles_redacts_where_they_administer_alone(
    running: SqliteJournal, role: Role, everywhere: bool
) -> None:
    default, shop = Bus.objects.get(name="default"), Bus.objects.create(name="shop")
    [theirs] = put(running, detail())
    ours = new_event(bus_id=shop.pk, bus="shop", detail=detail())
    append(running, ours)
    person("ann", Role.ADMINISTRATOR, shop)
    mixed = Api(browser_of(person("ann", role, *([] if everywhere else [default]))))
    guess = {"filter": {"where": {"path": "detail.customer.email", "equals": EMAIL}}, "dry_run": True}

    assert done(mixed, guess)["events"] == 1
    assert done(mixed, {"filter": {"bus": "default"}, "dry_run": True})["events"] == 0
    assert done(mixed, {"ids": [str(theirs.id), str(ours.id)], "reason": "r"})["events"] == 1
    assert_problem(mixed("GET", "/redactions"), 403)
    assert EMAIL in EventRow.objects.get(id=theirs.id).detail
    assert EMAIL not in EventRow.objects.get(id=ours.id).detail


def test_the_example_of_the_documentation_is_answered(running: SqliteJournal, api: Api) -> None:
    put(running, detail("zoe@example.com"))
    page = html.unescape(Path("templates/docs/audit.html").read_text(encoding="utf-8"))
    found = re.search(r'<pre id="redactions"><code>POST /api/redactions\n(.*?)</code>', page, re.DOTALL)
    assert found

    told = done(api, json.loads(found.group(1)))

    assert told["dry_run"] is True
