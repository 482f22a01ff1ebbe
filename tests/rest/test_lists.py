"""Every list: filters, orders, and pages that neither repeat nor miss a row while others write."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import OutcomeState
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Target
from tests.live.world import World
from tests.rest.conftest import Api, assert_problem
from tests.rest.maker import CONFIGURED, HAPPENED, NUMBERED, Maker


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


@pytest.fixture
def maker(api: Api, world: World) -> Maker:
    return Maker(api, world)


def items(api: Api, path: str) -> Any:
    response = api("GET", path)
    assert response.status_code == 200, response.content
    return response.json()["items"]


def walk(api: Api, path: str, between: Callable[[], object]) -> Iterator[Any]:
    """Yield the items of all pages until one is empty; ``between`` is done after each page."""
    following = path
    while following:
        page = api("GET", following).json()
        yield from page["items"]
        between()
        following = (page["next"] or "").removeprefix("/api") if page["items"] else ""


ORDERS = ["made", "-made", "name", "-name", "changed", "-changed"]


@pytest.mark.parametrize("order", ["", *ORDERS])
@pytest.mark.parametrize("kind", CONFIGURED)
def test_pages_of_what_is_configured_hold_still_while_it_changes(
    api: Api, maker: Maker, kind: str, order: str
) -> None:
    key = CONFIGURED[kind]
    mine = [maker.configured(kind)[key] for _ in range(7)]
    there = [row[key] for row in items(api, f"/{kind}?limit=1000")]
    seen: list[Any] = []

    def change() -> None:
        if maker.number < 20:
            maker.configured(kind)
        # One that was seen goes: a page that counted rows would now miss one. Not the caller's own key.
        if made := [one for one in seen if one in mine and kind != "partner-sources"]:
            api("DELETE", f"/{kind}/{made[0]}")

    for row in walk(api, f"/{kind}?limit=3" + (f"&order={order}" if order else ""), change):
        seen.append(row[key])

    assert len(seen) == len(set(seen))
    assert set(there) <= set(seen)


@pytest.mark.parametrize("kind", CONFIGURED)
def test_what_is_configured_comes_in_the_order_that_was_asked_for(api: Api, maker: Maker, kind: str) -> None:
    for _ in range(6):
        maker.configured(kind)
    key = CONFIGURED[kind]
    made = [row[key] for row in items(api, f"/{kind}")]

    assert [row[key] for row in items(api, f"/{kind}?order=-made")] == made[::-1]
    names = [row["name"] for row in items(api, f"/{kind}?order=name")]
    assert names == sorted(names)
    assert [row["name"] for row in items(api, f"/{kind}?order=-name")] == names[::-1]
    changed = [row["updated_at"] for row in items(api, f"/{kind}?order=changed")]
    assert changed == sorted(changed)


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("kind", HAPPENED)
def test_pages_of_what_happened_hold_still_while_more_happens(
    api: Api, maker: Maker, kind: str, order: str
) -> None:
    for _ in range(7):
        maker.happened()
    there = [row["id"] for row in items(api, f"/{kind}?limit=1000")]
    left = [2] * 3  # what happens meanwhile must end, or the oldest first would go on for ever

    def more() -> None:
        for _ in range(left.pop() if left else 0):
            maker.happened()

    seen = [row["id"] for row in walk(api, f"/{kind}?limit=3&order={order}", more)]

    assert len(there) == 7
    if order == "newest":
        assert seen == there
    else:
        assert seen == [row["id"] for row in items(api, f"/{kind}?limit=1000")][::-1]
        assert seen[:7] == there[::-1]


@pytest.mark.parametrize("kind", NUMBERED)
def test_pages_of_redrives_and_replays_hold_still_while_more_begin(api: Api, maker: Maker, kind: str) -> None:
    for _ in range(7):
        maker.numbered(kind)
    there = [row["id"] for row in items(api, f"/{kind}")]

    seen = [row["id"] for row in walk(api, f"/{kind}?limit=3", lambda: maker.numbered(kind))]

    assert seen == there
    assert [row["id"] for row in items(api, f"/{kind}?order=oldest&limit=7")] == there[::-1]
    assert len(items(api, f"/{kind}?state=cancelled")) == 0
    assert_problem(api("GET", f"/{kind}?state=lost"), 400)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/buses?prefix=oth", ["other"]),
        ("/buses?paused=true", []),
        ("/buses?name=default", ["default"]),
        ("/rules?target=books", ["all"]),
        ("/rules?bus=default&name=paid", ["paid"]),
        ("/rules?enabled=false", []),
        ("/targets?kind=bus", ["books"]),
        ("/targets?bus=other", ["books"]),
        ("/targets?enabled=true&paused=false&order=name", ["books", "mail"]),
        ("/targets?connection=crm", []),
        ("/connections?auth=basic", []),
        ("/api-destinations?connection=crm", []),
        ("/archives?bus=default", []),
        ("/keys?enabled=true&prefix=te", ["test"]),
        ("/global-endpoints?bus=default", []),
        ("/partner-sources?account=000000000000", []),
    ],
)
def test_a_filter_of_what_is_configured_leaves_what_was_asked_for(
    api: Api, world: World, path: str, names: list[str]
) -> None:
    assert [row["name"] for row in items(api, path)] == names


@pytest.fixture
def attempts(world: World) -> World:
    """Make three attempts: two of one delivery that was tried again, and one that was dead at once."""
    world.accept()
    world.route((world.paid, world.mail))
    world.settle(world.claim(), OutcomeState.PENDING)
    world.settle(world.claim(), OutcomeState.DELIVERED)
    world.accept()
    world.route((world.all, world.books))
    world.settle(world.claim(), OutcomeState.DEAD)
    return world


def test_attempts_are_listed_with_the_names_of_their_deliveries(api: Api, attempts: World) -> None:
    listed = items(api, "/attempts")

    shown = [(one["rule"], one["target"], one["number"], one["state"], one["status"]) for one in listed]
    assert shown == [
        ("all", "books", 1, "dead", 503),
        ("paid", "mail", 2, "delivered", 200),
        ("paid", "mail", 1, "pending", 503),
    ]
    assert (listed[0]["took_ms"], listed[0]["bus"]) == (20.0, "default")
    assert "request" not in listed[0]


def test_an_attempt_is_read_with_what_was_sent_and_answered(api: Api, attempts: World) -> None:
    [listed] = items(api, "/attempts?limit=1")

    whole = api("GET", f"/attempts/{listed['id']}").json()

    assert whole.items() >= listed.items()
    assert whole.keys() - listed.keys() == {"phases", "request", "response"}
    assert_problem(api("GET", "/attempts/999"), 404)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("target=mail", 2),
        ("target=books&rule=all", 1),
        ("target=nowhere", 0),
        ("bus=default", 3),
        ("bus=other", 0),
        ("state=dead", 1),
        ("status=503", 2),
        ("since=2020-01-01T00:00:00Z", 3),
        ("until=2020-01-01T00:00:00%2B02:00", 0),
    ],
)
def test_a_filter_of_attempts_leaves_what_was_asked_for(
    api: Api, attempts: World, query: str, count: int
) -> None:
    assert len(items(api, f"/attempts?{query}")) == count


def test_attempts_of_an_event_a_delivery_and_a_target(api: Api, attempts: World) -> None:
    newest, middle, oldest = items(api, "/attempts")
    mail = Target.objects.get(name="mail")

    assert items(api, f"/attempts?event_id={newest['event_id']}") == [newest]
    assert items(api, f"/attempts?delivery_id={oldest['delivery_id']}") == [middle, oldest]
    assert items(api, f"/attempts?target_id={mail.pk}&order=oldest") == [oldest, middle]
    assert items(api, f"/attempts?rule_id={newest['rule_id']}") == [newest]


def test_deliveries_of_a_time(api: Api, attempts: World) -> None:
    assert len(items(api, "/deliveries?since=2020-01-01T00:00:00Z")) == 2
    assert items(api, "/deliveries?until=2020-01-01T00:00:00Z") == []
