from uuid import uuid4

import pytest
from django.test import Client

from eventhub.journal.port import OutcomeState
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import ApiKey, Bus, Role
from tests.live.world import World
from tests.people import browser_of, person

PAGES = ["/flow", "/events", "/dead-letters", "/docs/"]


@pytest.fixture
def world(journal: SqliteJournal) -> World:
    return World(journal)


def signed_in(*, staff: bool = True) -> Client:
    return browser_of(person(f"reader-{staff}", Role.ADMINISTRATOR if staff else Role.VIEWER))


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.content
    return str(response.content, "utf-8")


@pytest.mark.parametrize("address", [*PAGES, "/events/019a0000-0000-7000-8000-000000000000", "/flow/rows"])
@pytest.mark.django_db
def test_pages_are_for_people_who_signed_in(address: str) -> None:
    response = Client().get(address)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in?next=/")


@pytest.mark.parametrize("address", PAGES)
def test_a_page_runs_nothing_inline_but_its_own_import_map(address: str, journal: SqliteJournal) -> None:
    response = signed_in().get(address)

    policy = response.headers["Content-Security-Policy"]
    text = response.content.decode()
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert " style=" not in text
    assert " onclick=" not in text
    for script in text.split("<script")[1:]:
        opening = script.partition(">")[0]
        assert "src=" in opening or "application/json" in opening or 'nonce="' in opening
    nonces = {part.partition('"')[0] for part in text.split('nonce="')[1:]}
    assert all(f"'nonce-{nonce}'" in policy for nonce in nonces)


def test_the_nonce_is_another_one_each_time(journal: SqliteJournal) -> None:
    client = signed_in()

    policies = {client.get("/flow").headers["Content-Security-Policy"] for _ in range(3)}

    assert len(policies) == 3


def test_the_empty_flow_page_shows_the_first_steps(journal: SqliteJournal) -> None:
    text = text_of(signed_in(), "/flow")

    assert "Send your first event" in text
    assert "curl -X POST http://testserver/api/buses/default/events" in text
    assert not ApiKey.objects.exists()  # looking mints nothing


def test_the_first_key_puts_events_on_one_bus_and_is_shown_in_the_curl(journal: SqliteJournal) -> None:
    response = signed_in().post("/flow/first-key", headers={"Accept": "application/json"})

    minted = response.json()
    key = ApiKey.objects.get(pk=minted["id"])
    assert key.scopes == ["events:put"]
    assert [bus.name for bus in key.buses.all()] == ["default"]
    assert key.expires_at is not None
    without_javascript = signed_in().post("/flow/first-key").content.decode()
    assert f"{minted['id']}.{minted['secret']}" in without_javascript


def test_no_first_key_once_there_are_events(world: World) -> None:
    world.accept()

    response = signed_in().post("/flow/first-key", headers={"Accept": "application/json"})

    assert response.status_code == 409
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("address", ["/flow/first-key", "/flow/test-event"])
def test_who_only_reads_gets_no_key_and_sends_nothing(address: str, journal: SqliteJournal) -> None:
    response = signed_in(staff=False).post(address, headers={"Accept": "application/json"})

    assert response.status_code == 403


@pytest.mark.parametrize("address", ["/flow/first-key", "/flow/test-event"])
def test_first_steps_need_a_token_against_forgery(address: str, journal: SqliteJournal) -> None:
    client = browser_of(person("ada", Role.EDITOR), enforce_csrf_checks=True)

    assert client.post(address).status_code == 403


def test_a_form_that_is_no_longer_current_says_what_to_do(journal: SqliteJournal) -> None:
    response = Client(enforce_csrf_checks=True).post("/sign-in", {"username": "ada", "password": "x"})

    text = response.content.decode()
    assert response.status_code == 403
    assert "This form was no longer current" in text
    assert 'href="/sign-in"' in text
    assert "css/base.css" in text
    assert "Django" not in text


def test_an_error_of_ours_has_a_page_of_ours(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_request: object) -> None:
        raise RuntimeError("a fault of the test")

    client = signed_in()
    client.raise_request_exception = False
    monkeypatch.setattr("eventhub.dashboard.event_page.paging.page_of", fails)

    pages = {
        400: client.get("/flow", headers={"Host": "elsewhere.example"}),
        404: client.get("/nowhere"),
        500: client.get("/events"),
    }

    for status, page in pages.items():
        assert page.status_code == status
        assert "css/base.css" in page.content.decode()
        assert "Back to the flow" in page.content.decode()


def test_the_flow_page_lists_nodes_and_rows_without_javascript(world: World) -> None:
    world.accept(2, source="shop", detail_type="order.paid")
    world.route((world.paid, world.mail))
    world.deliver()

    text = text_of(signed_in(), "/flow")

    assert "Send your first event" not in text
    assert f'href="/admin/eventhub/rule/{world.paid.pk}/change/">paid</a>' in text
    assert text.count("order.paid") >= 2
    assert "✓ done" in text


def test_the_flow_page_of_a_bus_that_does_not_exist_is_not_found(journal: SqliteJournal) -> None:
    response = signed_in().get("/flow?bus=nowhere")

    assert response.status_code == 404
    assert b"Not here" in response.content


def test_a_gap_is_loaded_exactly(world: World) -> None:
    ids = world.accept(5)
    client = signed_in()
    everything = client.get("/flow/rows").json()["rows"]
    assert [row[0] for row in everything] == [str(one) for one in ids]

    gap = client.get(f"/flow/rows?after={everything[0][10]}&before={everything[4][10]}").json()

    assert gap == {"rows": everything[1:4], "more": False}


def test_an_event_that_failed_and_was_tried_again_shows_its_whole_way(world: World) -> None:
    (event_id,) = world.accept(detail=b'{"amount": 1.50}', detail_type="order.paid")
    world.route((world.paid, world.mail))
    world.settle(world.claim(), OutcomeState.PENDING)
    world.deliver()

    text = text_of(signed_in(), f"/events/{event_id}")

    assert "receiver answered 503" in text
    assert "✓ delivered" in text
    assert "2 attempts" in text
    assert '<span class="j-number">1.50</span>' in text
    assert "data-in-flight" not in text


def test_an_event_in_flight_says_so(world: World) -> None:
    (event_id,) = world.accept()

    text = text_of(signed_in(), f"/events/{event_id}")

    assert "data-in-flight" in text
    assert "Matching it against the rules is next" in text


def test_an_event_without_a_rule_leads_to_adding_one(world: World) -> None:
    (event_id,) = world.accept()
    world.route()

    assert "/admin/eventhub/rule/add/" in text_of(signed_in(), f"/events/{event_id}")
    assert "/rule/add/" not in text_of(signed_in(staff=False), f"/events/{event_id}")


def test_markup_in_an_event_stays_text(world: World) -> None:
    (event_id,) = world.accept(
        source="<script>alert(1)</script>",
        detail_type="<b>x",
        detail=b'{"a": "</pre><script>alert(2)</script>"}',
    )
    client = signed_in()

    for address in (f"/events/{event_id}", "/events", "/flow"):
        assert "<script>alert" not in text_of(client, address)
        assert "<b>x" not in text_of(client, address)


def test_an_event_that_is_not_there_is_not_found(journal: SqliteJournal) -> None:
    assert signed_in().get(f"/events/{uuid4()}").status_code == 404


def test_the_list_of_events_is_filtered_and_paged_without_repeating(world: World) -> None:
    world.accept(120, source="shop")
    world.accept(3, source="cafe")
    client = signed_in()

    first = text_of(client, "/events?source=shop")

    assert first.count("/events/0") == 100
    assert "cafe" not in first
    older = first.partition('">Older')[0].rpartition('href="')[2].replace("&amp;", "&")
    second = text_of(client, f"/events{older}")
    assert second.count("/events/0") == 20


def test_a_position_that_is_none_is_not_found(journal: SqliteJournal) -> None:
    assert signed_in().get("/events?before=yesterday").status_code == 404


def test_dead_letters_tell_their_reason(world: World) -> None:
    (event_id,) = world.accept(detail_type="order.paid")
    world.route((world.paid, world.mail))
    world.settle(world.claim(), OutcomeState.DEAD)
    client = signed_in()

    text = text_of(client, "/dead-letters")

    assert "receiver answered 503" in text
    assert f"/events/{event_id}" in text
    assert "No dead letter passes" in text_of(client, "/dead-letters?target=another")


@pytest.mark.django_db
def test_the_reference_serves_only_its_own_pages() -> None:
    client = signed_in()

    for name in ("base", "../base", "..%2fsettings", "nothing", "index"):
        assert client.get(f"/docs/{name}").status_code == 404


def test_one_bus_is_shown_alone(world: World) -> None:
    Bus.objects.create(name="third")
    world.accept(source="shop")

    assert (
        "shop" not in text_of(signed_in(), "/flow?bus=third").partition("<tbody")[2].partition("</tbody>")[0]
    )


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("light", "light"), ('"><script>', "system")]
)
@pytest.mark.django_db
def test_the_theme_is_rendered_from_its_cookie(cookie: str, theme: str) -> None:
    client = signed_in()
    client.cookies["theme"] = cookie

    assert f'data-theme="{theme}"' in text_of(client, "/docs/")


@pytest.mark.django_db
def test_every_page_says_what_browsers_must_not_do() -> None:
    headers = Client().get("/sign-in").headers

    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
