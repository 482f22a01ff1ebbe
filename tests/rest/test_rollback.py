"""Rolling back: what the trail tells is made so again, judged by the models, or refused with the reason."""

import json
from typing import Any

import pytest

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.models import AuditEntry, Bus, Connection, Door, Rule, Target, doing
from tests.rest.conftest import Api, assert_problem

pytestmark = pytest.mark.django_db(transaction=True)

HOOK = {"kind": "webhook", "url": "http://127.0.0.1:9/"}
FIRST, SECOND = {"source": ["shop"]}, {"source": ["shop", "till"], "detail": {"amount": [1.50]}}


def done(api: Api, method: str, path: str, body: Any = None) -> Any:
    response = api(method, path, body)
    assert response.status_code < 300, response.content
    return response.json() if response.content else None


def newest(**conditions: Any) -> int:
    entry = AuditEntry.objects.filter(**conditions).order_by("-id").first()
    assert entry is not None
    return entry.pk


def rollback(api: Api, entry_id: int, **body: Any) -> Any:
    return done(api, "POST", f"/audit/{entry_id}/rollback", body)


def refusal(api: Api, entry_id: int) -> str:
    told: str = assert_problem(api("POST", f"/audit/{entry_id}/rollback", {}), 409)["detail"]
    return told


@pytest.fixture
def rule(api: Api) -> dict[str, Any]:
    for name in ("crm", "mail"):
        done(api, "POST", "/targets", HOOK | {"name": name})
    made: dict[str, Any] = done(
        api, "POST", "/rules", {"bus": "default", "name": "orders", "pattern": FIRST, "targets": ["crm"]}
    )
    return made


def test_a_changed_rule_becomes_what_it_was_as_a_new_version(api: Api, rule: dict[str, Any]) -> None:
    path = f"/rules/{rule['id']}"
    done(api, "PATCH", path, {"pattern": SECOND, "targets": ["mail"]})
    done(api, "PATCH", path, {"description": "of later"})

    told = rollback(api, newest(kind="rule", action="changed") - 1, reason="too much came")

    now = done(api, "GET", path)
    assert (now["pattern"], now["targets"], now["version"]) == (FIRST, ["crm"], 3)
    assert now["description"] == "of later"
    assert {one["path"] for one in told["differences"]} >= {
        "pattern.source",
        "pattern.detail",
        "targets[crm]",
    }
    entry = AuditEntry.objects.get(pk=newest(kind="rule"))
    assert (entry.rolls_back, entry.reason) == (newest(kind="rule") - 2, "too much came")


def test_a_dry_run_tells_and_changes_nothing(api: Api, rule: dict[str, Any]) -> None:
    done(api, "PATCH", f"/rules/{rule['id']}", {"enabled": False})
    last = newest()

    told = rollback(api, last, dry_run=True)

    assert [(one["path"], one["after"]) for one in told["differences"]] == [("enabled", True)]
    assert done(api, "GET", f"/rules/{rule['id']}")["enabled"] is False
    assert newest() == last


def test_a_deleted_rule_is_made_again_with_its_targets(api: Api, rule: dict[str, Any]) -> None:
    done(api, "PATCH", f"/rules/{rule['id']}", {"transforms": {"crm": {"InputPath": "$.detail"}}})
    done(api, "DELETE", f"/rules/{rule['id']}")

    told = rollback(api, newest(kind="rule", action="deleted"))

    again = done(api, "GET", f"/rules/{told['object_id']}")
    assert (again["name"], again["pattern"], again["targets"]) == ("orders", FIRST, ["crm"])
    assert again["transforms"] == {"crm": {"InputPath": "$.detail"}}
    assert again["version"] == 1
    assert "another number" in told["notes"][0]


def test_what_it_needs_has_to_be_there_first(api: Api, rule: dict[str, Any]) -> None:
    done(api, "DELETE", f"/rules/{rule['id']}")
    done(api, "DELETE", "/targets/crm")
    gone = newest(kind="rule", action="deleted")

    assert f"roll back change {newest(kind='target', action='deleted')}" in refusal(api, gone)
    rollback(api, newest(kind="target", action="deleted"))
    rollback(api, gone)

    assert Rule.objects.get().links.get().target.name == "crm"


def test_what_was_made_is_deleted(api: Api) -> None:
    done(api, "POST", "/targets", HOOK | {"name": "crm"})

    told = rollback(api, newest(kind="target"))

    assert not Target.objects.exists()
    assert told["differences"][0] == {"path": "name", "how": "removed", "before": "crm"}


def test_what_stands_against_it_is_said(api: Api, rule: dict[str, Any]) -> None:
    assert "used by rule orders" in refusal(api, newest(kind="target", name="crm", action="created"))
    done(api, "POST", "/buses", {"name": "shop"})
    done(api, "POST", "/rules", {"bus": "shop", "name": "r", "pattern": FIRST})
    assert "has 1 rule" in refusal(api, newest(kind="bus", action="created"))
    done(api, "DELETE", f"/rules/{rule['id']}")
    done(api, "POST", "/rules", {"bus": "default", "name": "orders", "pattern": FIRST})
    assert "already has a rule of this name" in refusal(api, newest(kind="rule", action="deleted"))
    assert "is not there any more" in refusal(
        api, newest(kind="rule", object_id=rule["id"], action="created")
    )


def test_a_rollback_is_rolled_back_like_any_change(api: Api) -> None:
    done(api, "POST", "/buses", {"name": "shop", "description": "first"})
    done(api, "PATCH", "/buses/shop", {"description": "second"})
    rollback(api, newest(kind="bus"))
    assert Bus.objects.get(name="shop").description == "first"

    rollback(api, newest(kind="bus"))

    assert Bus.objects.get(name="shop").description == "second"


def test_what_is_so_already_is_refused(api: Api) -> None:
    done(api, "POST", "/buses", {"name": "shop", "description": "first"})
    done(api, "PATCH", "/buses/shop", {"description": "second"})
    change = newest(kind="bus")
    rollback(api, change)

    assert "nothing to take back" in refusal(api, change)


def test_secrets_are_not_brought_back_and_that_is_said(api: Api) -> None:
    connection = {"name": "shop", "auth": "bearer", "secrets": {"token": "first token"}}
    done(api, "POST", "/connections", connection)
    done(api, "PATCH", "/connections/shop", {"secrets": {"token": "second"}, "description": "new"})
    both = newest(kind="connection")
    done(api, "PATCH", "/connections/shop", {"secrets": {"token": "third"}})

    assert "only secrets changed" in refusal(api, newest(kind="connection"))
    assert rollback(api, both)["notes"] == ["secrets stay as they are now"]
    assert Connection.objects.get().secrets() == {"token": "third"}
    done(api, "DELETE", "/connections/shop")
    assert "without its secrets (token)" in refusal(api, newest(kind="connection", action="deleted"))


def test_a_webhook_without_its_signing_secret_is_made_with_a_note(api: Api) -> None:
    done(api, "POST", "/targets", HOOK | {"name": "crm"})
    done(api, "POST", "/targets/crm/rotate-secret", {})
    done(api, "DELETE", "/targets/crm")

    told = rollback(api, newest(kind="target", action="deleted"))

    assert "its secrets are not restored: signing" in told["notes"]


def test_kinds_that_cannot_be_rolled_back_say_so(api: Api) -> None:
    with doing("user:ann", Door.ADMIN):
        mint("till", [Scope.EVENTS_PUT])

    assert "this one is of api-key" in refusal(api, newest(kind="api-key"))


def test_only_administrators_roll_back(api: Api, key_api: Any) -> None:
    done(api, "POST", "/buses", {"name": "shop"})

    writer = key_api(Scope.RULES_WRITE, Scope.RULES_READ)

    assert_problem(writer("POST", f"/audit/{newest(kind='bus')}/rollback", {}), 403)


# -- versions ----------------------------------------------------------------------------------------


def test_versions_tell_what_each_changed(api: Api, rule: dict[str, Any]) -> None:
    path = f"/rules/{rule['id']}"
    done(api, "PATCH", path, {"pattern": SECOND})
    done(api, "PATCH", path, {"targets": ["crm", "mail"]})

    newest_, second, first = done(api, "GET", f"{path}/versions")["items"]

    assert [one["number"] for one in (newest_, second, first)] == [3, 2, 1]
    assert [one["path"] for one in newest_["differences"]] == ["targets[mail]"]
    assert [one["path"] for one in second["differences"]] == ["pattern.source", "pattern.detail"]
    assert first["differences"] == []
    assert first["pattern"] == FIRST
    paged = done(api, "GET", f"{path}/versions?limit=1")
    assert done(api, "GET", paged["next"].removeprefix("/api"))["items"] == [second]


def test_a_rule_is_rolled_back_to_a_version(api: Api, rule: dict[str, Any]) -> None:
    path = f"/rules/{rule['id']}"
    done(api, "PATCH", path, {"pattern": SECOND, "targets": ["mail"], "enabled": False})

    planned = done(api, "POST", f"{path}/rollback", {"version": 1, "dry_run": True})
    assert done(api, "GET", path)["version"] == 2
    told = done(api, "POST", f"{path}/rollback", {"version": 1})

    now = done(api, "GET", path)
    assert told["version"] == now["version"] == 3
    assert (now["pattern"], now["targets"], now["enabled"]) == (FIRST, ["crm"], True)
    assert planned["differences"] == told["differences"]
    first, third = (Rule.objects.get().versions.get(number=number) for number in (1, 3))
    assert (first.pattern, first.targets, first.enabled) == (third.pattern, third.targets, third.enabled)


def test_a_version_restores_schedule_and_pattern_apart(api: Api) -> None:
    made = done(
        api,
        "POST",
        "/rules",
        {"bus": "default", "name": "tick", "pattern": FIRST, "schedule_expression": "rate(5 minutes)"},
    )
    path = f"/rules/{made['id']}"
    done(api, "PATCH", path, {"schedule_expression": "rate(10 minutes)"})
    done(api, "PATCH", path, {"schedule_expression": ""})
    done(api, "PATCH", path, {"pattern": "", "schedule_expression": "rate(1 hour)"})
    assert done(api, "GET", path)["version"] == 4

    for number, pattern, schedule in [
        (1, FIRST, "rate(5 minutes)"),
        (3, FIRST, ""),
        (4, None, "rate(1 hour)"),
    ]:
        done(api, "POST", f"{path}/rollback", {"version": number})
        now = done(api, "GET", path)
        assert (now["pattern"], now["schedule_expression"]) == (pattern, schedule)


def test_what_a_rule_cannot_be_again_is_refused(api: Api, rule: dict[str, Any]) -> None:
    path = f"/rules/{rule['id']}"

    def said(body: dict[str, Any], status: int = 409) -> str:
        return str(assert_problem(api("POST", f"{path}/rollback", body), status)["detail"])

    assert "has no version 7" in said({"version": 7})
    assert "as it was in version 1" in said({"version": 1})
    assert "version: wanted" in said({"version": "1"}, 400)
    assert "version: wanted" in said({}, 400)
    done(api, "PATCH", path, {"targets": []})
    done(api, "DELETE", "/targets/crm")
    assert "no target named crm" in said({"version": 1})
    assert json.dumps(done(api, "GET", path)["targets"]) == "[]"


def test_a_rollback_may_ask_for_the_state_that_was_seen(api: Api, rule: dict[str, Any]) -> None:
    path = f"/rules/{rule['id']}"
    seen = api("GET", path)["ETag"]
    changed = api("PATCH", path, {"enabled": False})["ETag"]

    refused = api("POST", f"{path}/rollback", {"version": 1}, HTTP_IF_MATCH=seen)
    taken = api("POST", f"{path}/rollback", {"version": 1}, HTTP_IF_MATCH=changed)

    assert (refused.status_code, taken.status_code) == (412, 200)
    assert taken["ETag"] == api("GET", path)["ETag"]


def test_a_paused_bus_is_resumed_by_rolling_back(api: Api) -> None:
    done(api, "POST", "/buses", {"name": "shop"})
    done(api, "POST", "/buses/shop/pause", {})
    paused = newest(kind="bus")
    assert AuditEntry.objects.get(pk=paused).action == "paused"

    rollback(api, paused)

    assert Bus.objects.get(name="shop").paused is False


def test_who_has_one_bus_gets_no_target_back_that_they_may_not_use(api: Api, rule: dict[str, Any]) -> None:
    path = f"/rules/{rule['id']}"
    done(api, "PATCH", path, {"targets": ["mail"]})  # now crm belongs to no rule of theirs
    change = newest(kind="rule", action="changed")
    key, secret = mint("one bus", [Scope.ADMIN], buses=[Bus.objects.get(name="default")])
    limited = Api(headers={"Authorization": f"Bearer {key.pk}.{secret}"})

    assert "no target named crm that you may use" in refusal(limited, change)
    told = assert_problem(limited("POST", f"{path}/rollback", {"version": 1}), 409)["detail"]
    assert "no target named crm any more that you may use" in told
    assert done(api, "GET", path)["targets"] == ["mail"]
    done(api, "POST", "/rules", {"bus": "default", "name": "b", "pattern": FIRST, "targets": ["crm"]})
    assert rollback(limited, change)["differences"]
