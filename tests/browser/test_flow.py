"""The graph of the flow page: groups, paths, names, keyboard, list, motion, and what it says."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Watched
from tests.browser.test_accessible import ask
from tests.browser.test_first_event import open_flow, post
from tests.receiver import Receiver
from tests.running import Running
from tests.until import until

pytestmark = pytest.mark.whole

DOTS = """() => {
  const canvas = document.querySelector("canvas.moving");
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value);
}"""


def card(page: Page, name: str) -> Locator:
    return page.locator("button.card-node", has=page.locator(".name", has_text=name))


def configure(hub: Running, url: str, rules: int = 0) -> None:
    """Add rule ``paid`` to ``mail``, ``lost`` to a port where nobody listens, and idle ones beside them."""
    ask(hub, "targets", {"name": "mail", "kind": "webhook", "url": url})
    gone = {"name": "gone", "kind": "webhook", "url": "http://127.0.0.1:9/in", "circuit_failures": 1}
    ask(hub, "targets", {**gone, "circuit_wait_seconds": 600})
    for name, kind, target in [("paid", "order.paid", "mail"), ("lost", "lost", "gone")]:
        pattern = {"detail-type": [kind]}
        ask(hub, "rules", {"bus": "default", "name": name, "pattern": pattern, "targets": [target]})
    for number in range(rules):
        name = f"{('billing', 'crm')[number % 2]}.r{number:02}"
        ask(
            hub,
            "rules",
            {"bus": "default", "name": name, "pattern": {"source": ["other"]}, "targets": ["mail"]},
        )


def test_a_group_opens_in_place_and_what_fails_is_never_in_one(hub: Running, watched: Watched) -> None:
    page = watched.page
    with Receiver() as receiver:
        configure(hub, receiver.url(), rules=24)
        post(hub.url, hub.key)
        open_flow(page, hub)
        group = card(page, "idle rules")
        expect(group).to_contain_text("+25 idle rules")

        group.click()

        expect(card(page, "billing.r00")).to_be_visible()
        expect(page.locator(".crumbs")).to_contain_text("+25 idle rules")
        assert "group=idle:2" in page.url
        post(hub.url, hub.key, detail_type="lost")
        expect(card(page, "lost")).to_have_attribute("data-state", "failing")
        expect(card(page, "gone")).to_have_attribute("data-state", "open")
        expect(card(page, "gone").locator(".state")).to_have_text("▲ open")
        expect(page.locator("#alarm")).to_have_text("gone: circuit open")
        expect(page.locator("#figure-failing")).to_contain_text("1 target open")

        page.reload()
        expect(card(page, "billing.r00")).to_be_visible()
        page.keyboard.press("Escape")

        expect(card(page, "billing.r00")).to_have_count(0)
        expect(card(page, "lost")).to_be_visible()
        assert "group" not in page.url
        page.go_back()
        expect(card(page, "billing.r00")).to_be_visible()


def test_names_are_filtered_and_one_path_is_shown_alone(hub: Running, watched: Watched) -> None:
    page = watched.page
    with Receiver() as receiver:
        configure(hub, receiver.url())
        post(hub.url, hub.key)
        open_flow(page, hub)
        card(page, "paid").focus()
        page.keyboard.press("/")
        expect(page.locator("#find")).to_be_focused()
        page.keyboard.type("PAI")

        expect(card(page, "lost")).to_have_count(0)
        expect(card(page, "mail")).to_be_visible()
        expect(page).to_have_url(f"{hub.url}/flow?find=PAI")
        page.keyboard.type("zz")
        expect(page.locator("#none-named")).to_contain_text(
            "No source, bus, rule or target has “PAIzz” in its name"
        )
        page.get_by_role("button", name="Clear").click()
        expect(card(page, "lost")).to_be_visible()

        card(page, "lost").focus()
        page.keyboard.press("f")

        expect(card(page, "paid")).to_have_count(0)
        expect(card(page, "gone")).to_be_visible()
        assert "focus=rule:" in page.url
        page.reload()
        expect(card(page, "gone")).to_be_visible()
        expect(card(page, "paid")).to_have_count(0)
        page.get_by_role("button", name="Show everything").click()
        expect(card(page, "paid")).to_be_visible()


def test_the_keyboard_alone_reads_the_graph(hub: Running, watched: Watched) -> None:
    page = watched.page
    with Receiver() as receiver:
        configure(hub, receiver.url())
        post(hub.url, hub.key)
        open_flow(page, hub)
        expect(card(page, "shop")).to_be_visible()
        assert page.locator("button.card-node[tabindex='0']").count() == 1

        page.locator("button.card-node[tabindex='0']").focus()
        page.keyboard.type("pa")
        expect(card(page, "paid")).to_be_focused()
        expect(page.locator("#card-says")).to_contain_text("paid: ✓ ok; 1/min")
        expect(page.locator("#card-says")).to_contain_text("from default 1/min; to mail 1/min")
        assert card(page, "paid").get_attribute("aria-describedby") == "card-says"
        expect(page.locator(".tip")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".tip")).to_be_hidden()
        page.keyboard.press("ArrowRight")
        expect(card(page, "mail")).to_be_focused()
        page.keyboard.press("End")
        expect(card(page, "dead letters")).to_be_focused()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        expect(card(page, "default")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/buses/default")


def test_the_list_is_the_graph_in_rows(hub: Running, watched: Watched) -> None:
    page = watched.page
    with Receiver() as receiver:
        configure(hub, receiver.url())
        post(hub.url, hub.key)
        open_flow(page, hub)
        expect(page.locator("#node-rows")).to_contain_text("paid")
        assert page.locator("#node-list a[tabindex='-1']").count() == page.locator("#node-list a").count()

        page.keyboard.press("g")
        page.keyboard.press("l")

        expect(page.locator("#node-rows tr", has_text="paid")).to_contain_text("✓ ok")
        expect(page.locator("#graph")).to_be_hidden()
        page.get_by_role("link", name="Name").click()
        page.get_by_role("link", name="Name").click()
        expect(page.locator("th", has_text="Name")).to_have_attribute("aria-sort", "descending")
        expect(page).to_have_url(f"{hub.url}/flow?list=1&sort=-name")
        names = page.locator("#node-rows td:nth-child(2)").all_inner_texts()
        assert names == sorted(names, reverse=True)
        page.get_by_role("button", name="Show the graph").click()
        expect(card(page, "paid")).to_be_visible()

        page.set_viewport_size({"width": 390, "height": 844})
        expect(page.locator("#node-rows tr", has_text="paid")).to_be_visible()
        page.get_by_role("button", name="Show the graph").click()
        expect(card(page, "shop")).to_be_visible()


def test_motion_is_the_readers_choice_and_pause_freezes_the_graph(hub: Running, watched: Watched) -> None:
    page = watched.page
    with Receiver() as receiver:
        configure(hub, receiver.url())
        post(hub.url, hub.key)
        open_flow(page, hub)
        page.get_by_label("Motion").select_option("full")
        post(hub.url, hub.key)
        until(lambda: page.evaluate(DOTS), seconds=5, what="dots")

        page.get_by_label("Motion").select_option("calm")
        page.reload()
        expect(page.get_by_label("Motion")).to_have_value("calm")
        expect(card(page, "paid").locator(".rate")).to_have_text("2/min")
        post(hub.url, hub.key)
        expect(card(page, "paid").locator(".rate")).to_have_text("3/min")
        assert not page.evaluate(DOTS)

        page.emulate_media(reduced_motion="reduce")
        page.get_by_label("Motion").select_option("auto")
        post(hub.url, hub.key)
        expect(card(page, "paid").locator(".rate")).to_have_text("4/min")
        assert not page.evaluate(DOTS)

        page.get_by_role("button", name="Pause").click()
        post(hub.url, hub.key)
        expect(page.locator("#figure-in")).to_have_text("5/min")
        expect(card(page, "paid").locator(".rate")).to_have_text("4/min")


def test_who_wants_less_motion_is_sent_fewer_frames(hub: Running, watched: Watched) -> None:
    page = watched.page
    sent: list[object] = []

    def note(text: object) -> None:
        sent.append(text)

    page.on("websocket", lambda socket: socket.on("framesent", note))
    page.emulate_media(reduced_motion="reduce")
    post(hub.url, hub.key)
    open_flow(page, hub)

    assert '{"t":"rate","hz":2}' in sent

    page.get_by_label("Motion").select_option("full")

    until(lambda: '{"t":"rate","hz":10}' in [*_heard(page), *sent], what="the wish for all frames")


def _heard(page: Page) -> list[str]:
    """Let news of the browser in: they come while it is asked something."""
    page.evaluate("1")
    return []
