"""``ETag``, ``If-Match`` and ``If-None-Match`` on what is configured, and 304 on what is read."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from eventhub.journal.sqlite import SqliteJournal
from tests.journal.build import new_event
from tests.rest.conftest import Api, assert_problem

pytestmark = pytest.mark.django_db
ANYTHING = {"source": [{"exists": True}]}

# One of each kind: where it is, what makes it, what changes it.
KINDS = {
    "bus": ("/buses", {"name": "shop"}, {"description": "the shop"}),
    "target": ("/targets", {"name": "till", "url": "http://till.example/in"}, {"note": "by the door"}),
    "rule": ("/rules", {"bus": "default", "name": "all", "pattern": ANYTHING}, {"description": "all of it"}),
    "connection": (
        "/connections",
        {"name": "crm", "auth": "basic", "config": {"user_name": "u"}, "secrets": {"password": "p"}},
        {"description": "the CRM"},
    ),
}


@pytest.fixture(params=KINDS)
def made(request: pytest.FixtureRequest, journal: SqliteJournal, api: Api) -> tuple[str, str, Any]:
    """Return the address of a new row, its tag, and a change of it."""
    path, body, change = KINDS[request.param]
    response = api("POST", path, body)
    assert response.status_code == 201, response.content
    return response.headers["Location"].removeprefix("/api"), response.headers["ETag"], change


def test_making_reading_and_changing_tell_the_tag(api: Api, made: tuple[str, str, Any]) -> None:
    path, tag, change = made
    assert tag.startswith('"')

    assert api("GET", path).headers["ETag"] == tag
    changed = api("PATCH", path, change)
    assert changed.headers["ETag"] != tag
    assert api("GET", path).headers["ETag"] == changed.headers["ETag"]


def test_a_change_of_another_state_is_refused_and_changes_nothing(
    api: Api, made: tuple[str, str, Any]
) -> None:
    path, tag, change = made
    current = api("PATCH", path, change, HTTP_IF_MATCH=tag).headers["ETag"]
    before = api("GET", path).json()

    for method, body in (("PATCH", {}), ("PUT", before), ("DELETE", None)):
        document = assert_problem(api(method, path, body, HTTP_IF_MATCH=tag), 412)
        assert document["type"] == "urn:eventhub:problem:precondition-failed"
        assert current in document["detail"]

    assert api("GET", path).json() == before


@pytest.mark.parametrize("header", ["*", '"other", {tag}', '{tag},"other"', " {tag} "])
def test_a_change_goes_on_if_a_tag_is_the_rows(api: Api, made: tuple[str, str, Any], header: str) -> None:
    path, tag, change = made

    assert api("PATCH", path, change, HTTP_IF_MATCH=header.format(tag=tag)).status_code == 200
    assert api("DELETE", path, HTTP_IF_MATCH="*").status_code == 204


def test_a_weak_tag_never_lets_a_change_through(api: Api, made: tuple[str, str, Any]) -> None:
    path, tag, change = made

    assert_problem(api("PATCH", path, change, HTTP_IF_MATCH=f"W/{tag}"), 412)


def test_a_header_that_is_no_list_of_tags_is_named(api: Api, made: tuple[str, str, Any]) -> None:
    path, _tag, change = made

    document = assert_problem(api("PATCH", path, change, HTTP_IF_MATCH="abc"), 400)

    assert document["errors"][0]["path"] == "If-Match"


def test_a_row_that_is_there_can_be_excluded(api: Api, made: tuple[str, str, Any]) -> None:
    path, tag, change = made

    assert_problem(api("PATCH", path, change, HTTP_IF_NONE_MATCH="*"), 412)
    assert_problem(api("PATCH", path, change, HTTP_IF_NONE_MATCH=f"W/{tag}"), 412)
    assert api("PATCH", path, change, HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_reading_again_is_304_until_it_changes(api: Api, made: tuple[str, str, Any]) -> None:
    path, tag, change = made

    same = api("GET", path, HTTP_IF_NONE_MATCH=f'"other", W/{tag}')
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    assert same.headers["Cache-Control"] == "private, no-cache"
    api("PATCH", path, change)
    assert api("GET", path, HTTP_IF_NONE_MATCH=tag).status_code == 200
    assert_problem(api("GET", path, HTTP_IF_MATCH=tag), 412)


def test_a_list_is_304_while_nothing_is_new(journal: SqliteJournal, api: Api) -> None:
    tag = api("GET", "/events").headers["ETag"]
    assert api("GET", "/events", HTTP_IF_NONE_MATCH=tag).status_code == 304

    journal.append([new_event()]).result(timeout=10)

    assert api("GET", "/events", HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_an_error_has_no_tag(api: Api) -> None:
    assert "ETag" not in api("GET", "/buses/nope").headers


@pytest.mark.parametrize(
    ("kind", "action"),
    [("bus", "pause"), ("bus", "resume"), ("rule", "enable"), ("rule", "disable"), ("target", "pause")],
)
def test_actions_ask_for_a_state_too(journal: SqliteJournal, api: Api, kind: str, action: str) -> None:
    path, body, _change = KINDS[kind]
    response = api("POST", path, body)
    place = response.headers["Location"].removeprefix("/api")

    assert_problem(api("POST", f"{place}/{action}", HTTP_IF_MATCH='"other"'), 412)
    done = api("POST", f"{place}/{action}", HTTP_IF_MATCH=response.headers["ETag"])
    assert done.status_code == 200
    assert done.headers["ETag"] == api("GET", place).headers["ETag"]


def test_of_two_changes_at_once_of_one_state_only_one_is_made(journal: SqliteJournal, api: Api) -> None:
    tag = api("POST", "/buses", {"name": "shop"}).headers["ETag"]

    def change(number: int) -> int:
        caller = Api(headers=api.headers)
        try:
            answer = caller("PATCH", "/buses/shop", {"description": f"by {number}"}, HTTP_IF_MATCH=tag)
            return int(answer.status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(change, range(4)))

    assert statuses == [200, 412, 412, 412]
