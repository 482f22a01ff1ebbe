"""The audit trail in the admin: what the doors record, and how it is read."""

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import ALL_SCOPES
from eventhub.api.eventbridge import operations
from eventhub.api.importing.run import import_text
from eventhub.models import AuditEntry, Bus, Door, Role, Rule, Target, doing
from tests.people import browser_of, person

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "journal"]),
    pytest.mark.usefixtures("journal"),
]


def newest(kind: str) -> AuditEntry:
    entry = AuditEntry.objects.filter(kind=kind).order_by("-id").first()
    assert entry is not None
    return entry


def whose(entry: AuditEntry) -> tuple[str, str, str]:
    return entry.who, entry.door, entry.action


def make_rule(client: Client, pattern: str = '{"source": ["shop"]}') -> Any:
    target = Target.objects.get_or_create(name="crm", defaults={"url": "http://127.0.0.1:9/"})[0]
    form = {
        "bus": Bus.objects.get(name="default").pk,
        "name": "orders",
        "pattern": pattern,
        "enabled": "on",
        "links-TOTAL_FORMS": 1,
        "links-INITIAL_FORMS": 0,
        "links-0-target": target.pk,
        "warned": ["target:crm"],  # nothing listens there
    }
    return client.post("/admin/eventhub/rule/add/", form)


def test_a_rule_made_in_the_admin_is_one_entry_with_its_targets(ann: Client) -> None:
    assert make_rule(ann).status_code == 302

    [entry] = AuditEntry.objects.filter(kind="rule")
    assert whose(entry) == ("user:ann", Door.ADMIN, "created")
    assert entry.after is not None
    assert entry.after["targets"] == [{"name": "crm"}]


def test_an_action_on_a_list_is_recorded(ann: Client) -> None:
    make_rule(ann)

    ann.post("/admin/eventhub/rule/", {"action": "disable", "_selected_action": [Rule.objects.get().pk]})

    assert whose(newest("rule")) == ("user:ann", Door.ADMIN, "disabled")


def test_a_key_made_in_the_admin_is_one_entry_with_its_buses(ann: Client) -> None:
    form = {"name": "till", "scopes": ["events:put"], "buses": [Bus.objects.get(name="default").pk]}
    ann.post("/admin/eventhub/apikey/add/", form)

    [entry] = AuditEntry.objects.filter(kind="api-key")
    assert whose(entry) == ("user:ann", Door.ADMIN, "created")
    assert entry.after is not None
    assert entry.after["buses"] == ["default"]


def test_eventbridges_door_records_the_key() -> None:
    caller = Caller(CallerKind.KEY, "K" * 16, ALL_SCOPES)

    operations._changed("CreateEventBus", b'{"Name": "shop"}', caller)

    assert whose(newest("bus")) == (f"key:{'K' * 16}", Door.EVENTBRIDGE, "created")


def test_an_import_is_recorded_and_its_dry_run_is_not() -> None:
    caller = Caller(CallerKind.USER, "ann", ALL_SCOPES)
    text = "buses: [{name: shop}]"

    import_text(text, caller, apply=False)
    assert not AuditEntry.objects.filter(name="shop").exists()
    import_text(text, caller, apply=True)

    assert whose(newest("bus")) == ("user:ann", Door.IMPORT, "created")


def test_people_and_groups_are_recorded_without_passwords(ann: Client) -> None:
    no_roles = {"grants-TOTAL_FORMS": "0", "grants-INITIAL_FORMS": "0"}
    group = {"name": "viewers", **no_roles}
    ann.post("/admin/auth/group/add/", group)
    bob = {"username": "bob", "password1": "correct horse 7", "password2": "correct horse 7"}
    ann.post("/admin/auth/user/add/", bob | {"usable_password": "true"} | no_roles)
    user = get_user_model().objects.get(username="bob")
    ann.post(
        f"/admin/auth/user/{user.pk}/change/",
        {
            "username": "bob",
            "is_active": "on",
            "groups": [Group.objects.get().pk],
            "date_joined_0": "2026-01-01",
            "date_joined_1": "00:00:00",
            **no_roles,
        },
    )
    ann.post(
        f"/admin/auth/user/{user.pk}/password/",
        {"password1": "battery staple 8", "password2": "battery staple 8", "usable_password": "true"},
    )

    entries = AuditEntry.objects.filter(kind="user", object_id=user.pk).order_by("id")
    made, changed, renewed = entries
    assert [whose(entry)[2] for entry in entries] == ["created", "changed", "changed"]
    assert whose(made)[:2] == ("user:ann", Door.ADMIN)
    assert changed.after is not None
    assert changed.after["groups"] == ["viewers"]
    assert renewed.after is not None
    assert renewed.after["secrets"] == {"password": "changed"}
    assert "pbkdf2" not in json.dumps([[one.before, one.after] for one in entries])
    assert whose(newest("group")) == ("user:ann", Door.ADMIN, "created")


def test_signing_in_is_no_change() -> None:
    user = get_user_model().objects.create_user("bob", password="correct horse 7")

    assert Client().login(username="bob", password="correct horse 7")

    assert not AuditEntry.objects.filter(kind="user", object_id=user.pk).exists()


def test_a_deleted_person_is_recorded(ann: Client) -> None:
    user = get_user_model().objects.create_user("bob")

    ann.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"})

    assert whose(newest("user")) == ("user:ann", Door.ADMIN, "deleted")


def test_the_list_shows_what_differs_and_finds_by_name_and_person(ann: Client) -> None:
    with doing("user:bob", Door.REST):
        target = Target.objects.create(name="crm", url="http://127.0.0.1:9/")
        target.url = "http://127.0.0.1:10/"
        target.save()

    page = ann.get("/admin/eventhub/auditentry/").content.decode()
    assert "http://127.0.0.1:10/" in page
    assert "user:bob" in page
    assert "0 changes" in ann.get("/admin/eventhub/auditentry/?q=nobody").content.decode()
    for query in ("q=crm", "q=user:bob", "kind=target", "door=rest", f"object_id={target.pk}&kind=target"):
        assert "2 changes" in ann.get(f"/admin/eventhub/auditentry/?{query}").content.decode(), query


def test_an_entry_shows_a_patterns_difference_value_by_value(ann: Client) -> None:
    make_rule(ann)
    rule = Rule.objects.get()
    rule.pattern = '{"source": ["shop", "<b>till</b>"]}'
    rule.save()

    page = ann.get(f"/admin/eventhub/auditentry/{newest('rule').pk}/change/").content.decode()

    assert "<code>pattern.source</code>" in page
    assert "&lt;b&gt;till&lt;/b&gt;" in page
    assert f"/admin/eventhub/rule/{rule.pk}/change/" in page


def test_the_trail_can_be_read_only(ann: Client) -> None:
    Bus.objects.create(name="shop")
    entry = newest("bus")

    assert ann.get("/admin/eventhub/auditentry/add/").status_code == 403
    assert ann.post(f"/admin/eventhub/auditentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert AuditEntry.objects.filter(pk=entry.pk).exists()
    assert ann.get("/admin/eventhub/auditentry/999999/change/").status_code == 404


# -- rolling back ------------------------------------------------------------------------------------


def test_a_change_is_rolled_back_after_a_page_that_shows_what_it_does(ann: Client) -> None:
    make_rule(ann)
    rule = Rule.objects.get()
    rule.pattern = '{"source": ["till"]}'
    rule.save()
    address = f"/admin/eventhub/auditentry/{newest('rule').pk}/rollback/"

    page = ann.get(address).content.decode()
    assert "<code>pattern.source</code>" in page
    assert Rule.objects.get().pattern == '{"source": ["till"]}'
    answer = ann.post(address, {"reason": "too few"}, follow=True).content.decode()

    assert "Rolled back: rule default/orders." in answer
    assert "taken back by" in answer
    assert Rule.objects.get().pattern == '{"source": ["shop"]}'
    assert (newest("rule").reason, newest("rule").who) == ("too few", "user:ann")


def test_what_cannot_be_rolled_back_says_why(ann: Client) -> None:
    make_rule(ann)
    made = AuditEntry.objects.filter(kind="target").latest("id")
    address = f"/admin/eventhub/auditentry/{made.pk}/rollback/"

    assert "used by rule orders" in ann.get(address).content.decode()
    assert "Not rolled back" in ann.post(address, follow=True).content.decode()
    assert ann.get("/admin/eventhub/auditentry/999999/rollback/").status_code == 404


def test_who_may_not_change_a_thing_may_not_roll_it_back(ann: Client) -> None:
    make_rule(ann)
    entry, other = newest("rule"), Bus.objects.create(name="other")

    for client in (browser_of(person("bob", Role.VIEWER)), browser_of(person("eve", Role.EDITOR, other))):
        assert client.get(f"/admin/eventhub/auditentry/{entry.pk}/change/").status_code in {403, 404}
        assert client.post(f"/admin/eventhub/auditentry/{entry.pk}/rollback/").status_code in {403, 404}
        assert client.post(f"/admin/eventhub/rule/{entry.object_id}/rollback/1/").status_code in {403, 404}
    assert newest("rule") == entry


def test_a_rule_is_rolled_back_to_a_version_from_its_page(ann: Client) -> None:
    make_rule(ann)
    rule = Rule.objects.get()
    rule.pattern = '{"source": ["till"]}'
    rule.save()
    rule.record_version(by="user:bob")

    address = f"/admin/eventhub/rule/{rule.pk}/rollback/1/"
    assert address in ann.get(f"/admin/eventhub/rule/{rule.pk}/change/").content.decode()
    assert "pattern.source" in ann.get(address).content.decode()
    assert rule.versions.count() == 2
    assert "as version 3" in ann.post(address, follow=True).content.decode()

    assert Rule.objects.get().pattern == '{"source": ["shop"]}'
    assert "as it was in version 1" in ann.get(address).content.decode()


def test_the_history_of_a_thing_is_its_trail(ann: Client) -> None:
    make_rule(ann)
    rule = Rule.objects.get()

    page = ann.get(f"/admin/eventhub/rule/{rule.pk}/history/", follow=True).content.decode()

    assert "1 change" in page
    assert "default/orders" in page
