import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from eventhub.dashboard import words
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import OutcomeState
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import ApiKey, Bus, Role
from tests.journal.build import now_us
from tests.live.world import World
from tests.people import browser_of, person

PAGES = [
    "/flow",
    "/events",
    "/dead-letters",
    "/docs/",
    "/help/keys",
    "/rules",
    "/rules/new",
    "/targets",
    "/buses",
    "/sources",
]


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


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


@pytest.mark.parametrize("address", [*PAGES, "/sign-in", "/flow/rows", "/nowhere", "/admin/"])
def test_no_cache_keeps_a_page(address: str, world: World) -> None:
    for client in (signed_in(), Client()):
        assert "no-store" in client.get(address).headers["Cache-Control"]


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
    monkeypatch.setattr("eventhub.dashboard.stream.listed_events", fails)

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
    assert f'href="/rules/{world.paid.pk}">paid</a>' in text
    assert text.count("order.paid") >= 2
    assert "✓ delivered" in text


def listed(text: str) -> list[str]:
    body = text.partition('id="node-rows"')[2].partition("</tbody>")[0]
    return re.findall(r"<td><a[^>]*>([^<]*)</a></td>", body)


def test_the_list_of_nodes_is_sorted_and_filtered_without_javascript(world: World) -> None:
    world.accept(2, source="shop")
    client = signed_in()

    by_name = text_of(client, "/flow?list=1&sort=name")

    assert 'class="flow-page as-list"' in by_name
    assert re.search(r'aria-sort="ascending"><a data-sort="name" href="\?list=1&amp;sort=-name"', by_name)
    assert listed(by_name) == sorted(listed(by_name))
    assert listed(text_of(client, "/flow?list=1&sort=-name")) == listed(by_name)[::-1]
    assert listed(text_of(client, "/flow?find=PAI")) == ["shop", "default", "paid", "mail", "dead letters"]
    assert listed(text_of(client, f"/flow?focus=target:{world.books.pk}")) == [
        "shop",
        "default",
        "all",
        "books",
        "dead letters",
    ]
    assert listed(text_of(client, "/flow?find=nothing")) == []


def test_every_state_of_a_node_is_in_the_reference() -> None:
    page = (Path(settings.BASE_DIR) / "templates/docs/flow.html").read_text()

    states = page.partition('id="states"')[2].partition("</table>")[0]
    told = [" ".join(said) for said in re.findall(r'<th scope="row">(\S+) ?(\S*)</th>', states)]
    assert {one.strip() for one in told} == {
        f"{one.glyph} {one.word}".strip() for one in words.CONDITIONS.values()
    }


def test_the_flow_page_says_since_when_nothing_came(world: World) -> None:
    two_minutes_ago = now_us() - 120_000_000
    ids = world.accept(1, detail_type="order.paid", accepted_at=two_minutes_ago)

    text = text_of(signed_in(), "/flow")

    assert "No events for 2 min" in text
    assert f'<a href="/events/{ids[0]}">order.paid →</a>' in text


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

    assert gap == {"rows": everything[1:4], "more": False, "next": None, "looked": ""}


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

    assert f"/rules/new?from=event:{event_id}" in text_of(signed_in(), f"/events/{event_id}")
    assert "/rules/new" not in text_of(signed_in(staff=False), f"/events/{event_id}")


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
    world.accept(3, source="tearoom")
    client = signed_in()

    first = text_of(client, "/events?source=shop")

    assert first.count("/events/0") == 100
    assert "tearoom" not in first
    older = first.partition('">Older')[0].rpartition('href="')[2].replace("&amp;", "&")
    second = text_of(client, f"/events{older}")
    assert second.count("/events/0") == 20


def test_events_are_searched_by_a_filter(world: World) -> None:
    (wanted,) = world.accept(detail_type="order.paid", detail=b'{"amount": 120.5}')
    world.accept(detail_type="order.paid", detail=b'{"amount": 80}')
    client = signed_in()

    text = text_of(client, f"/events?q={quote('type:order.* detail.amount:>100')}")

    assert text.count("/events/0") == 1
    assert f"/events/{wanted}" in text
    assert 'value="type:order.* detail.amount:&gt;100"' in text
    assert "Looked at 2 of 2 events." in text
    assert "No event passes this filter" in text_of(client, "/events?q=type%3Aother")
    assert "/events/0" not in text_of(client, "/events?q=type%3Aorder.paid&to=1h")


def test_a_wrong_filter_is_shown_at_its_column(world: World) -> None:
    world.accept()

    response = signed_in().get(f"/events?q={quote('source:shop sorce:x')}")

    text = response.content.decode()
    assert response.status_code == 400
    assert "column 13: wanted one of bus, source, type" in text
    assert "<code>source:shop <mark>sorce:x</mark></code>" in text
    assert 'aria-invalid="true"' in text
    assert "from: wanted a moment such as" in signed_in().get("/events?from=never").content.decode()
    assert signed_in().get("/events?q=a&cursor=x").status_code == 400


def test_a_search_whose_time_is_up_can_go_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventhub.journal.search.walk.FIRST_WINDOW", 100)
    world.accept(250)
    search = world.journal.search
    monkeypatch.setattr(world.journal, "search", lambda asked: search(replace(asked, box_seconds=0.0)))
    client = signed_in()

    text = text_of(client, "/events?q=text%3Aabsent")

    assert "Time was up: looked at " in text
    assert "of 250 events" in text
    steps = 0
    while ">Go on</a>" in text:
        following = text.partition('">Go on')[0].rpartition('href="')[2].replace("&amp;", "&")
        text, steps = text_of(client, f"/events{following}"), steps + 1
    assert steps == 2
    assert "Looked at 250 of 250 events." in text


def test_a_gap_of_a_filtered_stream_is_loaded_by_its_filter(world: World) -> None:
    world.accept(source="other")
    (wanted,) = world.accept(source="shop")
    client = signed_in()

    loaded = client.get(f"/flow/rows?q={quote('source:shop')}&after=0-0&before=0-9").json()

    assert [row[0] for row in loaded["rows"]] == [str(wanted)]
    assert loaded["more"] is False
    assert client.get("/flow/rows?q=source:").json()["at"] == 7


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
