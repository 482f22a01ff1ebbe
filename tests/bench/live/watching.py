"""What a page notes about itself: when what the socket sent was shown, frames of the display, long tasks."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

# Runs before the page's own scripts. A message counts as shown in the next frame of the display, after the
# page's own callbacks: the page writes the document in the frame after the message.
NOTES = """(() => {
  const notes = (window.benchNotes = { messages: [], frames: [], long: 0 });
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      // The page sets its own handler in this very turn: ours comes after it.
      queueMicrotask(() => this.addEventListener("message", ({ data }) => note(data)));
    }
  };
  const note = (data) => {
    if (!notes.messages) return;
    const { t, s } = JSON.parse(data);
    const rows = (s ?? []).find((part) => part.tot);
    const listed = (rows?.r ?? []).map((row) => row[1]);
    const one = { t, bytes: data.length, seen: rows?.tot[0] ?? 0, listed, shown: 0 };
    notes.messages.push(one);
    requestAnimationFrame(() => (one.shown = Date.now()));
  };
  new PerformanceObserver((list) => (notes.long += list.getEntries().length)).observe({ type: "longtask" });
})()"""
DISPLAY = """() => {
  const { frames } = window.benchNotes;
  let last = performance.now();
  const next = (now) => {
    frames.push(now - last);
    last = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}"""
CLEAR = "() => Object.assign(window.benchNotes, { messages: [], frames: [], long: 0 })"


@dataclass
class Watched:
    """A page's notes over some seconds; ``busy`` is the share of them that its main thread worked."""

    seconds: float
    messages: list[dict[str, Any]]
    frames: list[float]
    long: int
    busy: float

    def counted(self, accepted: list[float], skipped: int) -> list[float]:
        """Return how many ms after it was accepted each event was shown in a count, in order of size.

        ``accepted`` are seconds since 1970, in the journal's order; the first ``skipped`` are left out.
        """
        shown = [one["shown"] for one in self.messages for _ in range(one["seen"])]
        pairs = list(zip(accepted, shown, strict=False))[skipped:]
        return sorted(at - 1000 * accepted_at for accepted_at, at in pairs if at)

    def listed(self) -> list[float]:
        """Return how many ms after it was accepted each listed event had its row."""
        return sorted(one["shown"] - at for one in self.messages for at in one["listed"] if one["shown"])


class Watch:
    """Notes of a page from now on, until ``end``."""

    def __init__(self, page: Page, *, display: bool = True) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)
        self.session.send("Performance.enable")
        page.evaluate(CLEAR)
        if display:
            page.evaluate(DISPLAY)
        self.began = self.metrics()

    def metrics(self) -> dict[str, float]:
        """Return the browser's own counters of the page: seconds, bytes, numbers."""
        return {one["name"]: one["value"] for one in self.session.send("Performance.getMetrics")["metrics"]}

    def end(self) -> Watched:
        """Return what was noted."""
        now = self.metrics()
        notes = self.page.evaluate("() => window.benchNotes")
        seconds = now["Timestamp"] - self.began["Timestamp"]
        # Processor time: the wall time of tasks would count what else runs on these cores.
        busy = (now["ThreadTime"] - self.began["ThreadTime"]) / seconds
        return Watched(seconds, notes["messages"], sorted(notes["frames"]), notes["long"], busy)
