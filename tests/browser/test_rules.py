"""The pages of rules in a real browser: a draft is tried while it is typed, saved, and taken back."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Watched
from tests.browser.test_accessible import ask
from tests.running import Running
from tests.until import until

pytestmark = pytest.mark.whole
SHOP = '{"source": ["shop"]}'


@pytest.fixture
def rule(hub: Running) -> int:
    """Make a rule for events of the shop, and put some on the bus that it matches and misses."""
    ask(hub, "targets", {"name": "log", "kind": "log"})
    made: Any = ask(hub, "rules", {"bus": "default", "name": "orders", "pattern": SHOP, "targets": ["log"]})
    events = [
        {"source": source, "detail-type": "order.paid", "detail": {"amount": amount}}
        for source, amount in [("shop", 120), ("shop", 20), ("crm", 500)]
    ]
    ask(hub, "buses/default/events", events)
    return int(made["id"])


def type_pattern(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Pattern", exact=True).fill(text)


def test_a_draft_is_tried_while_it_is_typed_then_saved_and_rolled_back(
    hub: Running, watched: Watched, rule: int
) -> None:
    page = watched.page
    page.goto(f"{hub.url}/rules/{rule}")
    trial = page.locator("#trial")
    expect(trial).to_contain_text("would match2")

    type_pattern(page, '{"source": ["shop", "crm"], "detail": {"amount": [{"numeric": [">", 100]}]}}')

    expect(trial).to_contain_text("+1")
    expect(trial).to_contain_text("−1")
    expect(trial.locator(".clauses")).to_contain_text("more than 100")
    trial.get_by_text("− Removed").click()
    trial.locator("[data-tab=lost] summary").click()
    expect(trial.locator("[data-tab=lost]")).to_contain_text("detail.amount is 20, wanted more than 100")
    expect(trial).to_contain_text("pattern.detail")

    page.get_by_role("button", name="Save as a new version").click()

    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    expect(page.locator(".rule-head")).to_contain_text("amount is more than 100")
    page.get_by_role("button", name="Roll back to v1").click()
    expect(page.get_by_text("The rule is what it was in version 1, as version 3.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Pattern", exact=True)).to_have_value(SHOP)


def test_what_is_wrong_is_marked_where_it_is(hub: Running, watched: Watched, rule: int) -> None:
    page = watched.page
    page.goto(f"{hub.url}/rules/{rule}")
    expect(page.locator("#trial")).to_contain_text("would match")

    type_pattern(page, '{\n  "source": [{"prefx": "a"}]\n}')

    expect(page.locator("#pattern-fault")).to_contain_text("line 2, column 15")
    expect(page.locator(".p-wrong")).to_have_text('"prefx"')
    expect(page.locator(".gutter .wrong")).to_have_text("✕ 2")
    type_pattern(page, SHOP)
    expect(page.locator("#pattern-fault")).to_be_empty()
    expect(page.locator(".p-wrong")).to_have_count(0)


def test_form_and_text_are_kept_in_step(hub: Running, watched: Watched, rule: int) -> None:
    page = watched.page
    page.goto(f"{hub.url}/rules/{rule}")
    page.get_by_role("button", name="Form", exact=True).click()

    page.get_by_label("Values of condition 1").fill("shop, crm")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_label("Field of condition 2").fill("detail.amount")
    page.get_by_label("How condition 2 compares").select_option("is more than")
    page.get_by_label("Number of condition 2").fill("100")

    expect(page.locator("#trial")).to_contain_text("would match2")
    expect(page.locator("#trial")).to_contain_text("detail.amount more than 100")
    page.get_by_role("button", name="JSON", exact=True).click()
    assert page.get_by_role("textbox", name="Pattern", exact=True).input_value() == (
        '{\n  "source": ["shop", "crm"],\n  "detail": {\n    "amount": [{"numeric": [">", 100]}]\n  }\n}'
    )
    type_pattern(page, '{"$or": [{"source": ["a"]}, {"source": ["b"]}]}')
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.locator("[data-pattern-form]")).to_contain_text("A form cannot say this pattern")
    type_nothing = page.locator("#trial")
    expect(type_nothing).to_contain_text("either source is")


def test_a_rule_is_made_from_an_event(hub: Running, watched: Watched, rule: int) -> None:
    page = watched.page
    event = ask(hub, "events?source=crm")["items"][0]["id"]
    page.goto(f"{hub.url}/rules/new?from=event:{event}")
    expect(page.locator("#trial")).to_contain_text("would match1")

    page.get_by_label("source", exact=False).first.uncheck()
    page.get_by_label(re.compile(r"^detail\.amount")).check()
    page.get_by_label("How detail.amount is compared").select_option("is at least")
    page.get_by_label("What detail.amount is compared with").fill("100")

    expect(page.locator("#trial")).to_contain_text("would match2")
    page.get_by_label("Name", exact=True).fill("large")
    page.locator("select[name=state]").select_option("shadow")
    page.get_by_role("button", name="Make the rule").click()
    expect(page.get_by_text("Made the rule large.")).to_be_visible()
    expect(page.locator(".rule-state")).to_have_text("◇ shadow")
    ask(
        hub, "buses/default/events", {"source": "web", "detail-type": "order.paid", "detail": {"amount": 900}}
    )
    until(lambda: ask(hub, "deliveries?rule=large&state=shadow")["items"], what="a match in shadow")


def test_without_javascript_a_rule_is_made_and_checked(
    hub: Running, browser: Browser, context: BrowserContext, rule: int
) -> None:
    plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto(f"{hub.url}/rules/new")
    page.get_by_role("link", name="A family of sources").click()
    page.get_by_label("Name", exact=True).fill("family")
    page.get_by_role("textbox", name="Pattern", exact=True).fill(SHOP)
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#trial")).to_contain_text("would match")
    page.get_by_text("≈ Nearest misses").click()
    expect(page.locator("[data-tab=nearest]")).to_be_visible()

    page.get_by_role("button", name="Make the rule").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved yet")
    page.get_by_role("button", name="Save anyway").click()

    expect(page.get_by_text("Made the rule family.")).to_be_visible()
    plain.close()


def test_each_role_finds_what_is_theirs(hub: Running, browser: Browser, rule: int) -> None:
    hub.manage(
        "shell",
        "-c",
        "from django.contrib.auth.models import User; from eventhub.models import Grant, Bus\n"
        "for name, role in (('vera', 'viewer'), ('ed', 'editor')):\n"
        "    user = User.objects.create_user(name, password='a-password-for-tests-1815')\n"
        "    Grant.objects.create(user=user, role=role, bus=Bus.objects.get(name='default'))\n",
    )
    seen = {}
    for name in ("vera", "ed"):
        own = browser.new_context()
        page = own.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error, kept=complaints: kept.append(str(error)))
        page.goto(f"{hub.url}/sign-in?next=/rules")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill("a-password-for-tests-1815")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="orders").click()
        expect(page.locator("#trial")).to_contain_text("would match2")
        seen[name] = {
            "may save": page.get_by_role("button", name="Save as a new version").count(),
            "may type": page.get_by_role("textbox", name="Pattern", exact=True).is_editable(),
            "may disable": page.get_by_role("button", name="Disable").count(),
        }
        assert complaints == []
        own.close()

    assert seen["vera"] == {"may save": 0, "may type": False, "may disable": 0}
    assert seen["ed"] == {"may save": 1, "may type": True, "may disable": 1}


def test_the_list_is_walked_and_filtered_by_the_keyboard_alone(
    hub: Running, watched: Watched, rule: int
) -> None:
    ask(hub, "rules", {"bus": "default", "name": "a-first", "pattern": {"source": ["crm"]}})
    page = watched.page
    page.goto(f"{hub.url}/rules")
    page.wait_for_load_state("networkidle")

    page.keyboard.press("j")
    expect(page.get_by_role("link", name="a-first")).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="orders")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("/")
    page.keyboard.type("orders")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rules?q=orders**")
    expect(page.locator(".named a")).to_have_text(["orders"])
    page.get_by_role("link", name="orders").press("Enter")
    page.wait_for_url(f"**/rules/{rule}")
    page.get_by_role("link", name="Matched events").click()
    expect(page.get_by_role("main")).to_contain_text("order.paid")
