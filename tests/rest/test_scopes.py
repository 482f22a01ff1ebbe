"""Every address × every sort of caller: who may."""

from collections.abc import Callable
from typing import Any

import pytest

from eventhub.access.scopes import Scope
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, Rule, Target
from tests.rest.conftest import Api, assert_problem

pytestmark = pytest.mark.django_db

CONFIGURATION = [
    ("GET", "/buses"),
    ("GET", "/buses/default"),
    ("GET", "/rules"),
    ("GET", "/rules/999"),
    ("GET", "/rules/999/versions"),
    ("GET", "/targets"),
    ("GET", "/targets/none"),
    ("GET", "/buses/default/state"),
]
CHANGES = [
    ("POST", "/buses"),
    ("PUT", "/buses/default"),
    ("PATCH", "/buses/default"),
    ("DELETE", "/buses/default"),
    ("POST", "/rules"),
    ("PUT", "/rules/999"),
    ("PATCH", "/rules/999"),
    ("DELETE", "/rules/999"),
    ("POST", "/rules/999/rollback"),
    ("POST", "/targets"),
    ("PUT", "/targets/none"),
    ("PATCH", "/targets/none"),
    ("DELETE", "/targets/none"),
    ("POST", "/buses/default/pause"),
    ("POST", "/buses/default/resume"),
    ("POST", "/rules/999/enable"),
    ("POST", "/rules/999/disable"),
    ("POST", "/redrives"),
    ("POST", "/redrives/1/pause"),
    ("POST", "/redrives/1/resume"),
    ("POST", "/redrives/1/cancel"),
]
HAPPENED = [
    ("GET", "/events"),
    ("GET", "/events/0192f3c7-a1b2-7000-8000-000000000000"),
    ("GET", "/buses/default/events"),
    ("GET", "/deliveries"),
    ("GET", "/deliveries/1"),
    ("GET", "/attempts"),
    ("GET", "/attempts/1"),
    ("GET", "/dead-letters"),
    ("GET", "/dead-letters/1"),
    ("GET", "/dead-letters/groups"),
    ("GET", "/redrives"),
    ("GET", "/redrives/1"),
]
ADMINISTRATION = [
    ("GET", "/audit"),
    ("GET", "/audit/999"),
    ("POST", "/audit/999/rollback"),
    ("GET", "/redactions"),
    ("POST", "/redactions"),
]
ALL = [*CONFIGURATION, *CHANGES, *HAPPENED, *ADMINISTRATION]

MAY: dict[Scope, list[tuple[str, str]]] = {
    Scope.EVENTS_PUT: [],
    Scope.EVENTS_READ: HAPPENED,
    Scope.EVENTS_SENSITIVE: [],
    Scope.RULES_READ: CONFIGURATION,
    Scope.RULES_WRITE: CHANGES,
    Scope.ADMIN: ALL,
}


def allowed(api: Api, method: str, path: str) -> bool:
    """Ask with an empty body: 400 or 404 mean that the caller was let in."""
    response = api(method, path, {} if method in {"POST", "PUT", "PATCH"} else None)
    if response.status_code == 403:
        assert_problem(response, 403)
        return False
    assert response.status_code in {200, 400, 404}, response.content
    return True


@pytest.mark.parametrize("scope", Scope)
def test_a_key_may_what_its_scope_says_and_no_more(
    journal: SqliteJournal, key_api: Callable[..., Api], scope: Scope
) -> None:
    api = key_api(scope)

    assert [address for address in ALL if allowed(api, *address)] == [
        address for address in ALL if address in MAY[scope]
    ]


@pytest.mark.parametrize("header", [None, "Bearer EH234567ABCDEFGH.wrong", "Basic YTpi", "Bearer"])
def test_without_good_credentials_nothing_is_open(header: str | None) -> None:
    api = Api(headers={"Authorization": header} if header else {})

    for method, path in ALL:
        response = api(method, path, {})
        assert_problem(response, 401)
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="eventhub"'


def test_a_wrong_secret_of_a_real_key_is_told_as_an_unknown_key(key_api: Callable[..., Api]) -> None:
    api = key_api(Scope.ADMIN)
    api.headers["Authorization"] += "x"
    real = assert_problem(api("GET", "/buses"), 401)
    api.headers["Authorization"] = "Bearer EH234567ABCDEFGH.wrong"

    assert assert_problem(api("GET", "/buses"), 401) == real


def test_a_viewers_session_reads_and_changes_nothing(
    journal: SqliteJournal, session_api: Callable[..., Api]
) -> None:
    api = session_api(staff=False)

    assert [address for address in [*CONFIGURATION, *HAPPENED] if not allowed(api, *address)] == []
    assert [address for address in CHANGES if api(*address, {}).status_code != 403] == []


def test_a_session_changes_nothing_without_its_csrf_token(session_api: Callable[..., Api]) -> None:
    api = session_api(staff=True)

    document = assert_problem(api("POST", "/buses", {"name": "b"}), 403)
    assert "CSRF" in document["detail"]

    api.client.cookies["csrftoken"] = api.headers["X-CSRFToken"] = "a" * 32
    assert api("POST", "/buses", {"name": "b"}).status_code == 201


@pytest.fixture
def limited(key_api: Callable[..., Api]) -> Any:
    """Make a caller limited to the bus `ours`, beside a bus, rule and target of others."""
    ours, theirs = Bus.objects.create(name="ours"), Bus.objects.create(name="theirs")
    for bus in (ours, theirs):
        target = Target.objects.create(name=f"target-{bus}", url="http://t.example/")
        Rule.objects.create(bus=bus, name=f"rule-{bus}", pattern='{"source": ["a"]}').set_targets([target])
    return key_api(Scope.ADMIN, buses=(ours,))


def test_a_key_limited_to_a_bus_sees_that_bus_alone(limited: Api) -> None:
    names = {
        path: [item["name"] for item in limited("GET", path).json()["items"]]
        for path in ("/buses", "/rules", "/targets")
    }

    assert names == {"/buses": ["ours"], "/rules": ["rule-ours"], "/targets": ["target-ours"]}
    assert_problem(limited("GET", "/buses/theirs"), 404)
    assert_problem(limited("DELETE", f"/rules/{Rule.objects.get(name='rule-theirs').pk}"), 404)
    assert_problem(limited("GET", "/targets/target-theirs"), 404)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/buses", {"name": "more"}),
        ("DELETE", "/buses/ours", None),
        ("POST", "/targets", {"name": "t", "url": "http://t.example/"}),
        ("PATCH", "/targets/target-ours", {"enabled": False}),
        ("DELETE", "/targets/target-ours", None),
    ],
)
def test_a_key_limited_to_a_bus_changes_nothing_that_others_share(
    limited: Api, method: str, path: str, body: Any
) -> None:
    assert "limited to buses" in assert_problem(limited(method, path, body), 403)["detail"]


@pytest.mark.parametrize(("bus", "target"), [("theirs", "target-ours"), ("ours", "target-theirs")])
def test_a_key_limited_to_a_bus_cannot_name_what_it_does_not_see(limited: Api, bus: str, target: str) -> None:
    body = {"bus": bus, "name": "new", "pattern": {"source": ["a"]}, "targets": [target]}

    assert "is named" in assert_problem(limited("POST", "/rules", body), 400)["detail"]


def test_a_key_limited_to_a_bus_configures_its_rules(limited: Api) -> None:
    body = {"bus": "ours", "name": "new", "pattern": {"source": ["a"]}, "targets": ["target-ours"]}

    assert limited("POST", "/rules", body).status_code == 201
