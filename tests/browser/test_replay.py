"""A replay in the browser: counted while it is asked for, begun, and followed to its end without a reload."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.test_accessible import ask
from tests.running import Running
from tests.until import until

pytestmark = pytest.mark.whole


def test_a_replay_is_counted_begun_and_followed(hub: Running, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{hub.url}/buses/default")
    page.get_by_role("link", name="New archive").click()
    page.get_by_label("Name").fill("all-of-it")
    page.get_by_role("button", name="Make the archive").click()
    for number in range(3):
        event = {"source": "shop", "detail-type": "order.paid", "detail": {"order": number}}
        ask(hub, "buses/default/events", event)
    until(lambda: ask(hub, "archives/all-of-it")["events"] == 3, what="the archive to hold three")  # type: ignore[comparison-overlap]  # a count

    page.get_by_role("link", name="Replay all-of-it").click()
    expect(page.locator("#counted")).to_contain_text("of the 3 that it holds would be put again")
    page.get_by_label("Until").fill("2020-01-01T00:00:00")
    expect(page.get_by_text("wanted a moment after the one above")).to_be_visible()
    soon = datetime.now(tz=UTC) + timedelta(seconds=2)  # just beyond the last of them
    page.get_by_label("Until").fill(f"{soon:%Y-%m-%dT%H:%M:%S}")
    expect(page.locator("#counted")).to_contain_text("3 events of the 3 that it holds")
    page.get_by_label("Events a second").fill("1")
    expect(page.locator("#counted")).to_contain_text("in about 3.00 s")
    page.get_by_role("button", name="Replay 3 events").click()

    card = page.locator("article.replay")
    expect(card).to_contain_text("✓ done", timeout=30_000)
    expect(card).to_contain_text("3 of 3 put on the bus again")


def test_a_chart_is_read_bar_by_bar_with_the_keys_and_stays_while_it_is_read(
    hub: Running, watched: Watched
) -> None:
    page = watched.page
    for number in range(3):
        event = {"source": "shop", "detail-type": "order.paid", "detail": {"order": number}}
        ask(hub, "buses/default/events", event)
    page.goto(f"{hub.url}/buses/default")
    expect(page.locator("#charts .most").first).to_contain_text("3 a minute at most", timeout=20_000)

    plot = page.get_by_role("group", name="Bar by bar: arrow keys").first
    page.keyboard.press("Tab")
    plot.focus()
    plot.press("Home")
    expect(page.locator("#charts .most").first).to_contain_text("accepted 0 · no rule 0")
    with page.expect_response(f"{hub.url}/buses/default", timeout=20_000):
        pass
    expect(plot).to_be_focused()
    for _ in range(59):
        plot.press("ArrowRight")
    said = page.locator("#charts .most").first
    expect(said).to_contain_text("accepted")
    plot.blur()
    expect(said).to_contain_text("a minute at most")
