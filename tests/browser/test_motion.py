"""One event on the flow page: how soon it is seen, and what a resting pointer does not do."""

import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Watched
from tests.browser.test_first_event import add_rule, open_flow, post
from tests.receiver import Receiver
from tests.running import Running
from tests.until import until

pytestmark = pytest.mark.whole

# Notes the moments (ms since 1970) at which the first event is in the stream, in the figures, and as a dot
# between the columns. The dots' canvas is read frame by frame: what is not painted is not seen.
WATCH = """() => {
  const seen = (window.seen = {});
  const canvas = document.querySelector("canvas.moving");
  const width = document.querySelector(".card-node").offsetWidth;
  const lefts = [...document.querySelectorAll(".column-title")].map(
    (title) => new DOMMatrix(getComputedStyle(title).transform).e);
  const look = () => {
    const ratio = canvas.width / canvas.clientWidth;
    lefts.slice(1).forEach((to, index) => {
      const from = (lefts[index] + width) * ratio;
      const { data } = canvas.getContext("2d").getImageData(from, 0, to * ratio - from, canvas.height);
      if (!seen[`dot${index + 1}`] && data.some((value) => value)) seen[`dot${index + 1}`] = Date.now();
    });
    if (document.querySelector(".stream-rows .row .type")?.textContent) seen.row ??= Date.now();
    if (document.querySelector("#figure-in").textContent === "1/min") seen.figure ??= Date.now();
    requestAnimationFrame(look);
  };
  look();
}"""


def test_one_event_is_seen_in_stream_graph_and_figures_at_once(hub: Running, watched: Watched) -> None:
    page = watched.page
    with Receiver() as receiver:
        add_rule(hub, receiver.url())
        open_flow(page, hub)
        page.get_by_role("button", name="Close the first steps").click()
        expect(page.locator("button.card-node", has_text="paid")).to_be_visible()
        page.evaluate(WATCH)

        posted_at = time.time() * 1000
        post(hub.url, hub.key)

        until(lambda: len(page.evaluate("Object.keys(window.seen)")) == 5, seconds=5, what="it everywhere")
        took = {name: round(at - posted_at) for name, at in page.evaluate("window.seen").items()}
        print(f"post to … in ms: {took}")
        assert took["row"] < 250
        assert took["figure"] < 250
        assert took["dot1"] < 250
        assert took["dot1"] < took["dot2"] < took["dot3"] < 2500
        expect(page.locator("button.card-node", has_text="shop").locator(".rate")).to_have_text("1/min")


def test_a_pointer_at_rest_dims_nothing_and_a_moved_one_dims_little(hub: Running, watched: Watched) -> None:
    page = watched.page
    open_flow(page, hub)
    letters = page.locator("button.card-node", has_text="dead letters")
    # Rest where the card will come to lie when the first steps have become one line.
    page.evaluate(
        "document.querySelector('#first-steps').classList.add('told');document.body.classList.remove('first')"
    )
    until(lambda: page.locator("#first-steps").bounding_box()["height"] < 80, what="one line of steps")  # type: ignore[index]  # it is there
    x, y = middle(page, letters)
    page.evaluate(
        "document.querySelector('#first-steps').classList.remove('told');document.body.classList.add('first')"
    )
    page.mouse.move(x - 5, y)
    page.mouse.move(x, y)
    page.evaluate(
        """() => {
          window.dimmed = 0;
          new MutationObserver(() => (window.dimmed += document.querySelectorAll(".dim").length))
            .observe(document.querySelector("#board"), { subtree: true, attributeFilter: ["class"] });
        }"""
    )

    post(hub.url, hub.key)

    expect(page.locator(".story")).to_contain_text("no rule matched", timeout=5000)
    until(lambda: letters.evaluate("(card) => card.matches(':hover')"), what="the card under the pointer")
    until(lambda: _rested(page), seconds=5, what="half a second")
    assert page.evaluate("window.dimmed") == 0

    page.mouse.move(x + 4, y + 2)

    expect(page.locator("button.card-node.dim").first).to_be_visible()
    until(lambda: _faintest(page) < 1, what="the others to dim")
    until(lambda: _faintest(page) == pytest.approx(0.35), what="no fainter than can be read")
    page.mouse.move(x, 5)
    expect(page.locator("button.card-node.dim")).to_have_count(0)


def middle(page: Page, card: Locator) -> tuple[float, float]:
    """Return where the middle of a card that has come to rest is."""
    boxes: list[object] = [None]

    def rests() -> bool:
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        boxes.append(card.bounding_box())
        return boxes[-1] is not None and boxes[-1] == boxes[-2]

    until(rests, what="the card to rest")
    box = card.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _rested(page: Page) -> bool:
    return bool(page.evaluate("(window.restedSince ??= performance.now()) + 500 < performance.now()"))


def _faintest(page: Page) -> float:
    opacities = page.locator("button.card-node").evaluate_all(
        "(cards) => cards.map((card) => +getComputedStyle(card).opacity)"
    )
    return float(min(opacities))
