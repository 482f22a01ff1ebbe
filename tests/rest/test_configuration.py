"""Buses, rules and targets over REST."""

from typing import Any

import pytest

from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, Rule, Target, current_version
from tests.rest.conftest import Api, assert_problem

pytestmark = pytest.mark.django_db
ANYTHING = {"source": [{"exists": True}]}


@pytest.fixture
def target(api: Api) -> Any:
    return api("POST", "/targets", {"name": "till", "url": "http://till.example/in"}).json()


@pytest.fixture
def rule(api: Api, target: Any) -> Any:
    response = api(
        "POST",
        "/rules",
        {"bus": "default", "name": "sales", "pattern": {"source": ["shop"]}, "targets": ["till"]},
    )
    assert response.status_code == 201, response.content
    return response.json()


def test_the_default_bus_is_there(api: Api) -> None:
    listed = api("GET", "/buses").json()

    assert [bus["name"] for bus in listed["items"]] == ["default"]
    assert listed["next"] is None
    assert listed["items"][0]["created_at"].endswith("Z")


def test_a_bus_can_be_made_described_and_deleted(journal: SqliteJournal, api: Api) -> None:
    assert api("POST", "/buses", {"name": "marketing"}).status_code == 201
    changed = api("PATCH", "/buses/marketing", {"description": "campaigns"})
    assert changed.json()["description"] == "campaigns"
    assert api("DELETE", "/buses/marketing").status_code == 204
    assert_problem(api("GET", "/buses/marketing"), 404)


def test_a_taken_name_is_an_error_at_the_name(api: Api) -> None:
    document = assert_problem(api("POST", "/buses", {"name": "default"}), 400)

    assert document["errors"] == [{"path": "name", "message": "Bus with this Name already exists."}]


def test_the_default_bus_cannot_be_deleted(api: Api) -> None:
    document = assert_problem(api("DELETE", "/buses/default"), 400)

    assert document["detail"] == "Cannot delete event bus default."


def test_a_bus_with_rules_asks_before_it_is_deleted(journal: SqliteJournal, api: Api) -> None:
    api("POST", "/buses", {"name": "marketing"})
    api("POST", "/rules", {"bus": "marketing", "name": "r", "pattern": ANYTHING})

    document = assert_problem(api("DELETE", "/buses/marketing"), 409)
    assert "1 rule" in document["detail"]
    assert "?force=true" in document["detail"]

    assert api("DELETE", "/buses/marketing?force=true").status_code == 204
    assert not Rule.objects.exists()


def test_a_rule_answers_with_names_and_its_version(api: Api, rule: Any) -> None:
    assert rule | {"id": 0, "created_at": "", "updated_at": ""} == {
        "id": 0,
        "bus": "default",
        "name": "sales",
        "description": "",
        "pattern": {"source": ["shop"]},
        "schedule_expression": "",
        "next_runs": [],
        "enabled": True,
        "shadow": False,
        "targets": ["till"],
        "transforms": {},
        "version": 1,
        "created_at": "",
        "updated_at": "",
    }
    assert api("GET", f"/rules/{rule['id']}").json() == rule
    assert api("GET", "/rules?bus=default").json()["items"] == [rule]
    assert api("GET", "/rules?bus=other").json()["items"] == []


def test_each_change_of_a_rule_is_a_version_with_who_made_it(api: Api, rule: Any) -> None:
    changed = api("PATCH", f"/rules/{rule['id']}", {"enabled": False}).json()

    assert (changed["version"], changed["enabled"], changed["targets"]) == (2, False, ["till"])
    newest = Rule.objects.get().versions.first()
    assert newest is not None
    assert newest.made_by == "key:" + api.headers["Authorization"][7:].partition(".")[0]


def test_shadow_mode_is_part_of_a_version_and_comes_back_with_it(api: Api, rule: Any) -> None:
    path = f"/rules/{rule['id']}"
    tried = api("PATCH", path, {"shadow": True}).json()
    back = api("POST", f"{path}/rollback", {"version": 1}).json()

    assert (tried["version"], tried["shadow"]) == (2, True)
    assert [(one["path"], one["before"], one["after"]) for one in back["differences"]] == [
        ("shadow", True, False)
    ]
    assert [one["shadow"] for one in api("GET", f"{path}/versions").json()["items"]] == [False, True, False]
    assert api("GET", "/rules?shadow=true").json()["items"] == []
    assert api("GET", path).json()["shadow"] is False


def test_put_replaces_the_whole_rule(api: Api, rule: Any) -> None:
    api("PATCH", f"/rules/{rule['id']}", {"description": "old", "enabled": False})

    replaced = api(
        "PUT", f"/rules/{rule['id']}", {"bus": "default", "name": "sales", "pattern": {"source": ["web"]}}
    ).json()

    assert (replaced["description"], replaced["enabled"], replaced["targets"]) == ("", True, [])
    assert replaced["pattern"] == {"source": ["web"]}


@pytest.mark.parametrize(
    "body",
    [
        b'{"bus": "default", "name": "n", "pattern": {"detail": {"n": [1.50, 1e2]}}}',
        b'{"bus": "default", "name": "n", "pattern": "{\\"detail\\": {\\"n\\": [1.50, 1e2]}}"}',
    ],
)
def test_a_pattern_as_object_or_text_keeps_the_text_of_its_numbers(api: Api, body: bytes) -> None:
    response = api("POST", "/rules", body)

    assert b'"pattern":{"detail": {"n": [1.50, 1e2]}}' in response.content


def test_a_pattern_error_is_at_the_pattern_and_says_where(api: Api) -> None:
    body = {"bus": "default", "name": "n", "pattern": {"source": "shop"}}

    [error] = assert_problem(api("POST", "/rules", body), 400)["errors"]

    assert error["path"] == "pattern"
    assert "line 1, column 12" in error["message"]


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({"bus": "nope"}, "bus", "no bus is named 'nope'"),
        ({"targets": ["nope"]}, "targets", "no target is named 'nope'"),
        ({"targets": "till"}, "targets", "Expected a list"),
        ({"pattern": 7}, "pattern", "wanted a JSON object"),
        ({"enabled": "perhaps"}, "enabled", "wanted true or false, found a string"),
        ({"enabled": 1}, "enabled", "wanted true or false, found a number"),
        ({"name": 5}, "name", "wanted a string, found a number"),
        ({"description": ["x"]}, "description", "wanted a string, found an array"),
        ({"name": "with space"}, "name", "wanted 1 to 64 letters"),
        ({"patern": {}}, "patern", "unknown; known are: bus, name"),
    ],
)
def test_a_wrong_member_is_an_error_at_that_member(api: Api, body: Any, path: str, message: str) -> None:
    body = {"bus": "default", "name": "n", "pattern": {"source": ["shop"]}} | body

    errors = assert_problem(api("POST", "/rules", body), 400)["errors"]

    assert [error["path"].startswith(path) for error in errors] == [True]
    assert message in errors[0]["message"]
    assert not Rule.objects.exists()


@pytest.mark.parametrize("value", ["7", 7.5, True, None])
def test_a_number_of_a_target_is_an_integer(api: Api, value: Any) -> None:
    body = {"name": "till", "url": "https://example.com", "max_attempts": value}

    errors = assert_problem(api("POST", "/targets", body), 400)["errors"]

    assert [error["path"] for error in errors] == ["max_attempts"]
    assert not Target.objects.exists()


def test_two_rules_of_one_name_on_a_bus_are_refused(api: Api, rule: Any) -> None:
    document = assert_problem(
        api("POST", "/rules", {"bus": "default", "name": "sales", "pattern": ANYTHING}), 400
    )

    assert "already has a rule of this name" in document["detail"]


def test_a_target_in_use_is_not_deleted_and_the_rule_is_named(api: Api, rule: Any) -> None:
    document = assert_problem(api("DELETE", "/targets/till"), 409)

    assert (
        document["detail"] == "target till is used by rule sales (bus default): take it out of the rule first"
    )
    assert Target.objects.exists()


def test_a_webhook_target_needs_a_url_as_in_the_admin(api: Api) -> None:
    document = assert_problem(api("POST", "/targets", {"name": "t", "url": "ftp://x"}), 400)

    assert document["errors"][0]["path"] == "url"


def test_a_bus_target_names_its_bus_and_loses_its_url(api: Api, target: Any) -> None:
    Bus.objects.create(name="marketing")

    changed = api("PATCH", "/targets/till", {"kind": "bus", "bus": "marketing"}).json()

    assert (changed["kind"], changed["bus"], changed["url"]) == ("bus", "marketing", "")
    assert Target.objects.get().url == ""


def test_a_refused_change_leaves_no_trace(api: Api, rule: Any) -> None:
    before = current_version()

    assert_problem(api("PATCH", f"/rules/{rule['id']}", {"pattern": "{"}), 400)

    assert current_version() == before
    assert api("GET", f"/rules/{rule['id']}").json() == rule


def test_many_rules_come_in_pages(api: Api) -> None:
    for number in range(5):
        api("POST", "/rules", {"bus": "default", "name": f"r{number}", "pattern": ANYTHING})

    path, names = "/rules?limit=2", []
    while path:
        page = api("GET", path).json()
        names += [rule["name"] for rule in page["items"]]
        path = (page["next"] or "").removeprefix("/api")

    assert names == ["r0", "r1", "r2", "r3", "r4"]


def test_a_rule_may_be_as_deep_as_its_length_allows(api: Api) -> None:
    pattern = '{"a":' * 600 + "[1.50]" + "}" * 600
    body = f'{{"bus": "default", "name": "deep", "pattern": {pattern} , "enabled": true}}'

    assert api("POST", "/rules", body.encode()).status_code == 201
    assert Rule.objects.get(name="deep").pattern == pattern
