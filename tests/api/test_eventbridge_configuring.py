"""EventBridge's operations on buses, rules, tags and policies, called by boto3's own client code."""

import json
from typing import Any

import pytest
from botocore.client import BaseClient

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.models import Bus, Rule, RuleTarget, Target
from tests.api.door import Doors
from tests.api.test_put_events import client, error_of
from tests.domain.pattern.test_pattern_limits import field_in_many_arrays

ACCOUNT = "000000000000"
ARN = f"arn:aws:events:us-east-1:{ACCOUNT}:"
PATTERN = '{"source": ["shop"]}'


@pytest.fixture
def events(doors: Doors) -> BaseClient:
    key, secret = mint("operator", [Scope.ADMIN])
    return client(doors, key.pk, secret)


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_a_bus_is_made_described_changed_listed_and_deleted(events: BaseClient) -> None:
    made = events.create_event_bus(
        Name="orders", Description="of the shop", Tags=[{"Key": "a", "Value": "b"}]
    )
    described = events.describe_event_bus(Name=made["EventBusArn"])
    events.update_event_bus(Name="orders", Description="of all shops")
    listed = events.list_event_buses(NamePrefix="ord")["EventBuses"]
    events.delete_event_bus(Name="orders")

    assert made["EventBusArn"] == described["Arn"] == f"{ARN}event-bus/orders"
    assert described["Description"] == "of the shop"
    assert [(bus["Name"], bus["Description"]) for bus in listed] == [("orders", "of all shops")]
    assert not Bus.objects.filter(name="orders").exists()


def test_the_default_bus_is_described_without_a_name_and_stays(events: BaseClient) -> None:
    assert events.describe_event_bus()["Name"] == "default"
    assert error_of(events.delete_event_bus, Name="default")["Message"] == "Cannot delete event bus default."


def test_a_bus_that_is_there_or_is_not_is_said_in_awss_words(events: BaseClient) -> None:
    Bus.objects.create(name="orders")

    there = error_of(events.create_event_bus, Name="orders")
    missing = error_of(events.describe_event_bus, Name="nowhere")

    assert (there["Code"], there["Message"]) == (
        "ResourceAlreadyExistsException",
        "Event bus orders already exists.",
    )
    assert (missing["Code"], missing["Message"]) == (
        "ResourceNotFoundException",
        "Event bus nowhere does not exist.",
    )
    events.delete_event_bus(Name="nowhere")


def test_put_rule_makes_a_rule_that_routes_and_replaces_all_but_its_targets(events: BaseClient) -> None:
    arn = events.put_rule(Name="all", EventPattern=PATTERN, Description="everything")["RuleArn"]
    rule = Rule.objects.get(name="all")
    target = Target.objects.create(name="crm", url="https://crm.example/hook")
    RuleTarget.objects.create(rule=rule, target=target)

    events.put_rule(Name="all", EventPattern='{"source": ["other"]}', State="DISABLED")

    described = without_metadata(events.describe_rule(Name="all"))
    assert described == {
        "Name": "all",
        "Arn": arn,
        "EventPattern": '{"source": ["other"]}',
        "State": "DISABLED",
        "EventBusName": "default",
        "CreatedBy": ACCOUNT,
    }
    assert list(rule.targets.all()) == [target]
    assert [version.enabled for version in rule.versions.order_by("number")] == [True, False]


def test_a_rule_on_another_bus_is_named_with_it(events: BaseClient) -> None:
    events.create_event_bus(Name="orders")

    arn = events.put_rule(Name="all", EventPattern=PATTERN, EventBusName=f"{ARN}event-bus/orders")["RuleArn"]

    assert arn == f"{ARN}rule/orders/all"
    assert [rule["Arn"] for rule in events.list_rules(EventBusName="orders")["Rules"]] == [arn]
    assert events.list_rules()["Rules"] == []


def test_states_of_a_rule_are_kept(events: BaseClient) -> None:
    state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    events.put_rule(Name="all", EventPattern=PATTERN, State=state)
    assert events.describe_rule(Name="all")["State"] == state

    events.disable_rule(Name="all")
    assert events.describe_rule(Name="all")["State"] == "DISABLED"
    assert not Rule.objects.get(name="all").enabled

    events.enable_rule(Name="all")
    assert events.describe_rule(Name="all")["State"] == state
    assert Rule.objects.get(name="all").enabled
    assert error_of(events.enable_rule, Name="none")["Code"] == "ResourceNotFoundException"


def test_a_rule_with_targets_is_not_deleted_and_a_missing_one_is_deleted_already(events: BaseClient) -> None:
    events.put_rule(Name="all", EventPattern=PATTERN)
    target = Target.objects.create(name="crm", url="https://crm.example/hook")
    link = RuleTarget.objects.create(rule=Rule.objects.get(name="all"), target=target)

    refused = error_of(events.delete_rule, Name="all")
    link.delete()
    events.delete_rule(Name="all")
    events.delete_rule(Name="all")

    assert (refused["Code"], refused["Message"]) == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    missing = error_of(events.describe_rule, Name="all")
    assert missing["Message"] == "Rule all does not exist on EventBus default."


def test_a_bad_pattern_is_refused_in_the_references_words(events: BaseClient) -> None:
    said = error_of(events.put_rule, Name="all", EventPattern='{"source": "shop"}')

    assert said["Code"] == "InvalidEventPatternException"
    assert said["Message"].startswith(
        'Event pattern is not valid. Reason: "source" must be an object or an array'
    )


def test_paginators_give_every_rule_once(events: BaseClient) -> None:
    for number in range(7):
        events.put_rule(Name=f"rule-{number}", EventPattern=PATTERN)

    pages = list(events.get_paginator("list_rules").paginate(PaginationConfig={"PageSize": 3}))

    assert [len(page["Rules"]) for page in pages] == [3, 3, 1]
    assert [rule["Name"] for page in pages for rule in page["Rules"]] == [f"rule-{n}" for n in range(7)]
    assert "NextToken" not in pages[-1]


@pytest.mark.parametrize("token", ["zz", "!!", "WyJidXNlcyIsICJhIl0"])
def test_a_token_of_another_list_or_of_nobody_is_refused(events: BaseClient, token: str) -> None:
    assert error_of(events.list_rules, NextToken=token)["Code"] == "ValidationException"


def test_tags_of_buses_and_rules(events: BaseClient) -> None:
    events.create_event_bus(Name="orders")
    rule = events.put_rule(
        Name="all", EventPattern=PATTERN, EventBusName="orders", Tags=[{"Key": "team", "Value": "a"}]
    )["RuleArn"]

    events.tag_resource(ResourceARN=rule, Tags=[{"Key": "team", "Value": "b"}, {"Key": "x", "Value": ""}])
    events.untag_resource(ResourceARN=rule, TagKeys=["x", "never"])

    assert events.list_tags_for_resource(ResourceARN=rule)["Tags"] == [{"Key": "team", "Value": "b"}]
    assert events.list_tags_for_resource(ResourceARN=f"{ARN}event-bus/orders")["Tags"] == []
    reserved = error_of(events.tag_resource, ResourceARN=rule, Tags=[{"Key": "aws:x", "Value": ""}])
    assert reserved["Code"] == "ValidationException"
    many = [{"Key": f"k{n}", "Value": ""} for n in range(51)]
    assert error_of(events.tag_resource, ResourceARN=rule, Tags=many)["Code"] == "LimitExceededException"


def test_permissions_are_statements_of_the_buss_policy(events: BaseClient) -> None:
    events.put_permission(StatementId="one", Principal="111122223333", Action="events:PutEvents")
    events.put_permission(StatementId="all", Principal="*", Action="events:PutEvents")
    events.remove_permission(StatementId="all")

    policy = json.loads(events.describe_event_bus()["Policy"])

    assert policy == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "one",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "events:PutEvents",
                "Resource": f"{ARN}event-bus/default",
            }
        ],
    }
    missing = error_of(events.remove_permission, StatementId="all")
    assert missing["Message"] == "Statement with the provided id does not exist."
    events.remove_permission(RemoveAllPermissions=True)
    assert "Policy" not in events.describe_event_bus()


def test_test_event_pattern_matches_as_routing_does(events: BaseClient) -> None:
    event = {
        "id": "1",
        "account": ACCOUNT,
        "source": "shop",
        "time": "2026-01-02T03:04:05Z",
        "region": "r",
        "detail-type": "t",
    }

    assert events.test_event_pattern(EventPattern=PATTERN, Event=json.dumps(event))["Result"] is True
    assert (
        events.test_event_pattern(EventPattern='{"source":["x"]}', Event=json.dumps(event))["Result"] is False
    )
    of_names = ["id", "account", "source", "time", "region", "detail-type"]
    no_objects = ("5", "null", "true", "[]", json.dumps(of_names), json.dumps(" ".join(of_names)))
    for bad in (*no_objects, "{", json.dumps({name: event[name] for name in event if name != "time"})):
        said = error_of(events.test_event_pattern, EventPattern=PATTERN, Event=bad)
        assert (said["Code"], said["Message"]) == ("ValidationException", "Parameter Event is not valid.")


def test_test_event_pattern_says_if_a_pattern_is_too_complex_for_an_event(events: BaseClient) -> None:
    pattern, event = field_in_many_arrays(arrays=10, fields=55)
    envelope = dict.fromkeys(["id", "account", "source", "time", "region", "detail-type"], "x")

    said = error_of(events.test_event_pattern, EventPattern=pattern.text, Event=json.dumps(envelope | event))

    assert said["Code"] == "InvalidEventPatternException"
    assert "Rule is too complex" in said["Message"]


def test_constraints_are_told_all_at_once_in_awss_words(events: BaseClient) -> None:
    said = error_of(events.put_rule, Name="a b", EventPattern=PATTERN, State="ON", Description="x" * 513)

    assert said["Code"] == "ValidationException"
    assert said["Message"] == (
        "3 validation errors detected: Value 'a b' at 'name' failed to satisfy constraint: Member must "
        r"satisfy regular expression pattern: [\.\-_A-Za-z0-9]+; Value 'ON' at 'state' failed "
        "to satisfy constraint: Member must satisfy enum value set: "
        "[ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]; "
        f"Value '{'x' * 513}' at 'description' failed to satisfy constraint: "
        "Member must have length less than or equal to 512"
    )


def test_a_key_without_the_right_is_denied_and_one_of_a_bus_stays_on_it(doors: Doors) -> None:
    orders = Bus.objects.create(name="orders")
    reader = client(doors, *_key(Scope.RULES_READ))
    limited = client(doors, *_key(Scope.RULES_WRITE, Scope.RULES_READ, buses=[orders]))

    assert reader.list_rules()["Rules"] == []
    assert error_of(reader.put_rule, Name="all", EventPattern=PATTERN)["Code"] == "AccessDeniedException"
    limited.put_rule(Name="all", EventPattern=PATTERN, EventBusName="orders")
    assert error_of(limited.put_rule, Name="all", EventPattern=PATTERN)["Code"] == "AccessDeniedException"
    assert [bus["Name"] for bus in limited.list_event_buses()["EventBuses"]] == ["orders"]
    assert error_of(limited.create_event_bus, Name="mine")["Code"] == "AccessDeniedException"


def _key(*scopes: Scope, buses: Any = ()) -> tuple[str, str]:
    key, secret = mint("test", scopes, buses)
    return key.pk, secret


def test_a_rule_may_have_a_schedule_in_place_of_a_pattern_or_beside_it(events: BaseClient) -> None:
    events.put_rule(Name="tick", ScheduleExpression="rate(5 minutes)")
    alone = without_metadata(events.describe_rule(Name="tick"))
    events.put_rule(Name="tick", ScheduleExpression="cron(0 12 ? * MON-FRI *)", EventPattern=PATTERN)
    both = events.describe_rule(Name="tick")
    events.put_rule(Name="tick", EventPattern=PATTERN)

    assert alone["ScheduleExpression"] == "rate(5 minutes)"
    assert "EventPattern" not in alone
    assert (both["ScheduleExpression"], both["EventPattern"]) == ("cron(0 12 ? * MON-FRI *)", PATTERN)
    assert "ScheduleExpression" not in events.describe_rule(Name="tick")


def test_a_schedule_that_is_none_or_on_another_bus_is_refused(events: BaseClient) -> None:
    Bus.objects.create(name="orders")

    neither = error_of(events.put_rule, Name="tick")
    wrong = error_of(events.put_rule, Name="tick", ScheduleExpression="rate(5 minute)")
    elsewhere = error_of(
        events.put_rule, Name="tick", EventBusName="orders", ScheduleExpression="rate(5 minutes)"
    )

    assert neither["Message"] == "Parameter(s) EventPattern or ScheduleExpression must be specified."
    assert wrong["Message"] == (
        "Parameter ScheduleExpression is not valid. Reason: rate: wanted minutes after 5, found minute."
    )
    assert elsewhere["Message"] == "ScheduleExpression is supported only on the default event bus."
    assert not Rule.objects.exists()
