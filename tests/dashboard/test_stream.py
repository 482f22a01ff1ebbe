"""What the stream is given by the server: its rows, an event in short, and the beginnings of payloads."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.test import Client

from eventhub.dashboard.summary import leaves
from eventhub.domain.filter import EventView, compile_filter, parse
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import OutcomeState
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Role
from tests.live.world import World
from tests.people import browser_of, person

START = re.compile(r'<script id="stream-start" type="application/json">(.*?)</script>', re.DOTALL)


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


@pytest.fixture
def client(world: World) -> Client:
    return browser_of(person("ann", Role.ADMINISTRATOR))


def start(client: Client, address: str) -> dict[str, Any]:
    """Return what a page gives its module to begin with."""
    found = START.search(client.get(address).content.decode())
    assert found is not None
    return json.loads(found[1])  # type: ignore[no-any-return]  # JSON


@pytest.mark.parametrize("page", ["/flow", "/events"])
def test_a_page_begins_with_the_rows_that_it_shows(page: str, world: World, client: Client) -> None:
    ids = world.accept(3, key=None)

    begun = start(client, page)

    assert [row[0] for row in begun["rows"]] == [str(one) for one in ids]
    assert begun["pos"] == begun["rows"][-1][10]
    assert begun["older"] is None


def test_older_rows_go_on_where_the_page_ends(world: World, client: Client) -> None:
    ids = [str(one) for one in world.accept(130)]
    begun = start(client, "/events")
    assert [row[0] for row in begun["rows"]] == ids[30:]

    older = client.get(f"/flow/rows?before={begun['older']['before']}").json()

    assert [row[0] for row in older["rows"]] == ids[:30]
    assert older["more"] is False


def test_a_search_goes_on_by_its_cursor(world: World, client: Client) -> None:
    ids = [str(one) for one in world.accept(250, source="shop")]
    world.accept(5, source="cafe")
    q = quote("source:shop")
    begun = start(client, f"/events?q={q}")

    older = client.get(f"/flow/rows?q={q}&cursor={quote(begun['older']['cursor'])}").json()

    # Each once; events of one millisecond come in the order of their ids.
    assert sorted(row[0] for row in (*older["rows"], *begun["rows"])) == sorted(ids)
    assert older["next"] is None


def test_the_flow_page_filters_its_stream_and_says_what_is_wrong(world: World, client: Client) -> None:
    world.accept(2, source="cafe")
    (wanted,) = world.accept(source="shop")

    assert [row[0] for row in start(client, "/flow?q=source:shop")["rows"]] == [str(wanted)]
    wrong = client.get("/flow?q=sorce:x").content.decode()
    assert "column 1: wanted one of bus" in wrong
    assert 'data-wrong-at="0"' in wrong


def test_pinned_rows_come_with_the_page_if_the_reader_may_see_them(world: World, client: Client) -> None:
    (mine,) = world.accept()
    (others,) = world.accept(bus_id=world.other.pk, bus="other")
    address = f"/events?pin={mine},{others},nonsense"

    assert {row[0] for row in start(client, address)["pinned"]} == {str(mine), str(others)}
    viewer = browser_of(person("vic", Role.VIEWER, world.default))
    assert [row[0] for row in start(viewer, address)["pinned"]] == [str(mine)]


def test_a_list_of_the_past_does_not_follow(world: World, client: Client) -> None:
    world.accept()

    assert "data-may-follow" in client.get("/events").content.decode()
    past = client.get("/events?at=1h").content.decode()
    assert "data-may-follow" not in past
    assert 'name="to" value="1h"' in past


def test_the_summary_tells_deliveries_and_values_with_their_terms(world: World, client: Client) -> None:
    (event_id,) = world.accept(detail=b'{"order": {"id": "A-1"}, "sum": 12.50}', detail_type="Order Placed")
    world.route((world.paid, world.mail))
    world.settle(world.claim(), OutcomeState.PENDING)

    text = client.get(f"/events/{event_id}/summary").content.decode()

    assert "↻ retry 1" in text
    assert "paid <span" in text
    assert "receiver answered 503" in text
    assert 'data-term="type:&quot;Order Placed&quot;"' in text
    assert 'data-term="detail.order.id:A-1"' in text
    assert 'data-term="detail.sum:12.50"' in text
    assert client.get(f"/events/{uuid4()}/summary").status_code == 404


def test_masked_fields_are_neither_shown_nor_asked_for(world: World) -> None:
    world.default.sensitive = ["detail.card"]
    world.default.save(update_fields=["sensitive"])
    (event_id,) = world.accept(detail=b'{"card": {"number": "4111"}, "sum": 5}')
    viewer = browser_of(person("vic", Role.VIEWER, world.default))

    summary = viewer.get(f"/events/{event_id}/summary").content.decode()
    preview = viewer.get(f"/events/previews?id={event_id}").json()["previews"][str(event_id)]

    assert "4111" not in summary
    assert "•••" in summary
    assert "detail.card" not in summary
    assert preview == '{"card":"•••","sum":5}'


def test_previews_are_of_events_that_the_reader_sees(world: World, client: Client) -> None:
    (mine,) = world.accept(detail=b'{"n": 1}')
    (others,) = world.accept(bus_id=world.other.pk, bus="other", detail=b'{"n": 2}')
    address = f"/events/previews?id={mine}&id={others}"
    viewer = browser_of(person("vic", Role.VIEWER, world.default))

    assert set(client.get(address).json()["previews"]) == {str(mine), str(others)}
    assert viewer.get(address).json() == {"previews": {str(mine): '{"n": 1}'}}
    assert client.get("/events/previews?id=nonsense").status_code == 404


@pytest.mark.parametrize(
    "detail",
    [
        {"a": "x", "b": 1, "c": True, "d": None, "e": "exists", "f": "none", "g": "2", "h": "true"},
        {"order no.": {"a.b": 'with "quotes" and \\'}, "list": [{"sku": "A-1"}, {"sku": "B 2"}]},
        {"empty": "", "star": "a*b", "less": ">5", "bar": "a|b", "sign": "-x", "open": "(y"},
    ],
)
def test_the_term_of_every_value_finds_its_event(detail: dict[str, Any]) -> None:
    view = EventView(
        id=UUID(int=1).hex,
        bus="default",
        source="s",
        type="t",
        accepted_at=0,
        detail=json.dumps(detail).encode(),
    )

    for leaf in leaves(detail):
        assert leaf.term
        assert compile_filter(parse(leaf.term), now=0)(view), leaf.term


def test_what_no_filter_can_ask_for_has_no_term() -> None:
    terms = {leaf.text: leaf.term for leaf in leaves({"deep": [[3]], "long": "x" * 500, "empty": {}})}

    assert set(terms.values()) == {""}
