"""What the flow page loads is small: compressed bytes, as they are sent."""

import re
from collections.abc import Iterator

import pytest

from eventhub.dashboard.compact import compact
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Role
from tests.live.world import World
from tests.people import browser_of, person

SCRIPT_BYTES = 45 * 1024
SHEET_BYTES = 12 * 1024
LOADED = re.compile(r'(?:modulepreload" href|<script[^>]* src)="/static/([^"?]+)\?v=')
SHEETS = re.compile(r'rel="stylesheet" href="/static/([^"?]+)\?v=')
MAPPED = re.compile(r'"/static/(js/[^"]+\.js)": "/static/\1\?v=[0-9a-f]+"')
IMPORTED = re.compile(r'^import [^;]*?"\./([^"]+)";', re.MULTILINE | re.DOTALL)
IMPORTED_LATER = re.compile(r'import\("\./([^"]+)"\)')


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


def page_of(address: str) -> str:
    response = browser_of(person("reader", Role.ADMINISTRATOR)).get(address)
    assert response.status_code == 200
    return str(response.content, "utf-8")


def text_of(path: str) -> str:
    found = compact(path)
    assert found is not None
    return found.plain.decode()


def test_the_flow_page_keeps_to_its_budget_of_scripts(world: World) -> None:
    world.accept()
    loaded = set(LOADED.findall(page_of("/flow")))

    sizes = {path: len(found.gzipped) for path in loaded if (found := compact(path)) is not None}

    assert {"js/flow.js", "js/keys.js", "js/page.js"} < sizes.keys()
    assert sum(sizes.values()) <= SCRIPT_BYTES, sorted(sizes.items(), key=lambda item: -item[1])


def test_the_flow_page_keeps_to_its_budget_of_style_sheets(world: World) -> None:
    world.accept()
    loaded = set(SHEETS.findall(page_of("/flow")))

    sizes = {path: len(found.gzipped) for path in loaded if (found := compact(path)) is not None}

    assert {"css/tokens.css", "css/flow.css"} < sizes.keys() == loaded
    assert sum(sizes.values()) <= SHEET_BYTES, sorted(sizes.items(), key=lambda item: -item[1])


@pytest.mark.parametrize("address", ["/flow", "/events"])
def test_a_page_preloads_what_its_scripts_import_and_maps_what_they_import_later(
    address: str, world: World
) -> None:
    world.accept()
    page = page_of(address)
    loaded, mapped = set(LOADED.findall(page)), set(MAPPED.findall(page))

    texts = [text_of(path) for path in loaded]

    assert {f"js/{name}" for text in texts for name in IMPORTED.findall(text)} <= loaded
    assert {f"js/{name}" for text in texts for name in IMPORTED_LATER.findall(text)} <= mapped - loaded
