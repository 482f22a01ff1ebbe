"""Looking back on the flow page: bars, marks and the page of an instant, confined to what one may see."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from eventhub.dashboard.scrubber.bars import Bars
from eventhub.dashboard.scrubber.span import BARS, LENGTHS, Span
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import CircuitState, OutcomeState, TargetState
from eventhub.journal.rows import AttemptRow, EventRow
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import AuditEntry, Role
from tests.journal.build import now_us
from tests.live.world import World
from tests.people import browser_of, person

SECOND = 1_000_000
ISO = "%Y-%m-%dT%H:%M:%SZ"


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


def administrator() -> Client:
    return browser_of(person("ada", Role.ADMINISTRATOR))


def roll(world: World) -> None:
    while (rolled := world.journal.roll_up()) is None or rolled.more:
        pass


def ago(seconds: int) -> int:
    """Return a second of the past."""
    return now_us() // SECOND - seconds


def written(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime(ISO)


def bars(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/flow/bars{query}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_the_bars_hold_every_event_and_every_failed_attempt_of_the_journal(world: World) -> None:
    for seconds in (3000, 2000, 1000, 30):
        world.accept(3, accepted_at=ago(seconds) * SECOND)
    world.route((world.paid, world.mail))
    claimed = world.claim()
    world.settle(claimed[:7], OutcomeState.DELIVERED)
    world.settle(claimed[7:], OutcomeState.DEAD)
    roll(world)

    sent = bars(administrator())

    assert len(sent["bars"]) == BARS
    assert sum(accepted for accepted, _ in sent["bars"]) == EventRow.objects.count() == 12
    assert sum(failed for _, failed in sent["bars"]) == AttemptRow.objects.exclude(error="").count() == 5
    place = (ago(1000) - sent["since"]) // sent["step"]
    assert sent["bars"][place][0] == 3


@pytest.mark.parametrize(("win", "back"), [("60", 3000), ("1440", 80_000), ("10080", 600_000)])
def test_every_span_has_its_bars(win: str, back: int, world: World) -> None:
    world.accept(4, accepted_at=ago(back) * SECOND)
    world.accept(1, accepted_at=ago(10) * SECOND)
    roll(world)

    sent = bars(administrator(), f"?win={win}")

    found = [(bar, accepted) for bar, (accepted, _) in enumerate(sent["bars"]) if accepted]
    assert [accepted for _, accepted in found] == [4, 1]
    assert (
        sent["since"] + found[0][0] * sent["step"]
        <= ago(back)
        < sent["since"] + (found[0][0] + 1) * sent["step"]
    )


def test_a_page_that_knows_the_span_is_told_only_what_may_have_grown(world: World) -> None:
    world.accept(2, accepted_at=ago(20) * SECOND)
    roll(world)
    client = administrator()
    whole = bars(client)

    rest = bars(client, f"?since={whole['since']}&first=230")

    assert rest["since"] == whole["since"]
    assert (rest["first"], rest["bars"]) == (230, whole["bars"][230:])
    assert bars(client, "?since=1&first=230")["first"] == 0  # another span: all of it


def test_bars_are_of_the_buses_that_one_sees(world: World) -> None:
    world.accept(5)
    world.accept(2, bus_id=world.other.pk, bus="other")
    roll(world)
    some = browser_of(person("vic", Role.VIEWER, world.other))

    sums = [
        sum(accepted for accepted, _ in bars(client, query)["bars"])
        for client, query in ((administrator(), ""), (administrator(), "?bus=default"), (some, ""))
    ]

    assert sums == [7, 5, 2]
    assert some.get("/flow/bars?bus=default").status_code == 404


def test_marks_tell_changes_and_circuits_where_they_may_be_seen(world: World) -> None:
    begun = ago(1200) // 10 * 10
    for at in range(begun, begun + 60, 10):
        world.journal.note_gauges(at, {world.mail.pk: TargetState(CircuitState.OPEN, pending=3)})
    AuditEntry.objects.all()._raw_delete("default")
    for name, bus in (("default/paid", world.default), ("other/theirs", world.other)):
        AuditEntry.objects.create(
            at=timezone.now(), who="user:ada", door="admin", action="changed", kind="rule",
            object_id="1", name=name, bus_id=bus.pk, change="a",
        )  # fmt: skip

    everything = bars(administrator())["marks"]
    of_other = bars(browser_of(person("vic", Role.VIEWER, world.other)))["marks"]

    assert everything[:2] == [
        [begun, "opened", "target mail: circuit opened"],
        [begun + 60, "closed", "target mail: circuit closed"],
    ]
    assert {text for _, kind, text in everything if kind == "change"} == {
        "rule default/paid changed",
        "rule other/theirs changed",
    }
    assert [text for *_, text in of_other] == ["rule other/theirs changed"]


def test_an_instant_is_told_as_the_socket_would_have_told_it(world: World) -> None:
    at = ago(100)
    world.accept(2, accepted_at=(at - 1) * SECOND)
    world.accept(1, accepted_at=at * SECOND, source="later")
    roll(world)

    told = administrator().get(f"/flow/at?at={written(at)}&step=1").json()

    keys = {node["i"]: node["key"] for node in told["nodes"]}
    edges = {edge: (keys[start], keys[end]) for edge, start, end in told["edges"]}
    way = ("source:shop", f"bus:{world.default.pk}")
    assert (told["at"], told["grain"]) == (at, 1)
    assert {edges[edge]: count for edge, count, _ in told["ctr"]} == {way: 2}
    assert {edges[edge]: count for edge, count, _ in told["e"]} == {way: 2}
    assert [row[3] for row in told["rows"]] == ["shop", "shop"]
    assert told["head"]["in60"] == 2


def test_an_instant_is_confined_like_everything_else(world: World) -> None:
    at = ago(100)
    world.accept(2, accepted_at=(at - 1) * SECOND, source="hidden")
    roll(world)
    some = browser_of(person("vic", Role.VIEWER, world.other))

    told = some.get(f"/flow/at?at={written(at)}").content.decode()

    assert "hidden" not in told
    assert "paid" not in told
    assert some.get(f"/flow/at?at={written(at)}&bus=default").status_code == 404


def test_the_page_of_an_instant_is_complete_without_javascript(world: World) -> None:
    at = ago(100)
    world.accept(2, accepted_at=(at - 1) * SECOND)
    world.accept(1, accepted_at=(at + 1) * SECOND, source="later")
    roll(world)

    text = administrator().get(f"/flow?at={written(at)}").content.decode()

    stream = text[text.index('id="stream"') :]
    assert "later" not in stream[: stream.index("</section>")]
    assert text.count('class="row static"') == 2
    assert 'id="figure-in">2/min<' in text
    assert f'data-at="{at}"' in text
    assert f'datetime="{written(at)}" data-whole>' in text
    ways = dict(re.findall(r'id="scrub-(back|on|live)" href="([^"]+)"', text))
    back, on = (ways[name].partition("?at=")[2] for name in ("back", "on"))
    assert back < written(at).replace(":", "%3A") < on
    assert ways["live"] == "/flow"


def test_links_through_time_keep_what_else_the_address_says(world: World) -> None:
    text = administrator().get("/flow?bus=default&at=5m&win=1440").content.decode()

    live = re.search(r'id="scrub-live" href="([^"]+)"', text)
    assert live is not None
    assert live[1] == "/flow?bus=default&amp;win=1440"


@pytest.mark.parametrize("query", ["at=yesterday", "win=61", "at=5m&win=x", "at=9999-99-99T00:00"])
def test_what_is_no_moment_or_span_is_refused(query: str, world: World) -> None:
    for address in ("/flow", "/flow/at", "/flow/bars"):
        assert administrator().get(f"{address}?{query}").status_code == 400


def test_a_moment_that_is_not_over_is_now(world: World) -> None:
    client = administrator()
    ahead = written(ago(-3600))

    assert 'data-at=""' in client.get(f"/flow?at={ahead}").content.decode()
    assert client.get(f"/flow/at?at={ahead}").status_code == 400


def test_a_span_grows_until_it_holds_the_moment(world: World) -> None:
    client = administrator()

    found = [
        re.search(r'data-win="(\d+)"', client.get(f"/flow?at={ago_}").content.decode())
        for ago_ in ("30m", "5h", "3d", "30d")
    ]

    assert [one and one[1] for one in found] == ["60", "1440", "10080", "10080"]


def test_every_page_has_the_figures_in_its_header(world: World) -> None:
    world.accept(6, accepted_at=ago(10) * SECOND)
    roll(world)
    client = administrator()

    for address in ("/events", "/dead-letters", "/docs/", "/admin/"):
        text = client.get(address).content.decode()
        assert 'id="figure-in">6/min<' in text, address
        assert "as of <time" in text, address
    assert 'id="figure-in"' not in Client().get("/sign-in").content.decode()


def test_the_bars_are_drawn_as_the_page_draws_them() -> None:
    accepted, failed = [0] * BARS, [0] * BARS
    accepted[0], accepted[2], failed[2] = 10, 1, 20

    good, lost = Bars(Span(LENGTHS[0], 0), accepted, failed).paths

    # The same figures stand in tests/js/scrubber.test.js.
    assert good == "M0.1 48v-22.14h.8v22.14zM2.1 48v-2.214h.8v2.214z"
    assert lost == "M2.1 45.79v-44.29h.8v44.29z"


def test_the_sent_bars_are_the_rendered_ones(world: World) -> None:
    world.accept(3, accepted_at=ago(20) * SECOND)
    roll(world)

    text = administrator().get("/flow").content.decode()

    found = re.search(r'<script id="bars" type="application/json">(.*?)</script>', text)
    assert found is not None
    assert sum(accepted for accepted, _ in json.loads(found[1])["bars"]) == 3
    assert re.search(r'id="scrub-good" d="M[^"]+"', text)
