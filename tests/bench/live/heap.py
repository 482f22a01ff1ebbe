"""Whether a page that stays open grows: its heap after collecting, and the nodes of its document."""

from playwright.sync_api import Page

from tests.bench.live.rows import Row
from tests.bench.live.stage import Stage, open_flow, posting, signed_in
from tests.bench.live.watching import NOTES, Watch

RATE = 2000
LOOKS = 12
# The notes would be what grows.
NO_NOTES = "() => { window.benchNotes.messages = null; }"


def heap(stage: Stage) -> list[Row]:
    """2,000 events/s, all counted, a twentieth listed, for some minutes."""
    seconds = 60 * stage.minutes
    with signed_in(stage.hub, NOTES) as page:
        open_flow(page, stage.hub)
        watch = Watch(page, display=False)
        page.evaluate(NO_NOTES)
        with posting(stage.hub, RATE, seconds) as load:
            looks = [_look(page, watch, 1000 * seconds / LOOKS) for _ in range(LOOKS)]
    sizes = [size for size, _ in looks]
    return [
        Row(f"heap after {stage.minutes:g} min at {load['reached']:,.0f}/s", sizes[-1], "MiB", 40),
        Row("growth in the last half", sizes[-1] - sizes[LOOKS // 2 - 1], "MiB", 1, note=_told(sizes)),
        Row("nodes of the document, most", max(nodes for _, nodes in looks), "", 2500),
    ]


def _look(page: Page, watch: Watch, after_ms: float) -> tuple[float, float]:
    page.wait_for_timeout(after_ms)
    watch.session.send("HeapProfiler.collectGarbage")
    now = watch.metrics()
    return now["JSHeapUsedSize"] / 2**20, now["Nodes"]


def _told(sizes: list[float]) -> str:
    return "MiB over time: " + " ".join(f"{size:.1f}" for size in sizes)
