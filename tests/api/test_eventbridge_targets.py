"""PutTargets, RemoveTargets and what lists them, called by boto3's own client code."""

from typing import Any

import pytest
from botocore.client import BaseClient
from django.test import override_settings

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.models import ApiDestination, Bus, Connection, Rule, RuleTarget, RuleVersion, Target
from tests.api.door import Doors
from tests.api.test_put_events import client, error_of

ARN = "arn:aws:events:us-east-1:000000000000:"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"
LAMBDA = "arn:aws:lambda:eu-west-1:111122223333:function:orders"
NOTHING_FAILED = {"FailedEntryCount": 0, "FailedEntries": []}


@pytest.fixture
def events(doors: Doors) -> BaseClient:
    key, secret = mint("operator", [Scope.ADMIN])
    made = client(doors, key.pk, secret)
    made.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
    return made


def answered(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def put(events: BaseClient, *targets: dict[str, Any]) -> dict[str, Any]:
    return answered(events.put_targets(Rule="orders", Targets=list(targets)))


def listed(events: BaseClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = events.list_targets_by_rule(Rule="orders")["Targets"]
    return found


def test_a_queue_is_a_target_with_its_policy_and_dead_letters_and_is_told_again(events: BaseClient) -> None:
    told = {
        "Id": "q",
        "Arn": QUEUE,
        "RoleArn": "arn:aws:iam::111122223333:role/events",
        "InputPath": "$.detail",
        "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 600},
        "DeadLetterConfig": {"Arn": f"{QUEUE}-dead"},
    }

    assert put(events, told) == NOTHING_FAILED

    assert listed(events) == [told]
    target = Target.objects.get(name="orders.q")
    assert (target.kind, target.config, target.owned) == ("sqs", {"arn": QUEUE}, True)
    assert (target.max_attempts, target.max_age_seconds) == (4, 600)
    assert target.dead_letter_target is not None
    assert target.dead_letter_target.config == {"arn": f"{QUEUE}-dead"}
    [link] = RuleTarget.objects.all()
    assert (link.identifier, link.transform) == ("q", {"InputPath": "$.detail"})
    assert RuleVersion.objects.order_by("-number")[0].targets[0]["name"] == "orders.q"


def test_the_same_id_replaces_and_makes_no_second_target(events: BaseClient) -> None:
    put(events, {"Id": "q", "Arn": QUEUE, "DeadLetterConfig": {"Arn": f"{QUEUE}-dead"}})
    before = Target.objects.get(name="orders.q").pk

    put(events, {"Id": "q", "Arn": LAMBDA, "Input": '{"ping": true}'})

    assert listed(events) == [{"Id": "q", "Arn": LAMBDA, "Input": '{"ping": true}'}]
    [target] = Target.objects.all()
    assert (target.pk, target.kind) == (before, "lambda")


def test_a_target_of_ours_is_shared_and_stays_when_it_is_removed(events: BaseClient) -> None:
    Target.objects.create(name="crm", url="https://example.com/")
    arn = f"{ARN}target/crm"

    assert put(events, {"Id": "1", "Arn": arn}) == NOTHING_FAILED
    assert put(events, {"Id": "2", "Arn": arn})["FailedEntries"][0]["ErrorCode"] == "ValidationException"
    assert events.list_rule_names_by_target(TargetArn=arn)["RuleNames"] == ["orders"]
    assert answered(events.remove_targets(Rule="orders", Ids=["1", "unknown"])) == NOTHING_FAILED

    assert listed(events) == []
    assert Target.objects.filter(name="crm").exists()


def test_a_bus_and_an_api_destination_are_targets(events: BaseClient) -> None:
    Bus.objects.create(name="archive")
    connection = Connection(name="crm", auth="basic", config={"user_name": "u"})
    connection.change_secrets({"password": "p"})
    connection.save()
    ApiDestination.objects.create(name="crm", connection=connection, endpoint="https://example.com/*")
    parameters = {"PathParameterValues": ["$.detail.id"], "HeaderParameters": {"X-Shop": "7"}}
    bus = {"Id": "bus", "Arn": f"{ARN}event-bus/archive"}
    call = {"Id": "call", "Arn": f"{ARN}api-destination/crm/0b1d", "HttpParameters": parameters}

    assert put(events, bus, call) == NOTHING_FAILED

    assert listed(events) == [bus, call]
    assert Target.objects.get(name="orders.bus").bus == Bus.objects.get(name="archive")
    called = Target.objects.get(name="orders.call")
    assert called.config == {"path_parameters": ["$.detail.id"], "headers": {"X-Shop": "7"}}
    assert events.list_rule_names_by_target(TargetArn=bus["Arn"])["RuleNames"] == ["orders"]


def test_what_nothing_delivers_to_fails_alone(events: BaseClient) -> None:
    answer = put(
        events,
        {"Id": "good", "Arn": QUEUE},
        {"Id": "ecs", "Arn": "arn:aws:ecs:eu-west-1:111122223333:cluster/orders"},
        {"Id": "nowhere", "Arn": f"{ARN}event-bus/nowhere"},
        {"Id": "region", "Arn": "arn:aws:sqs:atlantis:111122223333:orders"},
    )

    assert answer["FailedEntryCount"] == 3
    assert [(one["TargetId"], one["ErrorCode"]) for one in answer["FailedEntries"]] == [
        ("ecs", "ValidationException"),
        ("nowhere", "ResourceNotFoundException"),
        ("region", "ValidationException"),
    ]
    assert answer["FailedEntries"][1]["ErrorMessage"] == "Event bus nowhere does not exist."
    assert [one["Id"] for one in listed(events)] == ["good"]
    assert Target.objects.count() == 1


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (
            {"Arn": "orders"},
            "Parameter orders is not valid. Reason: Provided Arn is not in correct format.",
        ),
        (
            {"Arn": QUEUE, "Input": "{}", "InputPath": "$.detail"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target q.",
        ),
        (
            {"Arn": QUEUE, "InputTransformer": {"InputTemplate": '"<x>"'}},
            "InputTemplate for target q contains invalid placeholder x.",
        ),
        (
            {"Arn": f"{QUEUE}.fifo"},
            "Parameter(s) SqsParameters must be specified for target: q.",
        ),
    ],
)
def test_what_no_rule_could_have_refuses_the_whole_request(
    events: BaseClient, told: dict[str, Any], message: str
) -> None:
    error = error_of(
        events.put_targets, Rule="orders", Targets=[{"Id": "ok", "Arn": QUEUE}, {"Id": "q"} | told]
    )

    assert (error["Code"], error["Message"]) == ("ValidationException", message)
    assert not RuleTarget.objects.exists()


def test_a_rule_has_at_most_five_targets(events: BaseClient) -> None:
    five = [{"Id": f"q{number}", "Arn": QUEUE} for number in range(5)]
    put(events, *five)
    put(events, five[0])

    error = error_of(events.put_targets, Rule="orders", Targets=[{"Id": "q5", "Arn": QUEUE}])

    assert error["Code"] == "LimitExceededException"
    assert error["Message"] == "The requested resource exceeds the maximum number allowed."
    assert Target.objects.count() == 5


@override_settings(MAX_RULES_PER_BUS=1, MAX_BUSES=1)
def test_rules_and_buses_have_quotas_too(events: BaseClient) -> None:
    events.put_rule(Name="orders", EventPattern='{"source": ["another"]}')

    rule = error_of(events.put_rule, Name="more", EventPattern='{"source": ["shop"]}')
    bus = error_of(events.create_event_bus, Name="more")

    assert rule["Code"] == bus["Code"] == "LimitExceededException"


def test_targets_are_listed_by_pages(events: BaseClient) -> None:
    put(events, *({"Id": f"q{number}", "Arn": QUEUE} for number in range(5)))

    paginator = events.get_paginator("list_targets_by_rule")
    pages = paginator.paginate(Rule="orders", PaginationConfig={"PageSize": 2})

    assert [[one["Id"] for one in page["Targets"]] for page in pages] == [["q0", "q1"], ["q2", "q3"], ["q4"]]


def test_the_rules_of_a_target_are_listed_by_pages(events: BaseClient) -> None:
    for number in range(3):
        events.put_rule(Name=f"r{number}", EventPattern='{"source": ["shop"]}')
        events.put_targets(Rule=f"r{number}", Targets=[{"Id": "q", "Arn": QUEUE}])

    paginator = events.get_paginator("list_rule_names_by_target")
    pages = paginator.paginate(TargetArn=QUEUE, PaginationConfig={"PageSize": 2})

    assert [page["RuleNames"] for page in pages] == [["r0", "r1"], ["r2"]]


def test_deleting_a_rule_in_any_way_deletes_what_was_made_for_it(events: BaseClient) -> None:
    put(events, {"Id": "q", "Arn": QUEUE, "DeadLetterConfig": {"Arn": f"{QUEUE}-dead"}})
    error = error_of(events.delete_rule, Name="orders")

    Rule.objects.get(name="orders").delete()

    assert error["Message"] == "Rule can't be deleted since it has targets."
    assert not Target.objects.exists()


def test_a_target_linked_elsewhere_has_its_name_as_id_or_one_that_is_free(events: BaseClient) -> None:
    put(events, {"Id": "crm", "Arn": QUEUE})
    rule = Rule.objects.get(name="orders")
    RuleTarget.objects.create(rule=rule, target=Target.objects.create(name="crm", url="https://example.com/"))

    assert [one["Id"] for one in listed(events)] == ["crm", "crm-2"]


def test_names_too_long_or_taken_are_told_apart_by_a_digest(events: BaseClient) -> None:
    Bus.objects.create(name="other")
    events.put_rule(Name="orders", EventBusName="other", EventPattern='{"source": ["shop"]}')

    for bus in ("default", "other"):
        events.put_targets(
            Rule="orders", EventBusName=bus, Targets=[{"Id": i, "Arn": QUEUE} for i in ("q", "x" * 64)]
        )

    names = list(Target.objects.values_list("name", flat=True))
    assert len(names) == len(set(names)) == 4
    assert "orders.q" in names
    assert all(len(name) <= 64 for name in names)


def test_a_key_limited_to_a_bus_names_only_targets_of_its_rules(doors: Doors, events: BaseClient) -> None:
    bus = Bus.objects.create(name="shop")
    key, secret = mint("shop", [Scope.RULES_READ, Scope.RULES_WRITE], [bus])
    limited = client(doors, key.pk, secret)
    for name in ("crm", "erp"):
        Target.objects.create(name=name, url="https://example.com/")
    rule = Rule.objects.create(bus=bus, name="old", pattern='{"source": ["shop"]}')
    RuleTarget.objects.create(rule=rule, target=Target.objects.get(name="crm"))
    limited.put_rule(Name="new", EventBusName="shop", EventPattern='{"source": ["shop"]}')
    arns = [f"{ARN}target/crm", f"{ARN}target/erp", QUEUE, f"{ARN}event-bus/default"]

    answer = limited.put_targets(
        Rule="new",
        EventBusName="shop",
        Targets=[{"Id": str(number), "Arn": arn} for number, arn in enumerate(arns)],
    )

    assert [(one["TargetId"], one["ErrorCode"]) for one in answer["FailedEntries"]] == [
        (number, "AccessDeniedException") for number in "123"
    ]
