"""Dead letters in the browser: picked, counted, redriven, and the progress seen without a reload."""

import pytest
from playwright.sync_api import BrowserContext, expect

from tests import receiver as answers
from tests.browser.test_accessible import ask
from tests.receiver import Receiver
from tests.running import Running
from tests.until import until

pytestmark = pytest.mark.whole


def test_letters_are_picked_counted_and_redriven(hub: Running, context: BrowserContext) -> None:
    page = context.new_page()
    with Receiver() as receiver:
        receiver.answer("/", answers.status(404))
        ask(hub, "targets", {"name": "crm", "kind": "webhook", "url": receiver.url()})
        rule = {"bus": "default", "name": "all", "pattern": {"source": ["shop"]}, "targets": ["crm"]}
        ask(hub, "rules", rule)
        for number in range(3):
            event = {"source": "shop", "detail-type": "order.paid", "detail": {"order": number}}
            ask(hub, "buses/default/events", event)
        until(lambda: len(ask(hub, "dead-letters")["items"]) == 3, what="three dead letters")
        receiver.answer("/", answers.ok())

        page.goto(f"{hub.url}/dead-letters")
        expect(page.get_by_role("button", name="Redrive selected…")).to_be_disabled()
        page.get_by_label("Select all on this page").check()
        page.get_by_label("Select dead letter").first.uncheck()
        page.get_by_role("button", name="Redrive 2 selected…").click()
        expect(page.get_by_role("heading", name="Redrive 2 dead letters")).to_be_visible()
        page.get_by_label("At most so many a second").fill("1")
        page.get_by_role("button", name="Start redriving").click()

        card = page.get_by_role("article", name="2 picked by hand")
        expect(card).to_contain_text("▶ running")
        expect(card).to_contain_text("2 of 2 on their way again", timeout=15_000)
        expect(card).to_contain_text("✓ done", timeout=15_000)
        until(lambda: len(ask(hub, "deliveries?state=delivered")["items"]) == 2, what="both to arrive")
