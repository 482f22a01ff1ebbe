"""API keys as a resource."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventhub.access.keys import mint, ring
from eventhub.access.last_use import record
from eventhub.access.scopes import Scope
from eventhub.models import ApiKey, Bus
from tests.rest.conftest import Api, assert_problem

pytestmark = pytest.mark.django_db


def made(api: Api, **members: Any) -> dict[str, Any]:
    response = api("POST", "/keys", {"name": "till", "scopes": ["events:put"], **members})
    assert response.status_code == 201, response.content
    assert response.headers["Cache-Control"] == "no-store"
    answer: dict[str, Any] = response.json()
    return answer


def caller(key: dict[str, Any], secret: str) -> Any:
    return ring.bearer(f"Bearer {key['id']}.{secret}")


def test_a_key_is_made_with_a_secret_that_only_this_answer_shows(api: Api) -> None:
    key = made(api)

    secret = key.pop("secret")
    assert api("GET", f"/keys/{key['id']}").json() == key
    assert caller(key, secret).scopes == {Scope.EVENTS_PUT}
    assert secret not in api("GET", "/keys").content.decode()


def test_a_key_shows_all_that_limits_it(api: Api) -> None:
    Bus.objects.create(name="ours")
    limits = {
        "scopes": ["events:put", "events:read"],
        "buses": ["ours"],
        "sources": ["shop.*", "till"],
        "rate_per_second": 5.0,
        "enabled": False,
        "expires_at": "2031-01-02T03:04:05.000Z",
        "account": "111122223333",
    }

    key = made(api, **limits)

    assert {name: key[name] for name in limits} == limits
    assert (key["last_used_at"], key["old_secret_until"]) == (None, None)


@pytest.mark.parametrize(
    ("members", "path", "said"),
    [
        ({"scopes": []}, "scopes", "wanted one or more scopes, of events:put"),
        ({"scopes": ["moon:walk"]}, "scopes[0]", "found 'moon:walk'"),
        ({"scopes": "admin"}, "scopes", "found 'admin'"),
        ({"name": ""}, "name", "blank"),
        ({"buses": ["nowhere"]}, "buses", "no bus is named 'nowhere'"),
        ({"sources": ["a*b"]}, "sources", "found 'a*b'"),
        ({"sources": [""]}, "sources", "found ''"),
        ({"sources": [5]}, "sources[0]", "found 5"),
        ({"expires_at": "tomorrow"}, "expires_at", "wanted a moment with its zone"),
        ({"expires_at": "2031-01-02T03:04:05"}, "expires_at", "wanted a moment with its zone"),
        ({"account": "12"}, "account", "12 digits"),
        ({"rate_per_second": 0}, "rate_per_second", "greater than or equal to 0.01"),
        ({"secret": "mine"}, "secret", "unknown"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    api: Api, members: dict[str, Any], path: str, said: str
) -> None:
    answer = api("POST", "/keys", {"name": "till", "scopes": ["events:put"], **members})

    places = {one["path"]: one["message"] for one in assert_problem(answer, 400)["errors"]}
    assert said in places[path]
    assert ApiKey.objects.count() == 1  # the caller's own


def test_a_key_is_changed_in_place_and_keeps_its_secret(api: Api) -> None:
    key = made(api, sources=["shop.*"])

    changed = api("PATCH", f"/keys/{key['id']}", {"scopes": ["events:read"], "sources": []})

    assert changed.status_code == 200, changed.content
    assert "secret" not in changed.json()
    assert (changed.json()["scopes"], changed.json()["sources"]) == (["events:read"], [])
    assert caller(key, key["secret"]).scopes == {Scope.EVENTS_READ}


def test_a_limited_key_does_not_lose_its_limit(api: Api) -> None:
    key = made(api, buses=["default"])

    for method, members in (("PATCH", {"buses": []}), ("PUT", {"name": "x", "scopes": ["admin"]})):
        answer = api(method, f"/keys/{key['id']}", members)
        assert assert_problem(answer, 400)["errors"][0]["path"] == "buses"


def test_a_deleted_key_opens_nothing(api: Api) -> None:
    key = made(api)

    assert api("DELETE", f"/keys/{key['id']}").status_code == 204

    assert caller(key, key["secret"]) is None
    assert_problem(api("GET", f"/keys/{key['id']}"), 404)


def test_a_rotated_key_has_two_secrets_until_the_overlap_ends(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = made(api)

    answer = api("POST", f"/keys/{key['id']}/rotate", {"overlap_seconds": 60})

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    rotated = answer.json()
    assert rotated["secret"] != key["secret"]
    assert datetime.fromisoformat(rotated["old_secret_until"]) > datetime.now(UTC)
    assert caller(key, key["secret"])
    assert caller(key, rotated["secret"])
    later = datetime.now(UTC).timestamp() + 61
    monkeypatch.setattr("time.time", lambda: later)
    assert caller(key, key["secret"]) is None
    assert caller(key, rotated["secret"])


def test_rotating_without_an_overlap_ends_the_old_secret_at_once(api: Api) -> None:
    key = made(api)

    rotated = api("POST", f"/keys/{key['id']}/rotate", {"overlap_seconds": 0}).json()

    assert rotated["old_secret_until"] is None
    assert caller(key, key["secret"]) is None
    assert caller(key, rotated["secret"])


def test_rotating_twice_leaves_the_newest_two_secrets(api: Api) -> None:
    first = made(api)
    second = api("POST", f"/keys/{first['id']}/rotate").json()
    third = api("POST", f"/keys/{first['id']}/rotate").json()

    good = [bool(caller(first, one["secret"])) for one in (first, second, third)]

    assert good == [False, True, True]


@pytest.mark.parametrize("overlap", [-1, 2_592_001, "60", True])
def test_an_overlap_is_a_number_of_seconds(api: Api, overlap: object) -> None:
    key = made(api)

    answer = api("POST", f"/keys/{key['id']}/rotate", {"overlap_seconds": overlap})

    assert assert_problem(answer, 400)["errors"][0]["path"] == "overlap_seconds"
    assert caller(key, key["secret"])


def test_last_use_is_shown(api: Api) -> None:
    key = made(api)
    record({key["id"]: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()})

    assert api("GET", f"/keys/{key['id']}").json()["last_used_at"] == "2026-01-02T03:04:05.000Z"


def test_keys_are_listed_in_pages(api: Api) -> None:
    ids = {made(api)["id"] for _ in range(4)}

    seen: list[str] = []
    path = "/keys?limit=2"
    while path:
        page = api("GET", path).json()
        seen += [one["id"] for one in page["items"]]
        path = (page["next"] or "").removeprefix("/api")

    assert len(seen) == len(set(seen)) == 5
    assert ids < set(seen)
    assert_problem(api("GET", "/keys?after=7"), 400)


def test_keys_are_for_administrators(key_api: Callable[..., Api]) -> None:
    api = key_api(*(scope for scope in Scope if scope != Scope.ADMIN))

    for method, path in (("GET", "/keys"), ("POST", "/keys"), ("DELETE", "/keys/AAAAAAAAAAAAAAAA")):
        assert_problem(api(method, path), 403)


def test_an_administrator_of_some_buses_sees_and_makes_keys_of_these_alone(
    key_api: Callable[..., Api],
) -> None:
    ours, theirs = Bus.objects.create(name="ours"), Bus.objects.create(name="theirs")
    within, _ = mint("within", [Scope.EVENTS_PUT], buses=[ours])
    beyond, _ = mint("beyond", [Scope.EVENTS_PUT], buses=[ours, theirs])
    everywhere, _ = mint("everywhere", [Scope.EVENTS_PUT])
    api = key_api(Scope.ADMIN, buses=(ours,))

    names = {one["name"] for one in api("GET", "/keys").json()["items"]}

    assert names == {"within", "test"}  # and its own
    assert_problem(api("GET", f"/keys/{beyond.pk}"), 404)
    assert_problem(api("POST", f"/keys/{everywhere.pk}/rotate"), 404)
    assert api("PATCH", f"/keys/{within.pk}", {"name": "mine"}).status_code == 200
    assert made(api, buses=["ours"])["buses"] == ["ours"]
    for members in ({}, {"buses": []}, {"buses": ["theirs"]}):
        answer = api("POST", "/keys", {"name": "x", "scopes": ["admin"], **members})
        assert assert_problem(answer, 400)["errors"][0]["path"].startswith("buses")


def test_an_expired_secret_of_before_is_not_shown_as_good(api: Api) -> None:
    key = made(api)
    ApiKey.objects.filter(pk=key["id"]).update(old_secret_until=datetime.now(UTC) - timedelta(seconds=1))

    assert api("GET", f"/keys/{key['id']}").json()["old_secret_until"] is None
