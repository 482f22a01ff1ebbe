"""Partner event sources over REST, and buses with slashes in their names at every address."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from eventhub import asgi
from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.api.ingest import ingest
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, PartnerSource
from tests.api.door import Call, Doors
from tests.rest.conftest import Api, assert_problem

pytestmark = pytest.mark.django_db

OURS = "000000000000"
SOURCE = "aws.partner/example.com/acme/events"
# The test's client decodes an address once, as ``asgi`` does all but the slashes of names.
PATH = SOURCE.replace("/", "%252F")


@pytest.fixture
def api(key_api: Callable[..., Api], db: None) -> Api:
    return key_api(Scope.ADMIN)


def test_a_source_is_offered_taken_and_switched(api: Api) -> None:
    made = api("POST", "/partner-sources", {"name": SOURCE, "account": OURS})
    bus = api("POST", "/buses", {"name": SOURCE})
    off = api("POST", f"/partner-sources/{PATH}/deactivate")
    on = api("POST", f"/partner-sources/{PATH}/activate")

    assert (made.status_code, made.json()["state"]) == (201, "PENDING")
    assert made.json()["expires_at"] > made.json()["created_at"]
    assert bus.status_code == 201
    assert (off.json()["state"], on.json()["state"], on.json()["expires_at"]) == ("PENDING", "ACTIVE", None)
    document = assert_problem(api("POST", f"/partner-sources/{PATH}/activate"), 409)
    assert document["detail"] == f"Event source {SOURCE} is active already."
    [listed] = api("GET", "/partner-sources").json()["items"]
    assert listed == on.json() == api("GET", f"/partner-sources/{PATH}").json()
    assert api("DELETE", f"/partner-sources/{PATH}").status_code == 204
    assert api("GET", f"/partner-sources/{PATH}").json()["state"] == "DELETED"


def test_what_could_be_no_source_is_refused_with_the_reason(api: Api) -> None:
    refused = assert_problem(api("POST", "/partner-sources", {"name": "orders", "account": "1"}), 400)
    no_source = assert_problem(api("POST", "/buses", {"name": SOURCE}), 400)

    assert {error["path"] for error in refused["errors"]} == {"name", "account"}
    [error] = no_source["errors"]
    assert error["message"] == "no partner event source of this name waits for its bus"


@pytest.mark.usefixtures("journal")
def test_a_partners_bus_is_read_changed_and_deleted_by_its_address(api: Api) -> None:
    PartnerSource.objects.create(name=SOURCE, account=OURS)
    Bus.objects.create(name=SOURCE)

    assert api("GET", f"/buses/{PATH}").json()["name"] == SOURCE
    assert api("GET", f"/buses/{PATH}/events").json()["items"] == []
    changed = api("PATCH", f"/buses/{PATH}", {"description": "of acme"})
    assert changed.json()["description"] == "of acme"
    assert api("DELETE", f"/buses/{PATH}").status_code == 204
    assert PartnerSource.objects.get().state == "PENDING"


def test_a_limited_key_sees_and_offers_no_source(key_api: Callable[..., Api], db: None) -> None:
    PartnerSource.objects.create(name=SOURCE, account=OURS)
    limited = key_api(Scope.ADMIN, buses=(Bus.objects.get(name="default"),))

    assert limited("GET", "/partner-sources").json()["items"] == []
    body = {"name": f"{SOURCE}-2", "account": OURS}
    assert_problem(limited("POST", "/partner-sources", body), 403)
    assert_problem(limited("POST", f"/partner-sources/{PATH}/activate"), 403)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/api/buses/aws.partner%2Fa%2fb/events", "/api/buses/aws.partner%2Fa%2Fb/events"),
        (b"/api/buses/caf%C3%A9%2Fa", "/api/buses/caf\N{LATIN SMALL LETTER E WITH ACUTE}%2Fa"),
        (b"/flow%2Fa", "/flow/a"),
    ],
)
def test_a_slash_within_a_name_is_no_slash_of_the_address(raw: bytes, path: str) -> None:
    decoded = path.replace("%2F", "/")

    assert asgi.slashes_kept({"path": decoded, "raw_path": raw}) == path


def test_events_are_posted_to_a_partners_bus(journal: SqliteJournal) -> None:
    doors = Doors(journal)
    Bus.objects.create(name=SOURCE)
    key, secret = mint("shop", [Scope.EVENTS_PUT])
    headers = {"authorization": f"Bearer {key.pk}.{secret}", "content-type": "application/json"}
    body = b'{"source": "shop", "detail-type": "order placed", "detail": {}}'

    answer = doors.answer(Call(ingest, f"/api/buses/{SOURCE}/events", headers, [body]))

    assert answer.status == 202
    assert [event.bus for event in doors.stored(SOURCE)] == [SOURCE]
    assert asgi.door("POST", f"/api/buses/{SOURCE.replace('/', '%2F')}/events") is ingest


def test_django_is_asked_for_the_address_with_its_slashes_kept() -> None:
    sent: list[dict[str, Any]] = []

    request = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not request:
            await asyncio.Event().wait()  # the client stays
        return request.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def ask(raw: str, path: str) -> int:
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": raw.encode(),
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }
        await asgi.application(scope, receive, send)
        return int(sent[-2]["status"])

    # 401 of the resource, 404 of nothing.
    assert asyncio.run(ask("/api/buses/aws.partner/a/b", "/api/buses/aws.partner/a/b")) == 404
    sent.clear()
    request.append({"type": "http.request", "body": b"", "more_body": False})
    assert asyncio.run(ask("/api/buses/aws.partner%2Fa%2Fb", "/api/buses/aws.partner/a/b")) == 401


@pytest.mark.usefixtures("journal")
def test_a_partners_bus_has_its_pages(admin_client: Client) -> None:
    PartnerSource.objects.create(name=SOURCE, account=OURS)
    Bus.objects.create(name=SOURCE)

    assert admin_client.get("/flow", {"bus": SOURCE}).status_code == 200
    assert SOURCE in admin_client.get("/admin/eventhub/bus/").content.decode()
    page = admin_client.get("/admin/eventhub/partnersource/").content.decode()
    assert SOURCE in page
    assert "active" in page


def test_a_source_is_offered_and_deactivated_in_the_admin(admin_client: Client) -> None:
    added = admin_client.post("/admin/eventhub/partnersource/add/", {"name": SOURCE, "account": OURS})
    Bus.objects.create(name=SOURCE)
    source = PartnerSource.objects.get()
    chosen = {"action": "deactivate", "_selected_action": [source.pk]}
    first = admin_client.post("/admin/eventhub/partnersource/", chosen, follow=True)
    second = admin_client.post("/admin/eventhub/partnersource/", chosen, follow=True)

    assert added.status_code == 302
    assert f"Event source {SOURCE} is pending." in first.content.decode()
    assert f"Event source {SOURCE} is pending, not active." in second.content.decode()
    shown = admin_client.get(f"/admin/eventhub/partnersource/{source.pk}/change/").content.decode()
    assert "deleted if still pending at" in shown.lower()
