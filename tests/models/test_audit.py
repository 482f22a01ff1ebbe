"""Each change of configuration is in the audit trail, once for each thing that a transaction changes."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.models import (
    ApiKey,
    Archive,
    AuditEntry,
    Bus,
    Connection,
    Door,
    PartnerSource,
    Rule,
    RuleTarget,
    Target,
    because,
    doing,
)

pytestmark = pytest.mark.django_db(transaction=True)
PATTERN = '{"source": ["shop"]}'


@pytest.fixture(autouse=True)
def _ann() -> Iterator[None]:
    with doing("user:ann", Door.ADMIN):
        yield


def make_rule(**members: Any) -> Rule:
    bus = Bus.objects.get(name="default")
    return Rule.objects.create(**{"bus": bus, "name": "orders", "pattern": PATTERN, **members})


def make_target(name: str = "crm") -> Target:
    return Target.objects.create(name=name, url=f"http://{name}.example/")


def newest() -> AuditEntry:
    entry = AuditEntry.objects.order_by("-id").first()
    assert entry is not None
    return entry


def told(after: int = 0) -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.filter(id__gt=after).order_by("id")
    return [(row.kind, row.name, row.action) for row in rows]


def test_an_entry_says_who_when_through_which_door_and_what() -> None:
    make_target()

    entry = newest()

    assert (entry.who, entry.door, entry.action) == ("user:ann", Door.ADMIN, "created")
    assert (entry.kind, entry.name) == ("target", "crm")
    assert entry.before is None
    assert entry.after is not None
    assert entry.after["url"] == "http://crm.example/"


def test_a_change_is_told_as_it_was_and_is() -> None:
    target = make_target()

    target.url = "http://new.example/"
    target.save(update_fields=["url", "updated_at"])

    entry = newest()
    assert entry.action == "changed"
    assert entry.before is not None
    assert entry.after is not None
    assert entry.before["url"] == "http://crm.example/"
    assert entry.after["url"] == "http://new.example/"


def test_what_the_row_in_hand_did_not_save_is_not_told() -> None:
    stale, target = make_target(), Target.objects.get(name="crm")
    Target.objects.filter(pk=target.pk).update(note="of another request")

    stale.paused = True
    stale.save(update_fields=["paused"])

    entry = newest()
    assert entry.action == "paused"
    assert entry.after is not None
    assert entry.after["note"] == "of another request"


def test_saving_without_a_change_is_no_entry() -> None:
    target = make_target()
    before = newest().pk

    target.save()

    assert told(before) == []


def test_a_rule_and_its_targets_are_one_thing() -> None:
    rule, crm, mail = make_rule(), make_target("crm"), make_target("mail")
    rule.set_targets([crm])
    before = newest().pk

    with transaction.atomic():
        rule.pattern = '{"source": ["till"]}'
        rule.save()
        rule.set_targets([mail])
        rule.set_transforms({"mail": {"InputPath": "$.detail"}})

    assert told(before) == [("rule", "default/orders", "changed")]
    entry = newest()
    assert entry.before is not None
    assert entry.after is not None
    assert entry.before["targets"] == [{"name": "crm"}]
    assert entry.after["targets"] == [{"name": "mail", "transform": {"InputPath": "$.detail"}}]
    assert (entry.before["pattern"], entry.after["pattern"]) == (PATTERN, '{"source": ["till"]}')


def test_what_is_taken_back_in_the_same_transaction_is_no_entry() -> None:
    rule, crm = make_rule(), make_target()
    rule.set_targets([crm])
    before = newest().pk

    with transaction.atomic():
        rule.set_targets([])
        rule.set_targets([crm])

    assert told(before) == []


def test_transactions_have_entries_of_their_own() -> None:
    rule, crm = make_rule(), make_target()
    before = newest().pk

    rule.set_targets([crm])
    rule.set_targets([])

    assert told(before) == [("rule", "default/orders", "changed")] * 2
    assert len(set(AuditEntry.objects.filter(id__gt=before).values_list("change", flat=True))) == 2


def test_one_transaction_is_one_change() -> None:
    before = newest().pk if AuditEntry.objects.exists() else 0

    with transaction.atomic():
        make_rule()
        make_target()

    entries = AuditEntry.objects.filter(id__gt=before)
    assert len({entry.change for entry in entries}) == 1
    assert entries.count() == 2


def test_a_rolled_back_change_leaves_no_entry_and_the_next_one_is_whole() -> None:
    target = make_target()
    before = newest().pk

    with transaction.atomic():
        Target.objects.filter(pk=target.pk).update(paused=True)
        transaction.set_rollback(True)
    Target.objects.filter(pk=target.pk).update(enabled=False)

    assert told(before) == [("target", "crm", "disabled")]
    entry = newest()
    assert entry.before is not None
    assert entry.before["paused"] is False


def test_a_rolled_back_savepoint_takes_its_entry_with_it() -> None:
    target = make_target()
    before = newest().pk

    with transaction.atomic():
        with transaction.atomic():
            Target.objects.filter(pk=target.pk).update(paused=True)
            transaction.set_rollback(True)
        Target.objects.filter(pk=target.pk).update(note="after it")

    assert told(before) == [("target", "crm", "changed")]
    entry = newest()
    assert entry.after is not None
    assert (entry.after["paused"], entry.after["note"]) == (False, "after it")


def test_what_a_rolled_back_savepoint_changed_is_not_told_by_what_comes_after() -> None:
    target = make_target()
    before = newest().pk

    with transaction.atomic():
        target.note = "before it"
        target.save()
        with transaction.atomic():
            target.paused = True
            target.save()
            transaction.set_rollback(True)
        target.note = "after it"
        target.save(update_fields=["note"])

    assert told(before) == [("target", "crm", "changed")]
    entry = newest()
    assert entry.after is not None
    assert (entry.after["paused"], entry.after["note"]) == (False, "after it")


def test_a_deleted_bus_takes_its_rules_along_visibly() -> None:
    bus = Bus.objects.create(name="shop")
    rule = make_rule(bus=bus)
    rule.set_targets([make_target()])
    mint("till", [Scope.EVENTS_PUT], buses=[bus, Bus.objects.get(name="default")])
    before = newest().pk

    bus.delete()

    assert sorted(told(before)) == [
        ("api-key", str(ApiKey.objects.get()), "changed"),
        ("bus", "shop", "deleted"),
        ("rule", "shop/orders", "deleted"),
    ]
    gone = AuditEntry.objects.get(kind="rule", action="deleted")
    assert gone.before is not None
    assert gone.before["targets"] == [{"name": "crm"}]
    assert gone.bus_id == AuditEntry.objects.get(kind="bus", action="deleted").bus_id


def test_secrets_are_told_of_and_never_told() -> None:
    connection = Connection(name="shop", auth="bearer")
    connection.change_secrets({"token": "first token"})
    connection.save()
    made = newest()
    connection.change_secrets({"token": "second token"})
    connection.save()
    changed = newest()
    connection.description = "the shop's"
    connection.save()
    described = newest()

    secrets = [entry.after["secrets"] for entry in (made, changed, described) if entry.after]
    assert secrets == [{"token": "set"}, {"token": "changed"}, {"token": "set"}]
    for entry in AuditEntry.objects.all():
        assert "token" not in str([entry.before, entry.after]).replace("'token'", "")


def test_a_key_is_recorded_with_its_buses_and_without_its_secret() -> None:
    key, secret = mint("till", [Scope.EVENTS_PUT], buses=[Bus.objects.get(name="default")])

    [entry] = AuditEntry.objects.filter(kind="api-key")
    assert entry.after is not None
    assert (entry.object_id, entry.after["buses"], entry.after["secrets"]) == (
        key.pk,
        ["default"],
        {"secret": "set"},
    )
    assert secret not in str(entry.after)


def test_a_partners_source_is_recorded_when_its_bus_is_made_and_deleted() -> None:
    source = PartnerSource.objects.create(name="aws.partner/example.com/orders", account="000000000000")
    before = newest().pk

    Bus.objects.create(name=source.name).delete()

    actions = [action for kind, _name, action in told(before) if kind == "partner-event-source"]
    assert actions == ["changed", "changed"]


def test_many_rows_at_once_are_recorded_each() -> None:
    make_target("a")
    make_target("b")
    before = newest().pk

    Target.objects.update(paused=True)
    Bus.objects.bulk_create([Bus(name="x"), Bus(name="y")])
    Target.objects.all().delete()

    assert sorted(told(before)) == [
        ("bus", "x", "created"),
        ("bus", "y", "created"),
        ("target", "a", "deleted"),
        ("target", "a", "paused"),
        ("target", "b", "deleted"),
        ("target", "b", "paused"),
    ]


def test_a_reason_is_kept() -> None:
    bus = Bus.objects.get(name="default")
    with because("moved", rolls_back=7):
        Archive.objects.create(name="all", bus=bus)

    assert (newest().reason, newest().rolls_back, newest().who) == ("moved", 7, "user:ann")


def test_a_link_of_its_own_is_the_rules_change() -> None:
    rule, crm = make_rule(), make_target()
    rule.set_targets([crm])
    before = newest().pk

    RuleTarget.objects.update(transform={"InputPath": "$.detail"})
    RuleTarget.objects.get().delete()

    assert told(before) == [("rule", "default/orders", "changed")] * 2


@pytest.mark.parametrize(
    "attempt",
    [
        lambda entry: entry.save(),
        lambda entry: entry.delete(),
        lambda _: AuditEntry.objects.update(who="nobody"),
        lambda _: AuditEntry.objects.all().delete(),
        lambda entry: AuditEntry.objects.bulk_update([entry], ["who"]),
    ],
)
def test_the_trail_is_immutable(attempt: Any) -> None:
    make_target()

    with pytest.raises(TypeError, match="immutable"):
        attempt(newest())


def test_sealing_secrets_anew_is_one_entry(settings: Any) -> None:
    settings.SECRET_KEY = "an old secret key of the installation"
    connection = Connection(name="shop", auth="bearer")
    connection.change_secrets({"token": "a token"})
    connection.save()
    before = newest().pk
    settings.OLD_SECRET_KEY, settings.SECRET_KEY = settings.SECRET_KEY, "a new secret key of the installation"

    call_command("rotate_secrets", stdout=StringIO())

    assert told(before) == [("secrets", "every stored secret", "sealed anew")]


def test_commands_that_make_people_are_recorded() -> None:
    call_command(
        "createsuperuser", "--noinput", username="root", email="root@shop.example", stdout=StringIO()
    )

    [entry] = AuditEntry.objects.filter(kind="user")
    assert (entry.action, entry.name) == ("created", "root")
    assert entry.after is not None
    assert entry.after["is_superuser"] is True
    assert "password" not in entry.after
