"""The first steps stand beside the graph, never over it."""

from itertools import product

import pytest
from playwright.sync_api import FloatRect, Page, expect

from tests.browser.conftest import Watched
from tests.browser.test_first_event import open_flow, post
from tests.running import Running

pytestmark = pytest.mark.whole


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_first_steps_cover_nothing_before_and_after_the_first_event(
    width: int, height: int, hub: Running, watched: Watched
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    open_flow(page, hub)

    assert overlaps(page) == []
    if width > 700:  # below it the list stands for the graph
        expect(page.locator("button.card-node", has_text="default")).to_be_in_viewport(ratio=1)

    post(hub.url, hub.key)

    expect(page.locator(".story")).to_contain_text("no rule matched", timeout=5000)
    assert overlaps(page) == []
    if width > 700:
        expect(page.locator("button.card-node", has_text="shop")).to_be_in_viewport(ratio=1)
        expect(page.locator(".legend")).to_be_in_viewport(ratio=1)
    else:
        expect(page.locator("#node-rows tr", has_text="shop")).to_be_in_viewport(ratio=1)


# What of an element shows: where it scrolls inside another, the rest of it lies over nothing.
SHOWN = """element => {
    let { left, top, right, bottom } = element.getBoundingClientRect();
    for (let pane = element.parentElement; pane; pane = pane.parentElement) {
        if (getComputedStyle(pane).overflowY === "visible") continue;
        const box = pane.getBoundingClientRect();
        left = Math.max(left, box.left); right = Math.min(right, box.right);
        top = Math.max(top, box.top); bottom = Math.min(bottom, box.bottom);
    }
    return { x: left, y: top, width: right - left, height: bottom - top };
}"""


def overlaps(page: Page) -> list[str]:
    """Name what the first steps lie over."""
    sheet = page.locator("#first-steps").evaluate(SHOWN)
    things = ["button.card-node", ".column-title", ".legend", ".graph-tools", "#node-rows tr", ".stream-rows"]
    found = [(name, one.bounding_box()) for name in things for one in page.locator(f"{name}:visible").all()]
    return [name for name, box in found if box is not None and _meet(sheet, box)]


def _meet(one: FloatRect, other: FloatRect) -> bool:
    axes = (("x", "width"), ("y", "height"))
    return all(
        a[start] < b[start] + b[size]  # type: ignore[literal-required]  # the axes' names
        for (a, b), (start, size) in product(((one, other), (other, one)), axes)
    )
