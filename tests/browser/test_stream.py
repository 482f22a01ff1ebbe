"""The stream in a real browser: followed, held, filtered, loaded; lost with the server and found again."""

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import Watched
from tests.browser.test_accessible import ask
from tests.browser.test_first_event import TOP, open_flow, post
from tests.receiver import Receiver
from tests.running import Running
from tests.until import until

pytestmark = pytest.mark.whole

FILTER = "input.filter-input"


def open_events(page: Page, hub: Running, query: str = "") -> None:
    page.goto(f"{hub.url}/events{query}")
    expect(page.locator("#link-state")).to_contain_text("live", timeout=10_000)


def lines(page: Page) -> int:
    """Return how many lines the stream has, in sight or not; the first row is the headings."""
    return int(page.locator(".stream-rows").get_attribute("aria-rowcount") or 1) - 1


def gap(page: Page) -> Locator:
    return page.locator(".stream-rows .row.is-gap:not([hidden]) button")


def types(page: Page) -> list[str]:
    """Return the types of the rows in sight, the newest first."""
    rows = page.locator(".stream-rows .row:not([hidden], .is-gap)").evaluate_all(
        "rows => rows.map(row => [+row.ariaRowIndex, row.querySelector('.type').textContent])"
    )
    return [name for _, name in sorted(rows)]


# Scrolls down, one view after the other, to where a gap is in sight; tells whether there is one.
FIND_GAP = """async () => {
    const rows = document.querySelector(".stream-rows");
    for (let top = 0; top < rows.scrollHeight; top += rows.clientHeight - 60) {
        rows.scrollTop = top;
        for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
        if (rows.querySelector(".row.is-gap:not([hidden])")) return true;
    }
    return false;
}"""


def load_everything(page: Page, count: int) -> None:
    """Load gap after gap until all of so many events are listed."""
    while page.evaluate(FIND_GAP):
        before = lines(page)
        gap(page).first.click()
        until(lambda before=before: lines(page) != before, what="what the gap hides")  # type: ignore[misc]  # bound per turn
    until(lambda: lines(page) == count, what=f"{count} rows, not {lines(page)}")


def test_pausing_loses_nothing_and_moves_nothing(hub: Running, watched: Watched) -> None:
    page = watched.page
    post(hub.url, hub.key, detail_type="before", count=40)
    open_events(page, hub)
    until(lambda: lines(page) == 40, what="the rows")

    page.keyboard.press("Space")
    post(hub.url, hub.key, detail_type="after", count=30)

    banner = page.locator(".stream-banner")
    expect(banner).to_contain_text("paused · 30 new")
    assert set(types(page)) == {"before"}
    expect(page.locator("#link-state")).to_contain_text("paused")
    banner.click()
    until(lambda: lines(page) == 70, what="all rows")
    assert types(page)[:30] == ["after"] * 30


def test_resuming_below_keeps_what_is_read_where_it_is(hub: Running, watched: Watched) -> None:
    page = watched.page
    post(hub.url, hub.key, detail_type="before", count=100)
    open_events(page, hub)
    page.locator(".stream-rows").evaluate("rows => (rows.scrollTop = 26 * 20)")
    banner = page.locator(".stream-banner")
    expect(banner).to_contain_text("paused · 0 new")
    read = page.locator('.stream-rows .row[aria-rowindex="24"] a').get_attribute("href")
    row = page.locator(f'.stream-rows .row a[href="{read}"]')
    top = place(row)
    post(hub.url, hub.key, detail_type="after", count=10)
    expect(banner).to_contain_text("paused · 10 new")
    assert place(row) == top

    banner.click()

    expect(banner).to_contain_text("30 newer above — newest")
    assert place(row) == top
    post(hub.url, hub.key, detail_type="later", count=3)
    expect(banner).to_contain_text("33 newer above")
    assert place(row) == top
    page.keyboard.press(".")
    expect(banner).to_be_hidden()
    expect(page.locator(TOP)).to_contain_text("later")


def place(row: Locator) -> float:
    box = row.bounding_box()
    assert box is not None
    return round(box["y"], 1)


def test_what_is_counted_and_not_listed_can_be_loaded(hub: Running, watched: Watched) -> None:
    page = watched.page
    open_events(page, hub)
    expect(page.locator(".stream-empty")).to_contain_text("No event yet")

    post(hub.url, hub.key, count=400)

    until(lambda: lines(page) > 50, what="fifty rows and a gap")
    page.locator(".stream-rows").evaluate("rows => (rows.scrollTop = 26 * 40)")
    expect(gap(page).first).to_have_text(re.compile(r"⋯ \d+ events counted, not listed — load"))
    load_everything(page, 400)


def test_older_events_are_loaded_at_the_end_of_the_list(hub: Running, watched: Watched) -> None:
    page = watched.page
    post(hub.url, hub.key, count=320)
    open_flow(page, hub)
    expect(page.locator(TOP)).to_contain_text("order.paid")

    def all_loaded() -> bool:
        page.locator(".stream-rows").evaluate("rows => (rows.scrollTop = rows.scrollHeight)")
        return lines(page) == 320

    until(all_loaded, what="all 320 rows")


def test_a_filter_lists_follows_and_is_in_the_address(hub: Running, watched: Watched) -> None:
    page = watched.page
    post(hub.url, hub.key, detail_type="order.paid", count=2)
    post(hub.url, hub.key, detail_type="user.made", count=3)
    open_events(page, hub)
    until(lambda: lines(page) == 5, what="all rows")

    page.keyboard.press("/")
    page.keyboard.type("type:order.*")
    page.keyboard.press("Enter")

    until(lambda: lines(page) == 2, what="those that pass")
    expect(page).to_have_url(re.compile(r"\?q=type:order"))
    post(hub.url, hub.key, detail_type="user.made")
    post(hub.url, hub.key, detail_type="order.sent")
    expect(page.locator(TOP)).to_contain_text("order.sent")
    assert types(page) == ["order.sent", "order.paid", "order.paid"]
    page.reload()
    until(lambda: lines(page) == 3, what="the same after a reload")
    page.go_back()
    until(lambda: lines(page) == 7, what="every row again")
    expect(page.locator(FILTER)).to_have_value("")


def test_a_wrong_filter_says_so_at_its_column_and_changes_nothing(hub: Running, watched: Watched) -> None:
    page = watched.page
    post(hub.url, hub.key, count=3)
    open_events(page, hub)
    until(lambda: lines(page) == 3, what="the rows")

    page.locator(FILTER).fill("source:shop sorce:x")
    page.locator(FILTER).press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("column 13: wanted one of bus, source, type")
    expect(page.locator(".filter-tint .f-wrong")).to_have_text("sorce:")
    expect(page.locator(FILTER)).to_have_attribute("aria-invalid", "true")
    assert lines(page) == 3
    page.locator(FILTER).fill("source:shop")
    expect(page.get_by_role("alert")).to_be_hidden()
    # The browser itself reports an answer of 400.
    watched.complaints = [text for text in watched.complaints if "400" not in text]


def test_what_could_stand_there_is_offered_and_taken_by_keys(hub: Running, watched: Watched) -> None:
    page = watched.page
    post(hub.url, hub.key, detail_type="order.refused")
    open_events(page, hub)

    page.locator(FILTER).press_sequentially("ty")
    expect(page.get_by_role("option", name="type:")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(FILTER)).to_have_value("type:")
    option = page.get_by_role("option", name="order.refused")
    expect(option).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(FILTER)).to_have_attribute("aria-activedescendant", re.compile("filter-options-"))
    page.keyboard.press("Enter")
    expect(page.locator(FILTER)).to_have_value("type:order.refused ")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("q=type:order.refused"))


def test_a_row_is_read_by_keys_and_its_values_filter(hub: Running, watched: Watched) -> None:
    page = watched.page
    with Receiver() as receiver:
        ask(hub, "targets", {"name": "mail", "kind": "webhook", "url": receiver.url()})
        rule = {"bus": "default", "name": "paid", "pattern": {"detail-type": ["paid"]}, "targets": ["mail"]}
        ask(hub, "rules", rule)
        until(lambda: _matches(hub), what="the rule to be in force")
        put = {"source": "shop", "detail-type": "paid", "detail": {"order": {"id": "A-1"}, "sum": 12.5}}
        ask(hub, "buses/default/events", put)
        open_flow(page, hub)
        expect(page.locator(f"{TOP} .result")).to_contain_text("delivered")

        page.keyboard.press("j")
        page.keyboard.press("Enter")

        summary = page.locator("#summary")
        expect(summary).to_contain_text("paid → mail")
        expect(summary).to_contain_text("1 attempt")
        page.keyboard.press("x")
        expect(page.locator(".stream-pins .row")).to_have_count(1)
        expect(page).to_have_url(re.compile(r"open=[\w-]+&pin=[\w-]+"))
        page.get_by_role("button", name="A-1").click()
        page.get_by_role("button", name="Not these").click()
        expect(page.locator(FILTER)).to_have_value("-detail.order.id:A-1")
        until(lambda: "paid" not in types(page)[:1] or lines(page) >= 1, what="the others")
        page.get_by_role("button", name="12.5").click()
        page.get_by_role("button", name="Only these").click()
        expect(page.locator(FILTER)).to_have_value("-detail.order.id:A-1 detail.sum:12.5")
        page.locator(".stream-rows").focus()
        page.keyboard.press("Escape")
        expect(summary).to_be_hidden()
        page.reload()
        expect(page.locator(".stream-pins .row")).to_contain_text("paid")


def _matches(hub: Running) -> bool:
    ask(hub, "buses/default/events", {"source": "shop", "detail-type": "paid", "detail": {}})
    return bool(ask(hub, "deliveries")["items"])


def test_a_killed_server_is_found_again_and_what_came_meanwhile_can_be_loaded(
    hub: Running, watched: Watched
) -> None:
    page = watched.page
    post(hub.url, hub.key, count=5)
    open_events(page, hub)
    until(lambda: lines(page) == 5, what="the rows")

    hub.kill()
    expect(page.locator("#link-state")).to_contain_text("reconnecting", timeout=10_000)
    hub.start()
    for _ in range(3):
        post(hub.url, hub.key, count=60)

    expect(page.locator("#link-state")).to_contain_text("live", timeout=20_000)
    expect(page.locator(TOP)).to_be_visible()
    until(lambda: lines(page) >= 55, what="what came meanwhile")
    load_everything(page, 185)
    # The browser itself reports each try that found no server.
    watched.complaints = [text for text in watched.complaints if "WebSocket" not in text]


def test_two_windows_filter_and_pause_each_for_itself(
    hub: Running, context: BrowserContext, watched: Watched
) -> None:
    one = watched.page
    two = Watched(context.new_page())
    open_events(one, hub, "?q=type%3Aorder.paid")
    open_flow(two.page, hub)
    one.keyboard.press("Space")

    post(hub.url, hub.key, detail_type="order.paid", count=2)
    post(hub.url, hub.key, detail_type="user.made")

    expect(one.locator(".stream-banner")).to_contain_text("paused · 2 new")
    until(lambda: lines(two.page) == 3, what="all in the other window")
    expect(two.page.locator(".stream-banner")).to_be_hidden()
    one.keyboard.press("Space")
    until(lambda: types(one) == ["order.paid"] * 2, what="what passes")
    assert two.complaints == []


def test_keys_are_listed_and_single_ones_can_be_switched_off(hub: Running, watched: Watched) -> None:
    page = watched.page
    open_flow(page, hub)

    page.keyboard.press("s")
    expect(page.locator("#stream")).to_be_hidden()
    expect(page).to_have_url(re.compile("stream=0"))
    page.keyboard.press("s")
    expect(page.locator("#stream")).to_be_visible()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_contain_text("jump to the newest")
    switch = sheet.get_by_role("switch", name="Keys of one character")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    page.keyboard.press("s")
    expect(page.locator("#stream")).to_be_visible()
    page.goto(f"{hub.url}/help/keys")
    page.get_by_role("switch", name="Keys of one character").click()
    page.keyboard.press("g")
    page.keyboard.press("e")

    expect(page).to_have_url(re.compile("/events$"))
