"""The page about searching: every filter on it is read, and means what the page says of it."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from eventhub.domain.filter import EventView, FilterError, LegView, compile_filter, limits, parse
from eventhub.domain.filter.words import STATUSES, WORDS
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.sqlite import SqliteJournal
from tests.journal.build import append, new_event

TEXT = Path("templates/docs/search.html").read_text(encoding="utf-8")
FILTERS = [html.unescape(found) for found in re.findall(r'<code class="filter">(.*?)</code>', TEXT)]
REFUSED = [
    (html.unescape(text), html.unescape(message))
    for text, message in re.findall(
        r'<pre><code>(.*?)</code></pre>\s*<p class="refused">(.*?)</p>', TEXT, re.DOTALL
    )
]
DETAIL = b"""{"amount": 120, "customer": {"id": "c-7", "tier": "gold"}, "order no.": 7, "code": "120",
    "items": [{"sku": "A-1"}], "tags": ["red"], "email": null, "note": "Left at the door"}"""
NOW = 1_795_860_000_000_000  # 2026-11-28T10:00:00Z
# Events of which each filter of the page lets one pass at least, and refuses one at least.
EVENTS = [
    EventView(
        "019a5a3b000070008000000000000000",
        "orders",
        "shop.web",
        "order.paid",
        NOW - 60_000_000,
        "o-77",
        DETAIL,
        b'{"trace-parent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}',
        "matched",
        [LegView("paid", "crm", "dead", 4, 900_000), LegView("paid", "mail", "delivered", 1, 20_000)],
    ),
    EventView("0" * 32, "uploads", "test", "Order Placed", 0, routing="unmatched"),
    EventView("1" * 32, "orders", "test", "order.new", NOW, routing=None),
]


@pytest.mark.parametrize("text", FILTERS)
def test_every_filter_of_the_page_picks_events(text: str) -> None:
    passes = compile_filter(parse(text), now=NOW)

    assert {passes(event) for event in EVENTS} == {True, False}


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_every_error_of_the_page_is_what_one_gets(text: str, message: str) -> None:
    with pytest.raises(FilterError) as refused:
        parse(text)

    assert str(refused.value) == message


def test_every_word_and_status_has_its_place_on_the_page() -> None:
    assert sorted(re.findall(r'<th scope="row" id="(\w+)">', TEXT)) == sorted(WORDS)
    assert all(f"<code>{status}</code>" in TEXT for status in STATUSES)


def test_limits_of_the_page_are_ours() -> None:
    said = (
        f"{limits.MAX_CHARACTERS:,} characters, {limits.MAX_CLAUSES} terms, {limits.MAX_VALUES} alternatives,"
        f" and {limits.MAX_DEPTH} levels"
    )

    assert said in TEXT


@pytest.fixture
def _running(journal: SqliteJournal) -> Iterator[None]:
    process.install(Parts(journal, RulebookKeeper()))
    yield
    process.uninstall()


@pytest.mark.usefixtures("_running")
def test_request_of_the_page_is_answered(journal: SqliteJournal, admin_client: Client) -> None:
    append(journal, new_event())
    found = re.search(r'<pre id="example"><code>GET (\S+)</code>', TEXT)
    assert found

    answer = admin_client.get(html.unescape(found[1]))

    assert answer.status_code == 200
    assert set(answer.json()) == {"items", "next", "scanned", "of", "timed_out"}


@pytest.mark.django_db
def test_page_is_served(admin_client: Client) -> None:
    assert "Searching events" in admin_client.get("/docs/search").content.decode()
