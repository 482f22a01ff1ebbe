"""A real browser before a real hub. Whatever a page writes to the console as an error fails the test."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.programs import needs
from tests.running import Running, running_hub

USER, PASSWORD = "ada", "a-password-for-tests-1815"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    """Run a hub with nothing in it but an administrator."""
    needs("chromium")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])  # a port that it comes back on after a kill
    settings = {"EVENTHUB_ADMIN_USER": USER, "EVENTHUB_ADMIN_PASSWORD": PASSWORD, "EVENTHUB_PORT": port}
    with running_hub(tmp_path / "data", **settings) as hub:
        yield hub


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Run Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


class Watched:
    """A page whose complaints are kept."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest.fixture
def context(browser: Browser, hub: Running) -> Iterator[BrowserContext]:
    """Sign in, as a person would."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en")
    page = context.new_page()
    page.goto(f"{hub.url}/sign-in")
    page.get_by_label("User name").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/flow")
    page.close()
    yield context
    context.close()


@pytest.fixture
def watched(context: BrowserContext) -> Iterator[Watched]:
    """Open a page that must not complain: no error, no violation of the content security policy."""
    watched = Watched(context.new_page())
    yield watched
    assert watched.complaints == []
