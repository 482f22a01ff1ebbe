"""The page of a target in the browser: a redrive from it, a test in place, attempts by a click."""

import re

import pytest
from playwright.sync_api import expect

from tests import receiver as answers
from tests.browser.conftest import Watched
from tests.browser.test_accessible import ask
from tests.receiver import Receiver
from tests.running import Running
from tests.until import until

pytestmark = pytest.mark.whole


def test_dead_letters_are_redriven_from_the_page_of_their_target(hub: Running, watched: Watched) -> None:
    page = watched.page
    with Receiver() as receiver:
        receiver.answer("/", answers.status(404))
        ask(hub, "targets", {"name": "crm", "kind": "webhook", "url": receiver.url()})
        rule = {"bus": "default", "name": "all", "pattern": {"source": ["shop"]}, "targets": ["crm"]}
        ask(hub, "rules", rule)
        for number in range(3):
            event = {"source": "shop", "detail-type": "order.paid", "detail": {"order": number}}
            ask(hub, "buses/default/events", event)
        until(lambda: len(ask(hub, "dead-letters")["items"]) == 3, what="three dead letters")

        page.goto(f"{hub.url}/targets")
        page.get_by_role("link", name="crm").click()
        errors = page.locator("[data-live=errors]")
        # The rollups are behind by a second or two: the page comes to know by itself.
        expect(errors).to_contain_text("4xx refused by the receiver", timeout=40_000)
        expect(page.locator("#heat")).to_be_visible()

        # The test's result comes in place.
        page.get_by_role("button", name="Test").click()
        expect(page.locator("#tested")).to_contain_text("receiver answered 404")

        # A sum of the grid's leads to its attempts.
        page.locator(".heat-hist tr:has(meter)").first.click()
        expect(page.locator("#attempts")).to_contain_text("took")
        expect(page).to_have_url(re.compile(r"\?over=|\?under="))
        page.go_back()
        expect(page.locator("#attempts tbody tr")).to_have_count(3)

        receiver.answer("/", answers.ok())
        page.get_by_role("link", name="Redrive all…").click()
        expect(page.get_by_role("heading", name="Redrive 3 dead letters")).to_be_visible()
        page.get_by_label("At most so many a second").fill("2")
        page.get_by_role("button", name="Start redriving").click()

        expect(page).to_have_url(re.compile(r"/targets/\d+$"))
        card = page.get_by_role("article", name="target crm")
        expect(card).to_contain_text("3 of 3 on their way again", timeout=15_000)
        expect(card).to_contain_text("✓ done", timeout=15_000)
        until(lambda: len(ask(hub, "deliveries?state=delivered")["items"]) == 3, what="all to arrive")


def test_a_target_is_held_and_resumed_and_the_page_follows(hub: Running, watched: Watched) -> None:
    page = watched.page
    ask(hub, "targets", {"name": "crm", "kind": "webhook", "url": "http://127.0.0.1:9/"})
    page.goto(f"{hub.url}/targets")
    page.get_by_role("link", name="crm").click()

    page.get_by_role("button", name="Hold", exact=True).click()
    expect(page.get_by_label("State", exact=True)).to_contain_text("❚❚ paused")
    ask(hub, "targets/crm/resume", {})
    expect(page.get_by_label("State", exact=True)).to_contain_text("✓ delivering")
