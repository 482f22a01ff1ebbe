"""What is measured: a hub, a webhook's process behind it, posts at a rate, and a page that is signed in."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.api import Api
from tests.bench.parts import Receiver, running_load
from tests.browser.conftest import ARGUMENTS, PASSWORD, USER
from tests.programs import find
from tests.running import Running, running_hub
from tests.until import takes_effect_everywhere

BULK = "/api/buses/bulk/events"  # a bus without rules
DELIVERED = "/api/buses/default/events"  # each of its events is delivered to a webhook
REQUESTS_PER_SECOND = 100


@dataclass
class Stage:
    """A hub that delivers, and how long to look."""

    hub: Running
    seconds: float
    minutes: float


@contextmanager
def set_up(folder: Path, seconds: float, minutes: float) -> Iterator[Stage]:
    """Run a hub with an administrator, a bus whose events are delivered, and one without rules."""
    settings = {"EVENTHUB_ADMIN_USER": USER, "EVENTHUB_ADMIN_PASSWORD": PASSWORD}
    with Receiver() as receiver, running_hub(folder, **settings) as hub:
        api = Api(hub)
        api.rule("bench", {"source": ["bench.shop"]}, receiver.url)
        api.post("/api/buses", {"name": "bulk"})
        takes_effect_everywhere()
        yield Stage(hub, seconds, minutes)


@contextmanager
def posting(hub: Running, rate: int, seconds: float, path: str = DELIVERED) -> Iterator[dict[str, Any]]:
    """Post ``rate`` events/s for so long, from another process; its figures are there when it is left.

    100 requests a second carry them, so that the machine's cores go to what is measured.
    """
    batch = max(1, rate // REQUESTS_PER_SECOND)
    figures: dict[str, Any] = {}
    load = running_load(hub, seconds=seconds, rate=rate / batch, batch=batch, path=path, connections=16)
    try:
        yield figures
        figures.update(load())
        figures["reached"] = figures["requests"] * batch / figures["seconds"]
    finally:
        load.end()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium without a GPU."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def signed_in(hub: Running, script: str = "", **options: Any) -> Iterator[Page]:
    """Give a page of a person who signed in; ``script`` runs in it before ours."""
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en", **options)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.goto(f"{hub.url}/sign-in")
        page.get_by_label("User name").fill(USER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/flow")
        yield page


def open_flow(page: Page, hub: Running) -> None:
    """Open the flow page, and wait until it is live."""
    page.goto(f"{hub.url}/flow")
    page.wait_for_selector("#link-state.live", timeout=30_000)


def accepted(hub: Running, since: float) -> list[float]:
    """Return when (seconds since 1970) each event since then was accepted, in the journal's order."""
    with closing(sqlite3.connect(hub.data_dir / "journal.sqlite3")) as journal:
        rows = journal.execute(
            "SELECT accepted_at FROM event WHERE accepted_at >= ? ORDER BY seq", (int(since * 1e6),)
        )
        return [at / 1e6 for (at,) in rows]


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
