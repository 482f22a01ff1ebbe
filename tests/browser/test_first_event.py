"""The newcomer's minutes, in a real browser before a real hub."""

import json
import re
import time
import urllib.request

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Watched
from tests.receiver import Receiver
from tests.running import Running
from tests.until import until

# The newest row: lines are used again and again, so their order in the document says nothing.
TOP = '.stream-rows .row[aria-rowindex="2"]:not([hidden])'
BEARER = re.compile(r"Bearer ([A-Z0-9]+\.[\w-]+)")


def post(url: str, key: str, *, detail_type: str = "order.paid", count: int = 1) -> None:
    """Put events on the default bus."""
    entry = {"source": "shop", "detail-type": detail_type, "detail": {"order": 1, "amount": 42}}
    request = urllib.request.Request(
        f"{url}/api/buses/default/events",
        data=json.dumps([entry] * count).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 202
        assert json.load(answer)["failed"] == 0


def add_rule(hub: Running, url: str) -> None:
    """Deliver every event of the shop to ``url``."""

    def api(path: str, body: object) -> dict[str, object]:
        request = urllib.request.Request(
            f"{hub.url}/api/{path}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {hub.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)  # type: ignore[no-any-return]  # JSON

    api("targets", {"name": "mail", "kind": "webhook", "url": url})
    api("rules", {"bus": "default", "name": "paid", "pattern": {"source": ["shop"]}, "targets": ["mail"]})


def open_flow(page: Page, hub: Running) -> None:
    page.goto(f"{hub.url}/flow")
    expect(page.locator("#link-state")).to_contain_text("live", timeout=10_000)


def shown_rows(page: Page) -> int:
    return page.locator(".stream-rows .row:not([hidden], .is-gap)").count()


def test_the_curl_on_the_empty_page_makes_the_first_row(hub: Running, watched: Watched) -> None:
    page = watched.page
    open_flow(page, hub)
    curl = page.locator("#curl-text")
    expect(curl).to_contain_text(BEARER)
    text = curl.inner_text()
    assert f"{hub.url}/api/buses/default/events" in text
    found = BEARER.search(text)
    assert found is not None

    post(hub.url, found[1])

    expect(page.locator(TOP)).to_contain_text("order.paid", timeout=5000)
    expect(page.locator(".story")).to_contain_text("order.paid accepted → no rule matched")


@pytest.mark.whole
def test_the_button_sends_a_test_event(hub: Running, watched: Watched) -> None:
    page = watched.page
    open_flow(page, hub)

    page.get_by_role("button", name="Send test event").click()

    expect(page.locator(TOP)).to_contain_text("test.sent", timeout=5000)


@pytest.mark.whole
def test_an_event_is_seen_from_its_post_to_its_journey(hub: Running, watched: Watched) -> None:
    page = watched.page
    with Receiver() as receiver:
        add_rule(hub, receiver.url())
        until(lambda: _matches(hub), seconds=5, what="the rule to be in force")
        open_flow(page, hub)
        expect(page.locator("button.card-node", has_text="paid")).to_be_visible()
        # The page notes the moment at which each row is in the document.
        page.evaluate(
            """() => {
              window.seen = [];
              new MutationObserver(() => {
                const row = document.querySelector('.stream-rows .row[aria-rowindex="2"] .type');
                if (row?.textContent?.startsWith("timed.")) window.seen.push([row.textContent, Date.now()]);
              }).observe(document.querySelector(".stream-rows .stream-list"),
                         { subtree: true, childList: true, characterData: true });
            }"""
        )
        took = []
        for number in range(10):
            posted_at = time.time() * 1000
            post(hub.url, hub.key, detail_type=f"timed.{number}")
            seen = until(
                lambda n=number: dict(reversed(page.evaluate("window.seen"))).get(f"timed.{n}"),  # type: ignore[misc]  # bound per turn
                seconds=5,
                what="the row",
            )
            took.append(seen - posted_at)
        print(f"post to visible row: {sorted(round(ms) for ms in took)} ms")
        assert sorted(took)[5] < 250
        expect(page.locator("#figure-in")).not_to_have_text("0/s", timeout=8000)
        expect(page.locator(f"{TOP} .result")).to_contain_text("delivered", timeout=5000)

        page.locator(f"{TOP} a").click()
        expect(page.locator("#summary")).to_contain_text("→ mail")
        page.keyboard.press("Enter")

        expect(page.get_by_role("heading", name="timed.9")).to_be_visible()
        expect(page.get_by_role("heading", name="Journey")).to_be_visible()
        expect(page.locator(".lane", has_text="paid").first).to_contain_text("delivered")
        page.locator("details.attempt summary").first.focus()
        expect(page.locator("details.attempt")).to_contain_text("Request")


def _matches(hub: Running) -> bool:
    """Tell whether an event that is posted now finds the rule."""
    post(hub.url, hub.key)
    request = urllib.request.Request(
        f"{hub.url}/api/deliveries", headers={"Authorization": f"Bearer {hub.key}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bool(json.load(answer)["items"])


@pytest.mark.whole
def test_a_hub_that_was_killed_is_found_again_and_its_counts_are_right(
    hub: Running, watched: Watched
) -> None:
    page = watched.page
    post(hub.url, hub.key, count=3)
    open_flow(page, hub)
    until(lambda: shown_rows(page) == 3, what="three rows")

    hub.kill()
    expect(page.locator("#link-state")).to_contain_text("reconnecting", timeout=10_000)
    hub.start()
    post(hub.url, hub.key, count=4)

    expect(page.locator("#link-state")).to_contain_text("live", timeout=20_000)
    until(lambda: shown_rows(page) == 7, what="all seven rows")
    # The browser itself reports each try that found no server.
    watched.complaints = [text for text in watched.complaints if "WebSocket" not in text]


@pytest.mark.whole
def test_pause_keeps_collecting_and_moves_nothing(hub: Running, watched: Watched) -> None:
    page = watched.page
    post(hub.url, hub.key, detail_type="before")
    open_flow(page, hub)
    until(lambda: shown_rows(page) == 1, what="the row")

    page.keyboard.press("Space")
    post(hub.url, hub.key, detail_type="after", count=5)

    expect(page.locator(".stream-banner")).to_contain_text("5 new", timeout=5000)
    assert shown_rows(page) == 1
    page.keyboard.press("Space")
    until(lambda: shown_rows(page) == 6, what="all rows")


@pytest.mark.whole
def test_a_reader_without_javascript_sees_the_same(hub: Running, context: BrowserContext) -> None:
    post(hub.url, hub.key)
    browser = context.browser
    assert browser is not None
    plain = browser.new_context(storage_state=context.storage_state(), java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"{hub.url}/flow")

    expect(page.locator("table")).to_be_visible()
    expect(page.locator("table")).to_contain_text("shop")
    expect(page.locator(".stream .row")).to_have_count(1)
    plain.close()


@pytest.mark.whole
@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1440, 2560])
def test_no_page_is_wider_than_its_window(width: int, hub: Running, watched: Watched) -> None:
    post(hub.url, hub.key)
    page = watched.page
    page.set_viewport_size({"width": width, "height": 800})

    for address in ("/flow", "/events", "/dead-letters", "/docs/"):
        page.goto(f"{hub.url}{address}")
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{address} is {wider} px too wide at {width}"
