"""Targets, their kinds, connections and API destinations over REST."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from eventhub.access.scopes import Scope
from eventhub.domain.jsontext import decode
from eventhub.flow import process
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, Rule, RuleTarget, Target
from eventhub.targets.kinds import KINDS
from tests.receiver import Receiver
from tests.rest.conftest import Api, assert_problem

pytestmark = pytest.mark.django_db
BASIC = {"name": "crm", "auth": "basic", "config": {"user_name": "u"}, "secrets": {"password": "hunter22"}}


def made(api: Api, path: str, body: dict[str, Any]) -> Any:
    response = api("POST", path, body)
    assert response.status_code == 201, response.content
    return response.json()


def errors(response: Any, status: int = 400) -> dict[str, str]:
    return {one["path"]: one["message"] for one in assert_problem(response, status)["errors"]}


@pytest.fixture
def running(journal: SqliteJournal) -> Iterator[None]:
    process.install(process.Parts(journal=journal, keeper=RulebookKeeper(journal)))
    yield
    process.uninstall()


@pytest.fixture
def hook(api: Api) -> Any:
    return made(api, "/targets", {"name": "till", "url": "http://till.example/in"})


def test_a_target_answers_its_whole_policy(hook: Any) -> None:
    assert {name: hook[name] for name in ("schedule", "max_attempts", "max_age_seconds")} == {
        "schedule": "exponential",
        "max_attempts": 185,
        "max_age_seconds": 86_400,
    }
    assert (hook["paused"], hook["payload_format"], hook["signing"]) == (False, "eventbridge", [])


def test_a_policy_is_changed_in_part(api: Api, hook: Any) -> None:
    change = {
        "schedule": "standard-webhooks",
        "max_age_seconds": 302_915,
        "rate_per_second": 2.5,
        "fifo_path": "$.detail.order.id",
        "config": {"headers": {"X-Shop": "north"}},
    }

    changed = api("PATCH", "/targets/till", change).json()

    assert {name: changed[name] for name in change} == change
    assert changed["url"] == hook["url"]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"max_attempts": 187}, "max_attempts", "wanted 1 to 186, found 187"),
        ({"max_age_seconds": 5}, "max_age_seconds", "wanted 60 to 604800, found 5"),
        ({"rate_per_second": "9"}, "rate_per_second", "wanted a number, found a string"),
        ({"fifo_path": "detail"}, "fifo_path", "$"),
        ({"config": {"colour": "red"}}, "config.colour", "unknown: a webhook target takes url"),
        ({"config": []}, "config", "wanted an object, found an array"),
        ({"config": {"headers": {"Host": "x"}}}, "config.headers", "set by Eventhub"),
        ({"url": "http://169.254.169.254/"}, "url", "EVENTHUB_ALLOWED_NETWORKS"),
        ({"dead_letter_target": "till"}, "dead_letter_target", "found itself"),
        ({"connection": "none"}, "connection", "no connection is named 'none'"),
        ({"secrets": {"signing": []}}, "secrets.signing", "rotate-secret"),
        ({"kind": "pigeon"}, "kind", "wanted one of webhook"),
        ({"schedule": "x"}, "schedule", "x"),
        ({"schedule": [5, 10]}, "schedule", ""),
        ({"config": {"headers": []}}, "config.headers", "wanted an object of names and texts, found []"),
    ],
)
def test_what_a_target_cannot_be_is_said_at_the_member(
    api: Api, hook: Any, change: dict[str, Any], path: str, message: str
) -> None:
    found = errors(api("PATCH", "/targets/till", change))

    assert message in found[path]


def test_all_that_is_missing_is_said_at_once(api: Api) -> None:
    assert set(errors(api("POST", "/targets", {}))) == {"name", "url"}


def test_connections_keep_their_secrets(api: Api) -> None:
    connection = made(api, "/connections", BASIC)

    assert connection["secrets_set"] == ["password"]
    assert "secrets" not in connection
    for answer in (api("GET", "/connections"), api("PATCH", "/connections/crm", {"description": "ours"})):
        assert b"hunter22" not in answer.content
    assert made(api, "/targets", {"name": "t", "url": "http://a.example/", "connection": "crm"})[
        "connection"
    ] == ("crm")


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"secrets": {"password": None}}, "secrets.password", "wanted a text, found none"),
        ({"config": {"user_name": "a:b"}}, "config.user_name", "without a colon"),
        ({"auth": "magic"}, "auth", "magic"),
        ({"secrets": []}, "secrets", "wanted an object of secrets"),
        ({"config": {"user_name": "u", "header": "X"}}, "config.header", "unknown: basic takes"),
    ],
)
def test_what_a_connection_cannot_be_is_said_at_the_member(
    api: Api, change: dict[str, Any], path: str, message: str
) -> None:
    made(api, "/connections", BASIC)

    assert message in errors(api("PATCH", "/connections/crm", change))[path]


def test_an_api_destination_is_made_used_and_kept_while_used(api: Api) -> None:
    made(api, "/connections", BASIC)
    endpoint = {"name": "orders", "connection": "crm", "endpoint": "https://api.example.com/orders/*"}
    assert made(api, "/api-destinations", endpoint)["method"] == "POST"
    target = {"name": "t", "kind": "api-destination", "api_destination": "orders"}

    assert "wanted 1, one for each *" in errors(api("POST", "/targets", target))["config.path_parameters"]
    made(api, "/targets", target | {"config": {"path_parameters": ["$.detail.id"]}})

    changed = errors(api("PATCH", "/api-destinations/orders", {"endpoint": "https://api.example.com/"}))
    assert "target t has 1 path parameters" in changed["endpoint"]
    assert "is used by target t" in assert_problem(api("DELETE", "/api-destinations/orders"), 409)["detail"]
    assert "is used by orders" in assert_problem(api("DELETE", "/connections/crm"), 409)["detail"]
    for path in ("/targets/t", "/api-destinations/orders", "/connections/crm"):
        assert api("DELETE", path).status_code == 204


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("http://10.0.0.1/", "EVENTHUB_ALLOWED_NETWORKS"),
        ("ftp://a.example/", "wanted http://host/path"),
        ("https://*.example.com/", "wanted"),
    ],
)
def test_an_endpoint_that_may_not_be_called_is_refused(api: Api, endpoint: str, message: str) -> None:
    made(api, "/connections", BASIC)

    body = {"name": "orders", "connection": "crm", "endpoint": endpoint}

    assert message in errors(api("POST", "/api-destinations", body))["endpoint"]


def test_the_kinds_tell_what_they_take(api: Api) -> None:
    listed = api("GET", "/target-kinds").json()["items"]

    assert [kind["name"] for kind in listed] == list(KINDS)
    webhook = api("GET", "/target-kinds/webhook").json()
    assert webhook["fields"][0]["in"] == "target"
    assert "cloudevents-binary" in webhook["payload_formats"]
    assert_problem(api("GET", "/target-kinds/pigeon"), 404)


@pytest.mark.parametrize(
    ("action", "member", "value"),
    [("pause", "paused", True), ("resume", "paused", False), ("disable", "enabled", False)],
)
def test_a_target_is_switched(api: Api, hook: Any, action: str, member: str, value: bool) -> None:
    assert api("POST", f"/targets/till/{action}").json()[member] is value


def test_enabling_takes_the_notice_away(api: Api, hook: Any) -> None:
    Target.objects.filter(name="till").update(enabled=False, disabled_reason="the receiver answered 410")

    assert api("POST", "/targets/till/enable").json()["disabled_reason"] == ""


def test_an_action_takes_no_members_that_it_does_not_know(api: Api, hook: Any) -> None:
    assert "unknown" in errors(api("POST", "/targets/till/pause", {"why": "tired"}))["why"]


def test_the_test_action_answers_what_the_receiver_says(running: None, api: Api) -> None:
    with Receiver() as receiver:
        made(api, "/targets", {"name": "t", "url": receiver.url("/in")})

        answer = api("POST", "/targets/t/test").json()

        assert (answer["decision"], answer["status"]) == ("delivered", 200)
        assert receiver.requests[0].headers["webhook-id"]
        unknown = {"event_id": "01890000-0000-7000-8000-000000000000"}
        assert "there is no event" in errors(api("POST", "/targets/t/test", unknown))["event_id"]
        assert "wanted the id" in errors(api("POST", "/targets/t/test", {"event_id": "7"}))["event_id"]


def test_a_new_secret_is_shown_once_and_signs_beside_the_old_one(api: Api) -> None:
    with Receiver() as receiver:
        made(api, "/targets", {"name": "t", "url": receiver.url("/in")})
        old = api("POST", "/targets/t/rotate-secret").json()["secret"]
        answer = api("POST", "/targets/t/rotate-secret", {"overlap_seconds": 3600})
        new = answer.json()["secret"]

        api("POST", "/targets/t/test")

        [received] = receiver.requests
        for secret in (old, new):
            Webhook(secret).verify(received.body, dict(received.headers))
    assert answer["Cache-Control"] == "no-store"
    assert [one["algorithm"] for one in answer.json()["signing"]] == ["v1", "v1"]
    assert new.encode() not in api("GET", "/targets/t").content


def test_of_a_key_pair_the_public_half_is_shown(api: Api, hook: Any) -> None:
    answer = api("POST", "/targets/till/rotate-secret", {"algorithm": "v1a"}).json()

    assert answer["secret"] is None
    assert answer["public_key"].startswith("whpk_")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"algorithm": "v2"}, "algorithm"),
        ({"secret": "x"}, "secret"),
        ({"overlap_seconds": -1}, "overlap_seconds"),
    ],
)
def test_a_secret_that_cannot_sign_is_refused(api: Api, hook: Any, body: dict[str, Any], path: str) -> None:
    assert path in errors(api("POST", "/targets/till/rotate-secret", body))


def test_only_webhooks_are_signed(api: Api) -> None:
    made(api, "/targets", {"name": "b", "kind": "bus", "bus": "default"})

    assert_problem(api("POST", "/targets/b/rotate-secret"), 409)


def test_a_target_tells_how_it_fares(running: None, api: Api, hook: Any) -> None:
    state = api("GET", "/targets/till/state").json()

    assert (state["circuit"], state["pending"], state["in_flight"]) == ("closed", 0, 0)
    assert state["blocked"] == []


def test_a_rule_transforms_for_a_target(api: Api, hook: Any) -> None:
    rule = {
        "bus": "default",
        "name": "r",
        "pattern": {"source": ["shop"]},
        "targets": ["till"],
        "transforms": {"till": {"InputPath": "$.detail"}},
    }

    made_rule = made(api, "/rules", rule)

    assert made_rule["transforms"] == rule["transforms"]
    address = f"/rules/{made_rule['id']}"
    assert api("PATCH", address, {"enabled": False}).json()["transforms"] == rule["transforms"]
    assert api("PATCH", address, {"transforms": {}}).json()["version"] == 3


@pytest.mark.parametrize(
    ("transforms", "path"),
    [
        ({"till": {"InputPath": "detail"}}, "transforms.till"),
        ({"other": {"InputPath": "$.detail"}}, "transforms.other"),
        ([], "transforms"),
    ],
)
def test_a_transform_that_could_not_work_is_refused(api: Api, hook: Any, transforms: Any, path: str) -> None:
    rule = {"bus": "default", "name": "r", "pattern": {"source": ["shop"]}, "targets": ["till"]}

    assert path in errors(api("POST", "/rules", rule | {"transforms": transforms}))
    assert api("GET", "/rules").json()["items"] == []


def test_a_transformed_target_keeps_the_format_that_transforms_need(api: Api, hook: Any) -> None:
    rule = {"bus": "default", "name": "r", "pattern": {"source": ["shop"]}, "targets": ["till"]}
    made(api, "/rules", rule | {"transforms": {"till": {"InputPath": "$.detail"}}})

    refused = errors(api("PATCH", "/targets/till", {"payload_format": "detail"}))

    assert "because rule r transforms it" in refused["payload_format"]


def test_a_kind_for_administrators_needs_their_scope(
    key_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(KINDS["webhook"]), "administrators_only", True, raising=False)
    limited = key_api(Scope.RULES_READ, Scope.RULES_WRITE)

    assert_problem(limited("POST", "/targets", {"name": "l", "url": "http://a.example/"}), 403)


def test_a_key_that_is_limited_to_buses_changes_none_of_it(
    api: Api, key_api: Callable[..., Api], hook: Any
) -> None:
    made(api, "/connections", BASIC)
    limited = key_api(Scope.RULES_READ, Scope.RULES_WRITE, buses=(Bus.objects.get(name="default"),))

    assert limited("GET", "/connections").json()["items"] == []
    assert_problem(limited("POST", "/connections", BASIC | {"name": "other"}), 403)
    assert_problem(limited("POST", "/targets", {"name": "x", "url": "http://a.example/"}), 403)


def test_numbers_that_python_would_lose_are_taken(api: Api, hook: Any) -> None:
    answer = api("PATCH", "/targets/till", b'{"rate_per_second": 0.50}')

    assert decode(answer.content)["rate_per_second"].text == "0.5"


def test_what_cannot_be_read_and_what_the_model_refuses_are_said_together(api: Api) -> None:
    found = errors(api("POST", "/targets", {"name": "a b", "enabled": "yes", "colour": "red"}))

    assert set(found) == {"name", "enabled", "colour", "url"}


def test_only_what_is_given_is_saved(api: Api, hook: Any) -> None:
    """Another request or a delivery may have changed the rest meanwhile: see its update_fields."""
    api("POST", "/targets/till/pause")

    assert api("PATCH", "/targets/till", {"note": "the till"}).json()["paused"] is True


def test_events_may_grow_as_old_as_the_schedule_takes(api: Api) -> None:
    body = {"name": "t", "url": "http://a.example/", "schedule": "standard-webhooks"}

    assert made(api, "/targets", body)["max_age_seconds"] == 302_915


def test_signing_ends_by_null(api: Api, hook: Any) -> None:
    api("POST", "/targets/till/rotate-secret")

    assert api("PATCH", "/targets/till", {"secrets": {"signing": None}}).json()["signing"] == []


def test_a_secret_says_its_own_algorithm(api: Api, hook: Any) -> None:
    secret = api("POST", "/targets/till/rotate-secret").json()["secret"]

    body = {"secret": secret, "algorithm": "v1"}
    assert "found both" in errors(api("POST", "/targets/till/rotate-secret", body))["algorithm"]
    again = api("POST", "/targets/till/rotate-secret", {"secret": secret}).json()
    assert len(again["signing"]) == 1


def test_a_target_of_dead_letters_is_kept_while_used(api: Api, hook: Any) -> None:
    made(api, "/targets", {"name": "t", "url": "http://a.example/", "dead_letter_target": "till"})

    assert "gets the dead letters of t" in assert_problem(api("DELETE", "/targets/till"), 409)["detail"]


def test_a_bus_is_given_the_event_itself(api: Api) -> None:
    made(api, "/targets", {"name": "b", "kind": "bus", "bus": "default"})
    rule = {"bus": "default", "name": "r", "pattern": {"source": ["shop"]}, "targets": ["b"]}

    found = errors(api("POST", "/rules", rule | {"transforms": {"b": {"InputPath": "$.detail"}}}))

    assert "a bus is given the event itself" in str(found)


def test_to_send_an_event_again_is_to_read_it(key_api: Callable[..., Api], api: Api, hook: Any) -> None:
    limited = key_api(Scope.RULES_READ, Scope.RULES_WRITE)
    event = {"event_id": "01890000-0000-7000-8000-000000000000"}

    assert_problem(limited("POST", "/targets/till/test", event), 403)


def test_what_no_database_can_keep_is_refused(api: Api, hook: Any) -> None:
    found = errors(api("PATCH", "/targets/till", {"config": {"headers": {"X-A": "\0"}}}))

    assert "null" in str(found) or "printable" in str(found)


@pytest.mark.parametrize(("age", "then"), [(None, 302_915), (7200, 7200)])
def test_a_schedule_takes_its_age_along_unless_one_was_chosen(
    api: Api, hook: dict[str, Any], age: int | None, then: int
):
    api("PATCH", "/targets/till", {"max_age_seconds": age} if age else {})

    changed = api("PATCH", "/targets/till", {"schedule": "standard-webhooks"}).json()

    assert changed["max_age_seconds"] == then


def test_a_bus_that_is_not_seen_is_no_filter(key_api: Callable[..., Api]) -> None:
    ours, theirs = (Bus.objects.create(name=name) for name in ("ours", "theirs"))
    rule = Rule.objects.create(bus=ours, name="all", pattern='{"source": ["shop"]}')
    for bus in (ours, theirs):
        to_bus = Target.objects.create(name=f"to-{bus.name}", kind="bus", bus=bus)
        RuleTarget.objects.create(rule=rule, target=to_bus)
    limited, everywhere = key_api(Scope.RULES_READ, buses=[ours]), key_api(Scope.RULES_READ)

    def found(api: Api, bus: str) -> list[str]:
        return [one["name"] for one in api("GET", f"/targets?bus={bus}").json()["items"]]

    assert (found(limited, "theirs"), found(limited, "ours")) == ([], ["to-ours"])
    assert found(everywhere, "theirs") == ["to-theirs"]
