"""How soon an event is seen, how smoothly, and what that costs the page and its socket."""

import math
import time
from contextlib import ExitStack

from playwright.sync_api import Page

from tests.bench.live.rows import Row
from tests.bench.live.stage import BULK, DELIVERED, Stage, accepted, open_flow, posting, signed_in
from tests.bench.live.watching import NOTES, Watch, Watched
from tests.bench.parts import share

SETTLED = 1.0  # s of a load's start that do not count


def at_1000(stage: Stage) -> list[Row]:
    """1,000 events/s, each delivered."""
    delays, notes, reached = _watched(stage, {DELIVERED: 1000})
    named = "1,000/s"
    return [
        Row(f"accept → visible at {named}, any counted, p50", share(delays, 0.5), "ms", 80, note=reached),
        Row(f"accept → visible at {named}, any counted, p99", share(delays, 0.99), "ms", 200),
        Row(f"accept → visible at {named}, listed, p50", share(notes.listed(), 0.5), "ms"),
        Row(f"accept → visible at {named}, listed, p99", share(notes.listed(), 0.99), "ms"),
        Row(f"main thread at {named}", 100 * notes.busy, "%", 40),
        *_socket(notes, named),
        *_display(notes, named),
    ]


def at_10000(stage: Stage) -> list[Row]:
    """10,000 events/s accepted, a tenth of them delivered."""
    delays, notes, reached = _watched(stage, {BULK: 9000, DELIVERED: 1000})
    named = "10,000/s"
    return [
        Row(f"accept → visible at {named}, any counted, p50", share(delays, 0.5), "ms", note=reached),
        Row(f"accept → visible at {named}, any counted, p99", share(delays, 0.99), "ms", 250),
        Row(f"main thread at {named}", 100 * notes.busy, "%"),
        *_socket(notes, named),
        *_display(notes, named),
    ]


def calm(stage: Stage) -> list[Row]:
    """1,000 events/s for somebody who wants less motion."""
    with signed_in(stage.hub, NOTES, reduced_motion="reduce") as page:
        open_flow(page, stage.hub)
        notes, reached = _under_load(stage, page, {DELIVERED: 1000}, display=False)
    return [Row("main thread at 1,000/s, reduced motion", 100 * notes.busy, "%", 10, note=reached)]


def _watched(stage: Stage, rates: dict[str, int]) -> tuple[list[float], Watched, str]:
    """Return the delays (ms, sorted) of counted events, the page's notes, and which rate was reached."""
    with signed_in(stage.hub, NOTES) as page:
        open_flow(page, stage.hub)
        since = time.time()
        notes, reached = _under_load(stage, page, rates)
    at = accepted(stage.hub, since)
    counted = sum(message["seen"] for message in notes.messages)
    assert counted <= len(at), f"the page counted {counted} events, the journal holds {len(at)}"
    skipped = sum(1 for one in at if one < at[0] + SETTLED) if at else 0
    return notes.counted(at, skipped), notes, reached


def _under_load(
    stage: Stage, page: Page, rates: dict[str, int], *, display: bool = True
) -> tuple[Watched, str]:
    with ExitStack() as loads:
        watch = Watch(page, display=display)
        figures = [
            loads.enter_context(posting(stage.hub, rate, stage.seconds + SETTLED, path))
            for path, rate in rates.items()
        ]
        page.wait_for_timeout(1000 * (stage.seconds + SETTLED))
        notes = watch.end()
    reached = sum(one["reached"] for one in figures)
    wanted = sum(rates.values())
    return notes, "" if reached > 0.95 * wanted else f"reached {reached:,.0f}/s of {wanted:,}/s"


def _socket(notes: Watched, named: str) -> list[Row]:
    sizes = [message["bytes"] for message in notes.messages]
    return [
        Row(f"socket at {named}: messages", len(sizes) / notes.seconds, "/s", 12),
        Row(f"socket at {named}: bytes", sum(sizes) / notes.seconds / 1024, "KiB/s", 128),
        Row(f"socket at {named}: largest frame", max(sizes, default=math.nan) / 1024, "KiB", 16),
    ]


def _display(notes: Watched, named: str) -> list[Row]:
    return [
        Row(f"frames at {named}", len(notes.frames) / notes.seconds, "/s", 55, at_least=True),
        Row(f"frames at {named}, p99", share(notes.frames, 0.99), "ms", 34),
        Row(f"tasks over 50 ms at {named}", notes.long, "", 0),
    ]
