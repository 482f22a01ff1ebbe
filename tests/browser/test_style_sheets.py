"""Our style sheets as they are sent say what our files say."""

import pytest
from playwright.sync_api import Browser

from eventhub.dashboard.compact import compact
from tests.running import ROOT

pytestmark = pytest.mark.whole

RULES = """(text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  // Values with variables are told as they are written, blanks and all.
  return [...sheet.cssRules].map((rule) => rule.cssText.replace(/\\s+/g, " "));
}"""


def test_a_browser_reads_the_same_rules_in_what_is_sent(browser: Browser) -> None:
    page = browser.new_page()
    for path in sorted((ROOT / "static" / "css").glob("*.css")):
        sent = compact(f"css/{path.name}")
        assert sent is not None

        rules = page.evaluate(RULES, path.read_text())

        assert rules, path.name
        assert page.evaluate(RULES, sent.plain.decode()) == rules, path.name
