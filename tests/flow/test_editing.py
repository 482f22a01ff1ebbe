"""Editing a rule as a whole: judged by the models, and never over what somebody else saved meanwhile."""

import pytest
from django.core.exceptions import ValidationError

from eventhub.flow import editing
from eventhub.flow.configure import switch_rule
from eventhub.flow.editing import ChangedMeanwhileError, Draft, draft_of, tag_of
from eventhub.models import AuditEntry, Bus, Rule, Target

pytestmark = pytest.mark.django_db(transaction=True)
SHOP, CRM = '{"source": ["shop"]}', '{"source": ["crm"]}'
TRANSFORM = {"InputPath": "$.detail"}


def target(name: str) -> Target:
    return Target.objects.create(name=name, url="http://127.0.0.1:9/")


def made(*targets: Target, **members: object) -> Rule:
    draft = Draft("orders", SHOP, links=[(one, None) for one in targets])
    return editing.make(Bus.objects.get(name="default"), draft, who="user:ann")


def test_a_rule_is_made_with_its_targets_as_one_version() -> None:
    rule = made(target("mail"), target("books"))

    [version] = rule.versions.all()
    assert (version.number, version.made_by) == (1, "user:ann")
    assert [one["name"] for one in version.targets] == ["mail", "books"]


def test_saving_a_draft_changes_all_of_it_at_once() -> None:
    mail, books = target("mail"), target("books")
    rule = made(mail)
    draft = Draft("sales", CRM, description="Sales", shadow=True, links=[(mail, TRANSFORM), (books, None)])

    version = editing.save(rule, draft, who="user:ben", tag=tag_of(rule), reason="asked by sales")

    now = Rule.objects.get()
    assert version is not None
    assert (version.number, version.made_by, version.shadow) == (2, "user:ben", True)
    assert draft_of(now) == draft
    assert AuditEntry.objects.filter(kind="rule", action="changed", reason="asked by sales").exists()


def test_what_only_people_read_makes_no_version() -> None:
    rule = made()

    version = editing.save(
        rule, Draft("orders", SHOP, description="Orders"), who="user:ann", tag=tag_of(rule)
    )

    assert version is None
    assert Rule.objects.get().description == "Orders"


def test_a_draft_of_an_older_state_is_not_saved_over_a_newer_one() -> None:
    rule = made()
    seen = tag_of(rule)
    switch_rule(rule, enabled=False, by="user:ben")

    with pytest.raises(ChangedMeanwhileError) as error:
        editing.save(rule, Draft("orders", CRM), who="user:ann", tag=seen)

    assert error.value.version is not None
    assert error.value.version.made_by == "user:ben"
    assert Rule.objects.get().pattern == SHOP


def test_a_change_of_words_alone_changes_the_tag_too() -> None:
    rule = made()
    seen = tag_of(rule)
    editing.save(rule, Draft("orders", SHOP, description="new"), who="user:ben", tag=seen)

    with pytest.raises(ChangedMeanwhileError):
        editing.save(rule, Draft("orders", CRM), who="user:ann", tag=seen)


def test_every_fault_is_told_by_its_member_and_nothing_is_saved() -> None:
    mail = target("mail")
    rule = made(mail)
    draft = Draft("no spaces", "{", schedule_expression="rate(0 minutes)", links=[(mail, {"Nonsense": 1})])

    faults = editing.faults_of(Rule(bus=rule.bus), draft)

    assert set(faults) == {"name", "pattern", "schedule_expression", "transform.mail"}
    with pytest.raises(ValidationError):
        editing.save(rule, draft, who="user:ann", tag=tag_of(rule))
    assert (Rule.objects.get().name, rule.versions.count()) == ("orders", 1)


def test_a_name_that_the_bus_has_already_and_a_target_twice_are_refused() -> None:
    mail = target("mail")
    made(mail)

    faults = editing.faults_of(
        Rule(bus=Bus.objects.get(name="default")), Draft("orders", SHOP, links=[(mail, None), (mail, None)])
    )

    assert faults["name"] == ["the bus already has a rule of this name"]
    assert faults["targets"] == ["wanted each target once, found mail twice"]


def test_links_that_stay_keep_what_eventbridge_calls_them() -> None:
    mail, books = target("mail"), target("books")
    rule = made(mail)
    rule.links.update(identifier="Target0", told={"RoleArn": "arn:aws:iam::0:role/x"})

    editing.save(
        rule,
        Draft("orders", SHOP, links=[(books, None), (mail, TRANSFORM)]),
        who="user:ann",
        tag=tag_of(rule),
    )

    found = {link.target.name: (link.identifier, link.told) for link in rule.links.select_related("target")}
    assert found == {"mail": ("Target0", {"RoleArn": "arn:aws:iam::0:role/x"}), "books": ("books", {})}
