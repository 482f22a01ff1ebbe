"""How much the flow page loads, and how soon it shows something and is live. Nothing is cached."""

from statistics import median

from playwright.sync_api import Page

from tests.bench.live.rows import Row
from tests.bench.live.stage import Stage, open_flow, posting, signed_in
from tests.bench.live.watching import NOTES

LOADS = 5
LOADED = """() => {
  const sizes = { js: 0, css: 0 };
  for (const { name, encodedBodySize } of performance.getEntriesByType("resource")) {
    const kind = new URL(name).pathname.split(".").pop();
    if (kind in sizes) sizes[kind] += encodedBodySize;
  }
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  const live = window.benchNotes.messages.find((one) => one.t === "snap" && one.shown);
  return { ...sizes, paint: paint.startTime, live: live.shown - performance.timeOrigin };
}"""


def loading(stage: Stage) -> list[Row]:
    """Load the page some times; the figures are medians."""
    with posting(stage.hub, 100, 2):
        pass  # or the page shows its first steps
    with signed_in(stage.hub, NOTES) as page:
        page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
        loads = [_load(page, stage) for _ in range(LOADS)]
    found = {name: median(load[name] for load in loads) for name in loads[0]}
    return [
        Row("scripts of the flow page, as sent", found["js"] / 1024, "KiB", 45),
        Row("style sheets of the flow page, as sent", found["css"] / 1024, "KiB", 12),
        Row("first contentful paint", found["paint"], "ms", 300),
        Row("first live frame", found["live"], "ms", 600),
    ]


def _load(page: Page, stage: Stage) -> dict[str, float]:
    open_flow(page, stage.hub)
    page.wait_for_function('() => window.benchNotes.messages.some((one) => one.t === "snap" && one.shown)')
    loaded: dict[str, float] = page.evaluate(LOADED)
    return loaded
