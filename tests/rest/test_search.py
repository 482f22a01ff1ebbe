"""Searching events over REST."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from eventhub.access.scopes import Scope
from eventhub.flow import process
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.port import JournalUnavailable, NewEvent, Search
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus
from tests.journal.build import SECOND, claim, dead, new_delivery, new_event, now_us, route
from tests.rest.conftest import Api, assert_problem


@pytest.fixture
def api(journal: SqliteJournal, key_api: Callable[..., Api]) -> Iterator[Api]:
    process.install(process.Parts(journal, RulebookKeeper()))
    yield key_api(Scope.EVENTS_READ)
    process.uninstall()


def append(journal: SqliteJournal, *events: NewEvent) -> list[str]:
    return [str(appended.id) for appended in journal.append(events).result(timeout=10)]


def search(api: Api, q: str, rest: str = "", path: str = "/events") -> Any:
    return api("GET", f"{path}?q={quote(q)}{rest}")


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


def test_a_filter_finds_events_by_what_they_are_and_what_became_of_them(
    journal: SqliteJournal, api: Api
) -> None:
    big, small = append(
        journal,
        new_event(detail=b'{"amount": 120.5}', accepted_at=now_us() - SECOND),
        new_event(detail=b'{"amount": 80}'),
    )
    route(journal, new_delivery(target="crm"))
    journal.settle([dead(one) for one in claim(journal) if str(one.stored.event.id) == big])

    assert ids(search(api, "detail.amount:>100")) == [big]
    assert ids(search(api, "target:crm status:dead")) == [big]
    assert ids(search(api, 'rule:"big orders" -status:dead')) == [small]
    assert ids(search(api, "source:shop", "&detail-type=order%20placed&limit=9")) == [small, big]
    assert ids(search(api, "source:shop", "&detail-type=other")) == []


def test_an_answer_tells_how_far_one_looked(journal: SqliteJournal, api: Api) -> None:
    began = now_us() - 60 * SECOND
    append(journal, *(new_event(accepted_at=began + number * SECOND) for number in range(5)))

    page = search(api, "source:shop", "&limit=2").json()

    assert (page["scanned"], page["of"], page["timed_out"]) == (2, 5, False)
    assert page["next"].startswith("/api/events?q=source%3Ashop&limit=2&cursor=")


def test_where_a_search_goes_on_tells_no_id(journal: SqliteJournal, api: Api) -> None:
    made = append(journal, *(new_event(accepted_at=now_us() - n * SECOND) for n in range(3)))

    page = search(api, "source:shop", "&limit=2").json()

    assert not any(one.replace("-", "") in page["next"] for one in made)
    assert ids(api("GET", page["next"].removeprefix("/api"))) == made[2:]


@pytest.mark.parametrize("path", ["/events", "/buses/uploads/events"])
def test_who_sees_one_bus_is_told_no_number_of_the_others_events(
    journal: SqliteJournal, key_api: Callable[..., Api], path: str
) -> None:
    uploads = Bus.objects.create(name="uploads")
    theirs, _ = append(journal, new_event(), new_event())
    [mine] = append(journal, new_event(bus_id=uploads.pk, bus="uploads"))
    process.install(process.Parts(journal, RulebookKeeper()))
    reader = key_api(Scope.EVENTS_READ, buses=[uploads])

    of_theirs, of_none = (search(reader, f"id:{one}", path=path).json() for one in (theirs, "0" * 32))
    page = search(reader, "source:*", path=path).json()
    process.uninstall()

    assert of_theirs == of_none
    assert ([one["id"] for one in page["items"]], page["scanned"], page["of"]) == ([mine], None, None)


def test_pages_of_a_search_hold_still_while_events_arrive(journal: SqliteJournal, api: Api) -> None:
    appended = append(journal, *[new_event() for _ in range(10)])

    path, seen = "/events?q=source%3Ashop&limit=3", []
    while path:
        answer = api("GET", path)
        seen += ids(answer)
        append(journal, new_event(), new_event())
        path = (answer.json()["next"] or "").removeprefix("/api")

    assert sorted(seen) == sorted(appended)


def test_moments_bound_a_search(journal: SqliteJournal, api: Api) -> None:
    now = now_us()
    old, _new = append(journal, new_event(accepted_at=now - 7200 * SECOND), new_event(accepted_at=now))

    assert ids(api("GET", "/events?to=1h")) == [old]
    assert ids(api("GET", "/events?from=3h&to=1h")) == [old]
    assert ids(api("GET", "/events?from=2020-01-01&to=2020-01-02T00:00:00Z")) == []


def test_a_gap_is_searched_between_two_positions(journal: SqliteJournal, api: Api) -> None:
    appended = append(journal, *[new_event(source="a" if number % 2 else "b") for number in range(6)])
    newest, *_, oldest = api("GET", "/events").json()["items"]

    found = search(api, "source:a", f"&after={oldest['position']}&before={newest['position']}")

    assert sorted(ids(found)) == sorted([appended[1], appended[3]])


def test_a_bus_is_searched_alone(journal: SqliteJournal, api: Api, key_api: Callable[..., Api]) -> None:
    bus = Bus.objects.create(name="other")
    ours, _theirs = append(journal, new_event(bus="other", bus_id=bus.pk), new_event(bus_id=bus.pk + 1))

    assert ids(search(api, "source:shop", path="/buses/other/events")) == [ours]
    assert ids(search(key_api(Scope.EVENTS_READ, buses=(bus,)), "source:shop")) == [ours]
    assert_problem(search(api, "source:shop", path="/buses/nope/events"), 404)


KNOWN = [
    "after",
    "before",
    "bus",
    "cursor",
    "detail-type",
    "from",
    "key",
    "limit",
    "order",
    "q",
    "source",
    "to",
]


@pytest.mark.parametrize(
    ("query", "parameter", "message"),
    [
        ("q=source%3A", "q", "column 8: wanted a value, found the end"),
        ("q=a%00", "q", ""),
        ("q=sorce%3Ashop", "q", "column 1: wanted one of bus, source,"),
        ("from=yesterday", "from", "wanted a moment such as"),
        ("to=tomorrow", "to", "wanted a moment such as"),
        ("cursor=x", "cursor", "wanted the cursor of a `next`, found 'x'"),
        ("q=a&after=x", "after", "wanted the `position` of an item"),
        ("q=a&before=-1--1", "before", "wanted the `position` of an item"),
        ("q=a&limit=0", "limit", "wanted a whole number"),
        ("q=a&sauce=b", "sauce", "unknown; known are: after, before, bus, cursor"),
        ("sauce=b", "sauce", f"unknown; known are: {', '.join(KNOWN)}"),
    ],
)
def test_what_is_no_search_is_refused_at_its_place(
    journal: SqliteJournal, api: Api, query: str, parameter: str, message: str
) -> None:
    append(journal, new_event())

    [place] = assert_problem(api("GET", f"/events?{query}"), 400)["errors"]

    assert place["path"] == parameter
    assert place["message"].startswith(message)


def test_journal_that_is_away_is_503(
    journal: SqliteJournal, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_asked: Search) -> None:
        raise JournalUnavailable("the journal's database failed")

    monkeypatch.setattr(journal, "search", away)

    assert_problem(search(api, "a"), 503)


def test_deliveries_are_found_by_their_events(
    journal: SqliteJournal, api: Api, key_api: Callable[..., Api]
) -> None:
    made = append(
        journal,
        *(new_event(detail=b'{"n": %d}' % n, accepted_at=now_us() - n * SECOND) for n in range(4)),
    )
    route(journal, new_delivery(target="crm"), new_delivery(8, target="mail"))

    page = api("GET", "/deliveries?q=detail.n%3A%3C3&limit=2").json()
    rest = api("GET", page["next"].removeprefix("/api")).json()
    mail = api("GET", "/deliveries?q=detail.n%3A2&target=mail&state=pending").json()["items"]

    assert [one["event_id"] for one in page["items"]] == [made[0], made[0], made[1], made[1]]
    assert [one["event_id"] for one in rest["items"]] == [made[2], made[2]]
    assert (rest["next"], rest["scanned"]) == (None, 4)
    assert [(one["event_id"], one["target"]) for one in mail] == [(made[2], "mail")]
    assert api("GET", "/deliveries?q=detail.n%3A2&state=dead").json()["items"] == []
    assert_problem(api("GET", "/deliveries?q=sorce%3Ashop"), 400)
    assert_problem(api("GET", "/deliveries?q=a&state=lost"), 400)
    assert_problem(api("GET", "/deliveries?q=a&order=oldest"), 400)
    other = key_api(Scope.EVENTS_READ, buses=(Bus.objects.create(name="other"),))
    assert other("GET", "/deliveries?q=detail.n%3A2").json()["items"] == []
