"""A pattern and an event over REST: why the one does or does not match the other."""

import html
import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eventhub.access.scopes import Scope
from eventhub.api.rest.explaining import MAX_EVENT_BYTES
from eventhub.journal.port import UNKNOWN_BUS
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus
from tests.journal.build import new_event
from tests.rest.conftest import Api, assert_problem

pytestmark = pytest.mark.django_db

PATTERN = {"source": ["shop"], "detail": {"amount": [{"numeric": [">", 500]}]}}
EVENT = {"source": "shop", "detail": {"amount": 120}}
PATH = "/patterns/explain"


@pytest.fixture
def rules(key_api: Callable[..., Api]) -> Api:
    return key_api(Scope.RULES_READ)


def explained(api: Api, body: Any) -> dict[str, Any]:
    response = api("POST", PATH, body)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def test_the_example_of_the_reference_answers_what_it_says(rules: Api) -> None:
    page = Path("templates/docs/patterns/why.html").read_text()
    asked, answered = (
        json.loads(html.unescape(re.search(rf'<pre id="{part}"><code>(.+?)</code>', page, re.DOTALL)[1]))
        for part in ("asked", "answered")
    )

    answer = explained(rules, asked)

    assert {name: value for name, value in answer.items() if name != "tree"} == answered


def test_the_whole_tree_is_answered(rules: Api) -> None:
    answer = explained(rules, {"pattern": PATTERN, "event": EVENT})

    tree = answer.pop("tree")
    assert answer == {
        "verdict": "no match",
        "matches": False,
        "clauses": 2,
        "satisfied": 1,
        "not_compared": 0,
        "first_failing": "detail.amount",
        "words": "1 of 2 clauses hold; detail.amount is 120, wanted more than 500.",
    }
    assert (tree["kind"], tree["holds"]) == ("all", False)
    assert tree["members"][1] == {
        "kind": "field",
        "path": "detail.amount",
        "verdict": "no match",
        "holds": False,
        "wanted": "more than 500",
        "operators": [{"numeric": [">", 500]}],
        "found": [120],
        "found_in_all": 1,
        "element": None,
        "words": "detail.amount is 120, wanted more than 500",
    }


def test_the_nearest_element_of_an_array_is_told(rules: Api) -> None:
    pattern = {"items": {"sku": ["A"], "qty": [{"numeric": [">", 5]}]}}
    event = {"items": [{"sku": "B", "qty": 9}, {"sku": "A", "qty": 1, "lot": 2}]}

    answer = explained(rules, {"pattern": pattern, "event": event})

    assert (answer["satisfied"], answer["clauses"]) == (1, 2)
    assert {member["element"] for member in answer["tree"]["members"]} <= {"items[0]", "items[1]"}
    assert [member["verdict"] for member in answer["tree"]["members"]].count("match") == 1


def test_numbers_are_compared_as_they_were_written(rules: Api) -> None:
    body = b'{"pattern": {"n": [9007199254740993]}, "event": {"n": %s}}'

    assert explained(rules, body % b"9007199254740993")["matches"]
    assert not explained(rules, body % b"9007199254740992")["matches"]
    huge = b"1" * 40
    answer = explained(rules, b'{"pattern": {"n": [1e400, %s]}, "event": {"n": [1.50, %s]}}' % (huge, huge))
    assert answer["matches"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("0.1", "0.1000000000000000055"),
        ('"1e400"', "1e400"),
        ("9007199254740993.0", "9007199254740992"),
        ('{"numeric":["=",1.50]}', "1" * 40),
        ("true", "1.0"),
    ],
)
def test_numbers_are_told_as_they_were_written(rules: Api, wanted: str, found: str) -> None:
    response = rules("POST", PATH, f'{{"pattern": {{"x": [{wanted}]}}, "event": {{"x": {found}}}}}'.encode())

    assert f'"operators":[{wanted}],"found":[{found}],' in response.content.decode()


def test_a_pattern_may_come_as_text(rules: Api) -> None:
    assert explained(
        rules, {"pattern": json.dumps(PATTERN), "event": {"source": "shop", "detail": {"amount": 501}}}
    )["matches"]


def test_a_bad_pattern_is_refused_with_its_place_and_the_references_text(rules: Api) -> None:
    text = '{"detail": {\n  "state": [{"prefix": 5}]}}'

    document = assert_problem(rules("POST", PATH, {"pattern": text, "event": EVENT}), 400)

    assert document["type"] == "urn:eventhub:problem:invalid-pattern"
    [fault] = document["errors"]
    assert fault.pop("reference").startswith("prefix match pattern must be a string\n at [Source: (String)")
    assert fault == {
        "path": "pattern",
        "message": 'detail.state: "prefix" needs a string, got number (line 2, column 24)',
        "field": "detail.state",
        "wanted": "a string",
        "found": "number",
        "line": 2,
        "column": 24,
    }


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ('{"a": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}', "fewer stars"),
        ("{" + ",".join(['"$or": [{"a": [1]}, {"b": [2]}]'] * 10) + "}", "at most 1000 combinations"),
        ('{"a": ["' + "x" * 5000 + '"]}', "at most 4096 characters"),
        ('{"a":' * 600, "the pattern's JSON"),
        ("", "an object"),
    ],
)
def test_a_pattern_that_asks_too_much_is_refused(rules: Api, pattern: str, said: str) -> None:
    document = assert_problem(rules("POST", PATH, {"pattern": pattern, "event": EVENT}), 400)

    assert said in document["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"event": EVENT}, "pattern"),
        ({"pattern": 5, "event": EVENT}, "pattern"),
        ({"pattern": PATTERN}, "event"),
        ({"pattern": PATTERN, "event": EVENT, "event_id": str(uuid.uuid4())}, "event"),
        ({"pattern": PATTERN, "event": [1]}, "event"),
        ({"pattern": PATTERN, "event_id": 7}, "event_id"),
        ({"pattern": PATTERN, "event": EVENT, "evnt": 1}, "evnt"),
        ({"pattern": PATTERN, "event": {"detail": "x" * MAX_EVENT_BYTES}}, "event"),
    ],
)
def test_what_is_wrong_with_the_request_is_named(rules: Api, body: Any, path: str) -> None:
    assert assert_problem(rules("POST", PATH, body), 400)["errors"][0]["path"] == path


def test_an_event_that_is_too_deep_is_refused_and_a_deep_one_explained(rules: Api) -> None:
    body = '{"pattern": {"a": [1]}, "event": %s1%s}'

    assert not explained(rules, (body % ('{"a":' * 990, "}" * 990)).encode())["matches"]
    document = assert_problem(rules("POST", PATH, (body % ('{"a":' * 5000, "}" * 5000)).encode()), 400)
    assert "levels" in document["detail"]


def test_a_search_that_is_given_up_is_told(rules: Api) -> None:
    event = {"a": [f"v{number}" for number in range(20_000)]}
    pattern = {"a": [{"suffix": f"-{number}"} for number in range(200)]}

    answer = explained(rules, {"pattern": pattern, "event": event})

    assert (answer["verdict"], answer["matches"]) == ("too complex", False)
    [leaf] = answer["tree"]["members"]
    assert (leaf["verdict"], leaf["found_in_all"]) == ("too complex", 20_000)


# -- who may ---------------------------------------------------------------------------------------


@pytest.fixture
def stored(journal: SqliteJournal) -> Callable[..., str]:
    """Store an event of the shop on a bus; return its id."""

    def store(bus: Bus | None = None) -> str:
        bus_id, name = (bus.pk, bus.name) if bus else (UNKNOWN_BUS, "nowhere")
        event = new_event(bus_id=bus_id, bus=name, source="shop", detail=b'{"amount": 501.0}')
        journal.append([event]).result(timeout=10)
        return str(event.id)

    return store


def test_a_stored_event_is_explained_by_its_id(
    stored: Callable[..., str], key_api: Callable[..., Api]
) -> None:
    event_id = stored(Bus.objects.get(name="default"))

    answer = explained(key_api(Scope.EVENTS_READ), {"pattern": PATTERN, "event_id": event_id})

    assert answer["matches"]
    assert answer["tree"]["members"][1]["found"] == [501.0]


@pytest.mark.parametrize(
    ("scope", "own", "by_id"),
    [
        (Scope.EVENTS_PUT, 403, 403),
        (Scope.EVENTS_READ, 403, 200),
        (Scope.RULES_READ, 200, 403),
        (Scope.RULES_WRITE, 403, 403),
        (Scope.ADMIN, 200, 200),
    ],
)
def test_a_key_explains_what_its_scope_lets_it_read(
    stored: Callable[..., str], key_api: Callable[..., Api], scope: Scope, own: int, by_id: int
) -> None:
    api = key_api(scope)
    event_id = stored(Bus.objects.get(name="default"))

    assert api("POST", PATH, {"pattern": PATTERN, "event": EVENT}).status_code == own
    assert api("POST", PATH, {"pattern": PATTERN, "event_id": event_id}).status_code == by_id


def test_a_scope_is_missed_before_anything_is_told_of_the_event(
    stored: Callable[..., str], key_api: Callable[..., Api]
) -> None:
    api = key_api(Scope.RULES_READ)
    there = stored(Bus.objects.get(name="default"))

    answers = [api("POST", PATH, {"pattern": PATTERN, "event_id": one}) for one in (there, str(uuid.uuid4()))]

    assert assert_problem(answers[0], 403) == assert_problem(answers[1], 403)


def test_a_key_limited_to_a_bus_explains_its_events_alone(
    stored: Callable[..., str], key_api: Callable[..., Api]
) -> None:
    ours, theirs = Bus.objects.create(name="ours"), Bus.objects.create(name="theirs")
    api = key_api(Scope.ADMIN, buses=(ours,))

    assert explained(api, {"pattern": PATTERN, "event_id": stored(ours)})["matches"]
    for event_id in (stored(theirs), stored(None), str(uuid.uuid4())):
        document = assert_problem(api("POST", PATH, {"pattern": PATTERN, "event_id": event_id}), 404)
        assert document["detail"] == f"there is no event {event_id}"


def test_nobody_explains_anything(journal: SqliteJournal) -> None:
    assert_problem(Api()("POST", PATH, {"pattern": PATTERN, "event": EVENT}), 401)


def test_a_viewers_session_explains_with_its_csrf_token(
    stored: Callable[..., str], session_api: Callable[..., Api]
) -> None:
    api = session_api(staff=False)
    body = {"pattern": PATTERN, "event_id": stored(Bus.objects.get(name="default"))}

    assert_problem(api("POST", PATH, body), 403)
    api.client.cookies["csrftoken"] = api.headers["X-CSRFToken"] = "a" * 32
    assert explained(api, body)["matches"]


def test_only_asking_is_for_this_address(api: Api) -> None:
    assert_problem(api("GET", PATH), 405)
