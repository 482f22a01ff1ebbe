"""A newcomer in a real browser: a rule with a new webhook target, in one go."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.programs import needs
from tests.running import Running, running_hub

pytestmark = pytest.mark.whole


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    with running_hub(
        tmp_path, EVENTHUB_ADMIN_USER="ann", EVENTHUB_ADMIN_PASSWORD="a long password of ann"
    ) as running:
        yield running


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs("chromium"), args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def test_a_rule_gets_a_new_webhook_target_through_the_popup(hub: Running, page: Page) -> None:
    complaints: list[str] = []  # the content security policy speaks on the console
    page.context.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(f"{hub.url}/admin/login/?next=/admin/eventhub/rule/add/")
    page.fill("[name=username]", "ann")
    page.fill("[name=password]", "a long password of ann")
    page.press("[name=password]", "Enter")

    page.fill("#id_name", "sales")
    page.fill("#id_pattern", '{"source": "shop"}')
    with page.expect_popup() as opened:
        page.click("#add_id_links-0-target")
    popup = opened.value
    popup.click("#kind-webhook")
    popup.fill("#id_name", "till")
    popup.fill("#id_url", "http://127.0.0.1:9/in")
    with popup.expect_event("close"):
        popup.click("[name=_save]")
    page.click("[name=_save]")
    assert "line 1, column 12" in page.inner_text(".field-pattern .errorlist")

    page.fill("#id_pattern", '{"source": ["shop"]}')
    page.click("input[name=_save]")
    assert "127.0.0.1:9 takes no connection" in page.inner_text(".warned")
    page.click(".warned button")
    page.wait_for_selector(".messagelist .success")

    row = page.inner_text("#result_list tbody tr")
    assert ("sales" in row, "till" in row, "v1" in row) == (True, True, True)
    assert complaints == []
