"""The rule form of the admin in a real browser: tried as it is typed, warned of, saved, rolled back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.browser.test_accessible import ask
from tests.running import Running

pytestmark = pytest.mark.whole
ADD = "/admin/eventhub/rule/add/"


def test_the_coffee_shop_comes_from_nothing_to_two_working_rules(hub: Running, watched: Watched) -> None:
    for name in ("kitchen", "till"):
        ask(hub, "targets", {"name": name, "kind": "log"})
    served = [
        {"source": "coffee.bar", "detail-type": "served", "detail": {"price": price}} for price in (3, 9)
    ]
    ask(hub, "buses/default/events", served)
    page = watched.page
    page.goto(f"{hub.url}{ADD}")

    page.fill("#id_name", "orders")
    page.fill("#id_pattern", '{\n  "source": "coffee.bar"\n}')
    expect(page.locator(".pattern-fault")).to_contain_text("line 2")
    expect(page.locator(".gutter .wrong")).to_have_text(re.compile("2"))
    page.fill("#id_pattern", '{"source": ["coffee.bar"]}')
    expect(page.locator("#trial")).to_contain_text("would match")
    expect(page.locator("#trial")).to_contain_text('Events from "coffee.bar".')
    page.select_option("#id_links-0-target", label="kitchen")
    page.click("input[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()

    page.goto(f"{hub.url}{ADD}")
    page.fill("#id_name", "dear")
    page.fill("#id_pattern", '{"detail": {"price": [{"numeric": [">", 100]}]}}')
    page.select_option("#id_links-0-target", label="till")
    page.click("input[name=_save]")
    warned = page.locator(".warned")
    expect(warned).to_contain_text("The pattern matched nothing in the last day.")
    expect(warned).to_contain_text("the nearest fails at detail.price")
    page.fill("#id_pattern", '{"detail": {"price": [{"numeric": [">", 5]}]}}')
    page.click("input[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()

    ask(hub, "buses/default/events", served)
    page.goto(f"{hub.url}/events")
    expect(page.locator("body")).to_contain_text("served")
    assert watched.complaints == []


def test_a_warned_rule_is_saved_anyway_and_rolled_back(hub: Running, watched: Watched) -> None:
    ask(hub, "buses/default/events", [{"source": "shop", "detail-type": "paid", "detail": {}}])
    made = ask(hub, "rules", {"bus": "default", "name": "orders", "pattern": '{"source": ["shop"]}'})
    page = watched.page
    page.goto(f"{hub.url}/admin/eventhub/rule/{made['id']}/change/")

    page.fill("#id_pattern", '{"source": [{"exists": true}]}')
    page.click("input[name=_continue]")
    expect(page.locator(".warned")).to_contain_text("The pattern matches every event on bus default.")
    page.get_by_role("button", name="Save anyway").click()
    expect(page.locator(".messagelist .success")).to_be_visible()

    page.goto(f"{hub.url}/admin/eventhub/rule/{made['id']}/rollback/1/")
    page.locator("main form button, main form input[type=submit]").last.click()
    page.goto(f"{hub.url}/admin/eventhub/rule/{made['id']}/change/")
    expect(page.locator("#id_pattern")).to_have_value('{"source": ["shop"]}')
    assert watched.complaints == []
