"""The admin in a browser: what the index leads to, and what is done to chosen rows."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.test_accessible import ask, filled
from tests.running import Running

pytestmark = pytest.mark.whole


def test_the_index_tells_the_state_and_leads_to_what_explains_it(hub: Running, watched: Watched) -> None:
    page = watched.page
    with filled(hub):
        page.goto(f"{hub.url}/admin/")
        cards = page.get_by_role("list", name="The state at a glance")

        expect(cards.get_by_role("listitem")).to_have_count(8)
        for card in cards.get_by_role("link").all():
            address = card.get_attribute("href")
            answer = page.request.get(f"{hub.url}{address}")
            assert answer.ok, address


def test_a_rule_is_copied_moved_and_exported_from_the_list(hub: Running, watched: Watched) -> None:
    page = watched.page
    with filled(hub):
        ask(hub, "buses", {"name": "other"})
        page.goto(f"{hub.url}/admin/eventhub/rule/")

        choose(watched, "lost", "Duplicate")
        expect(page.locator(".messagelist")).to_contain_text("lost-copy")
        choose(watched, "lost-copy", "Move to another bus…")
        page.get_by_label("To bus").select_option(label="other")
        page.get_by_role("button", name="Show what that does").click()
        expect(page.get_by_text("✓ moves")).to_be_visible()
        page.get_by_role("button", name="Move 1 rule to other").click()
        expect(page.locator(".messagelist")).to_contain_text("Moved to bus other: lost-copy")
        with page.expect_download() as download:
            choose(watched, "lost-copy", "Export as YAML")

        assert download.value.suggested_filename == "eventhub-rules.yaml"
        assert "bus: other" in download.value.path().read_text()


def test_nothing_is_wider_than_the_window(hub: Running, watched: Watched) -> None:
    page, beyond = watched.page, {}
    with filled(hub):
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            for path in ("", "eventhub/rule/", "eventhub/target/1/change/", "journal/attemptrow/"):
                page.goto(f"{hub.url}/admin/{path}")
                beyond[path, width] = page.evaluate(
                    "document.documentElement.scrollWidth - window.innerWidth"
                )

    assert {place: pixels for place, pixels in beyond.items() if pixels > 0} == {}


def choose(watched: Watched, name: str, action: str) -> None:
    """Tick the row of a name and do something to it."""
    page = watched.page
    page.get_by_role("checkbox", name=re.compile(f"Select {re.escape(name)}$")).check()
    page.get_by_label("Action:").select_option(label=action)
    page.get_by_role("button", name="Go").click()
