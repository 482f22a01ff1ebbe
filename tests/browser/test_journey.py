"""The page of one event in a real browser: live while it is in flight, opened piece by piece, explained."""

import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from tests.receiver import Receiver, status
from tests.running import Running
from tests.until import takes_effect_everywhere


def ask(hub: Running, path: str, body: object = None) -> Any:
    request = urllib.request.Request(
        f"{hub.url}/api/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {hub.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def put(hub: Running, detail_type: str = "order.paid", **detail: object) -> str:
    """Put an event on the default bus; return its id."""
    entry = {"source": "shop", "detail-type": detail_type, "detail": {"amount": 120, **detail}}
    identifier: str = ask(hub, "buses/default/events", entry)["entries"][0]["id"]
    return identifier


@pytest.fixture
def receiver(hub: Running) -> Iterator[Receiver]:
    """Configure three rules: one delivers to a receiver that tests decide about, two want something else."""
    with Receiver() as receiver:
        ask(hub, "targets", {"name": "mail", "kind": "webhook", "url": receiver.url("/mail")})
        patterns: dict[str, object] = {
            "paid": {"detail-type": ["order.paid"]},
            "vip": {"source": ["shop"], "detail": {"amount": [{"numeric": [">", 500]}]}},
            "refunds": {"source": ["till"], "detail-type": ["order.refunded"]},
        }
        for name, pattern in patterns.items():
            ask(hub, "rules", {"bus": "default", "name": name, "pattern": pattern, "targets": ["mail"]})
        takes_effect_everywhere()
        yield receiver


def open_event(page: Page, hub: Running, event_id: str, more: str = "") -> None:
    page.goto(f"{hub.url}/events/{event_id}{more}")


def test_an_event_in_flight_is_followed_to_its_end(
    hub: Running, watched: Watched, receiver: Receiver
) -> None:
    page = watched.page
    receiver.answer("/mail", status(503), status(503), status(200))

    open_event(page, hub, put(hub))
    summary = page.locator(".leg > summary")
    expect(summary).to_contain_text("paid → mail", timeout=5000)
    summary.focus()

    expect(page.locator(".attempt")).to_have_count(3, timeout=20_000)
    expect(page.locator("#news")).to_contain_text("attempt 3 delivered", timeout=5000)
    expect(summary).to_contain_text("✓ delivered")
    expect(page.locator(".verdict").first).to_have_text("Delivered to its one target, after 2 failures.")
    expect(page.locator("#journey")).not_to_have_attribute("data-in-flight", re.compile(".*"))
    # It grew in place: what had the focus has it still.
    expect(summary).to_be_focused()


def test_an_attempt_is_opened_linked_and_opened_again(
    hub: Running, watched: Watched, receiver: Receiver
) -> None:
    page = watched.page
    receiver.answer("/mail", status(422, body=b'{"error": "no amount"}'))
    open_event(page, hub, put(hub))
    expect(page.locator(".verdict").first).to_contain_text("is a dead letter", timeout=10_000)

    page.locator(".attempt > summary").click()  # the only one is open already
    page.locator(".attempt > summary").click()

    expect(page.locator(".decision")).to_contain_text(
        "given up at once: the receiver refused this request (422)"
    )
    expect(page.locator(".exchange")).to_contain_text('{"error": "no amount"}')
    expect(page).to_have_url(re.compile("attempt=1.1"))
    page.reload()
    expect(page.locator(".attempt")).to_have_attribute("open", "")


@pytest.mark.whole
def test_an_event_is_read_with_the_keyboard_alone(hub: Running, watched: Watched, receiver: Receiver) -> None:
    page = watched.page
    receiver.answer("/mail", status(422))
    open_event(page, hub, put(hub))
    expect(page.locator(".verdict").first).to_contain_text("is a dead letter", timeout=10_000)

    page.keyboard.press("j")
    expect(page.locator(".leg > summary")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".attempt > summary")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator(".leg")).not_to_have_attribute("open", "")
    page.keyboard.press("c")
    expect(page.locator("[data-copy=event-link]")).to_have_text(re.compile("Copied|Selected"))


@pytest.mark.whole
def test_the_way_from_an_event_to_why_and_back(hub: Running, watched: Watched, receiver: Receiver) -> None:
    page = watched.page
    open_event(page, hub, put(hub))
    expect(page.locator("#rules")).to_contain_text("detail.amount is 120, wanted more than 500", timeout=5000)

    page.get_by_role("link", name="Why vip did not match").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Why vip did not match")
    expect(page.locator("mark.fails .j-number")).to_have_text("120")
    page.get_by_role("link", name=re.compile("^Today")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why vip would not match")
    page.get_by_role("link", name="order.paid").click()
    page.get_by_role("link", name="Against today's rules").click()
    expect(page.locator("#rules")).to_contain_text("The same rules match as then.")


@pytest.mark.whole
def test_an_event_is_replayed_for_one_delivery(hub: Running, watched: Watched, receiver: Receiver) -> None:
    page = watched.page
    event_id = put(hub)
    receiver.wait_for(1, "/mail")
    open_event(page, hub, event_id)

    page.locator("#replay-menu summary").click()
    page.get_by_role("link", name="paid → mail again…").click()
    expect(page.get_by_role("checkbox", name="paid")).to_be_checked()
    page.get_by_role("button", name="Replay it").click()

    expect(page.locator(".notices")).to_contain_text("Put on its bus again, as this event.")
    receiver.wait_for(2, "/mail")
    expect(page.locator(".journey-head .facts")).to_contain_text("replay by-hand, user:ada")
    expect(page.locator(".strip a")).to_have_attribute("href", f"/events/{event_id}")


@pytest.mark.whole
def test_the_page_is_whole_without_javascript(hub: Running, watched: Watched, receiver: Receiver) -> None:
    event_id = put(hub)
    receiver.wait_for(1, "/mail")
    browser = watched.page.context.browser
    assert browser is not None
    plain = browser.new_context(storage_state=watched.page.context.storage_state(), java_script_enabled=False)
    page = plain.new_page()
    open_event(page, hub, event_id, "?attempt=1.1&show=envelope")

    expect(page.locator(".exchange")).to_contain_text("POST http://127.0.0.1")
    expect(page.locator(".show-envelope")).to_be_visible()
    expect(page.locator(".show-data")).to_be_hidden()
    plain.close()


@pytest.mark.whole
def test_rows_of_a_wide_event_come_into_view_and_go(
    hub: Running, watched: Watched, receiver: Receiver
) -> None:
    page = watched.page
    names = [f"mail-{number:02}" for number in range(50)]
    for name in names:
        ask(hub, "targets", {"name": name, "kind": "log"})
    for number in range(5):
        rule = {"bus": "default", "name": f"fan-{number}", "pattern": {"detail-type": ["fan.out"]}}
        ask(hub, "rules", {**rule, "targets": names})
    takes_effect_everywhere()

    open_event(page, hub, put(hub, "fan.out"))
    expect(page.locator(".verdict").first).to_have_text("Delivered to all 250 targets.", timeout=20_000)

    expect(page.locator("#minimap")).to_be_visible()
    page.evaluate("document.querySelector('.chunk:last-child').scrollIntoView()")
    expect(page.locator("#delivery-250")).to_be_attached(timeout=5000)
    expect(page.locator("#delivery-1")).to_have_count(0, timeout=5000)
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("#delivery-1")).to_be_attached(timeout=5000)


@pytest.mark.whole
@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1440, 2560])
def test_no_page_of_an_event_is_wider_than_its_window(
    width: int, hub: Running, watched: Watched, receiver: Receiver
) -> None:
    receiver.answer("/mail", status(422, body=b"x" * 400))
    event_id = put(hub, note="y" * 300)
    receiver.wait_for(1, "/mail")
    page = watched.page
    page.set_viewport_size({"width": width, "height": 800})

    for more in ("", "?attempt=1.1&show=attributes", "?show=delivered&rules=now", "/why/2", "/replay"):
        open_event(page, hub, event_id, more)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, f"{more} is {wider} px too wide at {width}"
