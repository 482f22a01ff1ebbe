"""The page of the REST API works under our policy, and lets a signed-in person try what it describes."""

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import Watched
from tests.running import Running

pytestmark = pytest.mark.whole


def test_an_operation_is_shown_and_tried(hub: Running, context: BrowserContext) -> None:
    watched = Watched(context.new_page())
    page = watched.page
    page.goto(f"{hub.url}/api/docs/")
    page.wait_for_selector("#operations-tag-buses")

    page.click("#operations-tag-buses")
    page.click("#operations-buses-make_bus .opblock-summary-control")
    page.click("#operations-buses-make_bus .try-out__btn")
    page.click("#operations-buses-make_bus .execute")
    status = page.wait_for_selector(
        "#operations-buses-make_bus .live-responses-table .response-col_status >> text=201"
    )

    assert status is not None
    assert page.inner_text("header").startswith("Eventhub")  # our frame
    assert watched.complaints == []
    addresses = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert all(address.startswith(hub.url) for address in addresses)


def test_it_is_for_people_who_are_signed_in(hub: Running, context: BrowserContext) -> None:
    context.clear_cookies()
    page = context.new_page()
    page.goto(f"{hub.url}/api/docs/")

    assert "/sign-in" in page.url
