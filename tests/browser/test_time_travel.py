"""Looking back in a real browser: by keys, by a moment, by the address, played, and live again."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from tests.browser.test_first_event import open_flow, post
from tests.running import Running
from tests.until import until

pytestmark = pytest.mark.whole
LATEST = 3  # seconds until figures can be looked back at


def counted(page: Page) -> int:
    """Return how many events all bars hold."""
    return int(
        page.evaluate(
            "fetch('/flow/bars').then((answer) => answer.json())"
            ".then((sent) => sent.bars.reduce((sum, [accepted]) => sum + accepted, 0))"
        )
    )


def look_back(page: Page, hub: Running, count: int) -> int:
    """Post events, open the flow once they can be looked back at; return the second after them."""
    post(hub.url, hub.key, count=count)
    after = int(time.time()) + 1
    open_flow(page, hub)
    until(lambda: counted(page) == count and time.time() > after + LATEST, what="the rollups")
    return after


def test_the_page_goes_to_a_moment_and_back_to_live(hub: Running, watched: Watched) -> None:
    page = watched.page
    after = look_back(page, hub, 5)
    slider = page.get_by_role("slider", name="Moment shown")

    slider.press("Home")

    expect(page.locator("#link-state")).to_contain_text("history")
    expect(page.locator("#figure-in")).to_have_text("0/s")
    expect(page.locator(".stream-empty")).to_contain_text("No event was accepted then")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^\d\d:\d\d:\d\d, 0 events"))
    assert "at=" in page.url

    page.locator("#scrub-at").fill(
        page.evaluate("(at) => new Date(at).toLocaleString('sv').replace(' ', 'T')", after * 1000)
    )
    page.locator("#scrub-at").press("Enter")

    expect(page.locator("#figure-in")).to_have_text("1.0/s")
    expect(page.locator(".stream-rows .row:not([hidden], .is-gap)")).to_have_count(5)
    expect(page.locator("button.card-node", has_text="default").first).to_contain_text("1.0/s")

    page.locator("#scrub-go").press("l")

    expect(page.locator("#link-state")).to_contain_text("live")
    expect(page.locator(".stream-rows .row").first).to_be_visible()
    assert "at=" not in page.url


def test_an_address_leads_to_its_moment_and_what_happens_meanwhile_is_not_lost(
    hub: Running, watched: Watched
) -> None:
    page = watched.page
    after = look_back(page, hub, 2)
    page.goto(f"{hub.url}/flow?at={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(after))}")
    expect(page.locator(".stream-rows .row:not([hidden], .is-gap)")).to_have_count(2)

    post(hub.url, hub.key, count=3)
    until(lambda: counted(page) == 5, what="the later events")

    expect(page.locator(".stream-rows .row:not([hidden], .is-gap)")).to_have_count(2)
    page.get_by_role("link", name="LIVE").click()
    expect(page.locator("#figure-in")).not_to_have_text("2/min")
    expect(page.locator("button.card-node", has_text="default").first).to_contain_text(
        "5/min", timeout=10_000
    )


def test_playing_shows_what_happened_and_ends_live(hub: Running, watched: Watched) -> None:
    page = watched.page
    after = look_back(page, hub, 4)
    page.goto(f"{hub.url}/flow?at={time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(after - 60))}")
    expect(page.locator("#figure-in")).to_have_text("0/s")
    page.get_by_label("Speed").select_option("10")

    page.get_by_role("button", name="Play").click()

    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.locator("#figure-in")).to_have_text(re.compile(r"0\.8/s|4/min"), timeout=15_000)
    expect(page.locator("#link-state")).to_contain_text("live", timeout=20_000)
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_pointer_moves_through_time_and_tells_of_a_bar(hub: Running, watched: Watched) -> None:
    page = watched.page
    look_back(page, hub, 1)
    track = page.locator("#scrub-track")
    box = track.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30)
    expect(page.locator("#scrub-tip")).to_contain_text("0 events")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 30, steps=5)
    page.mouse.up()

    expect(track).to_have_attribute("aria-valuenow", re.compile("^(60|61)$"))
    expect(page.locator("#link-state")).to_contain_text("history")
    page.get_by_role("link", name="One bar back").click()
    expect(track).to_have_attribute("aria-valuenow", re.compile("^(59|60)$"))
