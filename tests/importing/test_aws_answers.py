"""Answers of `aws events`, saved elsewhere: what they tell, and what they do not."""

import json
from typing import Any

import pytest

from eventhub.api.importing.report import Report
from eventhub.models import ApiDestination, Archive, Bus, Connection, GlobalEndpoint, Rule, RuleTarget
from tests.importing.conftest import ARN, Importing

pytestmark = pytest.mark.django_db

THERE = "arn:aws:events:eu-west-1:111122223333:"
LARGE = {
    "Name": "large",
    "Arn": f"{THERE}rule/orders/large",
    "EventPattern": '{"a": [1]}',
    "EventBusName": "orders",
}
PARTNER = {
    "ConnectionArn": f"{THERE}connection/partner/1",
    "Name": "partner",
    "AuthorizationType": "API_KEY",
    "AuthParameters": {
        "ApiKeyAuthParameters": {"ApiKeyName": "X-Key"},
        "InvocationHttpParameters": {
            "HeaderParameters": [
                {"Key": "a", "Value": "b", "IsValueSecret": False},
                {"Key": "s", "IsValueSecret": True},
            ]
        },
    },
}
STOCK = {
    "ApiDestinationArn": f"{THERE}api-destination/stock/2",
    "Name": "stock",
    "ConnectionArn": PARTNER["ConnectionArn"],
    "InvocationEndpoint": "https://example.com/",
    "HttpMethod": "POST",
}


def saved(importing: Importing, *answers: Any, **options: Any) -> Report:
    return importing("\n".join(json.dumps(one) for one in answers), **options)


def bus(name: str, **members: Any) -> dict[str, Any]:
    return {"Name": name, "Arn": f"{THERE}event-bus/{name}", **members}


def policy(resource: str) -> str:
    one = {"Sid": "x", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}}
    return json.dumps({"Statement": [one | {"Action": "events:PutEvents", "Resource": resource}]})


def test_a_connection_is_made_without_its_secrets_and_waits_for_them(importing: Importing):
    targets = {"Targets": [{"Id": "d", "Arn": f"{THERE}api-destination/stock/2"}]}
    answers = (bus("orders"), PARTNER, STOCK, LARGE, targets)

    report = saved(importing, *answers)

    assert (report.refused, report.unsupported) == ([], [])
    connection = Connection.objects.get()
    assert (connection.authorized, connection.secrets()) == (False, {})
    assert connection.config == {"header": "X-Key", "headers": {"a": "b"}}
    assert [one.where for one in report.notes] == ["document 2"]
    assert "ApiKeyValue, HeaderParameters.s" in report.notes[0].text
    assert RuleTarget.objects.get().target.api_destination == ApiDestination.objects.get()
    assert saved(importing, *answers).changes == []


def test_a_connection_that_has_its_secrets_keeps_them(importing: Importing):
    connection = Connection(name="partner", config={"header": "X-Old", "query": {"q": "r"}})
    connection.change_secrets({"key": "hush", "headers": {"s": "t"}})
    connection.save()

    report = saved(importing, PARTNER)

    assert report.notes == []
    connection.refresh_from_db()
    assert (connection.authorized, connection.secrets()) == (True, {"key": "hush", "headers": {"s": "t"}})
    assert connection.config == {"header": "X-Key", "headers": {"a": "b"}}


def test_policies_are_taken_for_the_buses_here_the_default_one_too(importing: Importing):
    report = saved(
        importing,
        bus("default", Policy=policy(f"{THERE}event-bus/default")),
        {"EventBuses": [bus("orders", Policy=policy(f"{THERE}event-bus/orders"))]},
    )

    assert (report.refused, report.unsupported) == ([], [])
    for name in ("default", "orders"):
        (statement,) = Bus.objects.get(name=name).policy
        assert statement["Resource"] == f"{ARN}event-bus/{name}"
    assert [one.where for one in report.notes] == ["document 1.Policy", "document 2.EventBuses[0].Policy"]


def test_what_a_bus_says_beside_and_tags_are_taken(importing: Importing):
    told = {
        "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:111122223333:q"},
        "LogConfig": {"Level": "INFO"},
    }

    report = saved(
        importing,
        bus("orders", KmsKeyIdentifier="k", Novelty=5, **told),
        {"Tags": [{"Key": "team", "Value": "shop"}]},
        LARGE,
        {"Tags": [{"Key": "a", "Value": "b"}], "ResourceARN": LARGE["Arn"]},
    )

    orders = Bus.objects.get(name="orders")
    assert (orders.told, orders.tags) == ({"KmsKeyIdentifier": "k", **told}, {"team": "shop"})
    assert Rule.objects.get().tags == {"a": "b"}
    assert [one.text for one in report.notes] == ["Novelty is not taken over"]


def test_what_is_not_told_stays(importing: Importing):
    saved(importing, bus("orders"), LARGE, {"Targets": [{"Id": "q", "Arn": "arn:aws:sqs:a:000000000000:q"}]})
    Rule.objects.update(tags={"a": "b"})
    Bus.objects.filter(name="orders").update(tags={"c": "d"}, description="Ours")

    report = saved(importing, {"EventBuses": [bus("orders")]}, {"Rules": [LARGE]}, LARGE)

    assert (report.changes, report.unsupported) == ([], [])


def test_a_listed_archive_is_left_out_for_its_pattern_is_not_told(importing: Importing):
    listed = {"ArchiveName": "kept", "EventSourceArn": f"{THERE}event-bus/default", "RetentionDays": 2}

    report = saved(importing, {"Archives": [listed]}, LARGE | {"EventBusName": "default"})

    assert [one.where for one in report.unsupported] == ["document 1.Archives[0]"]
    assert Archive.objects.count() == 0
    assert Rule.objects.count() == 1


def test_a_global_endpoint_is_taken_for_the_bus_here(importing: Importing):
    endpoint = {
        "Name": "e",
        "Arn": f"{THERE}endpoint/e",
        "RoutingConfig": {
            "FailoverConfig": {
                "Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/abc"},
                "Secondary": {"Route": "us-west-2"},
            }
        },
        "EventBuses": [
            {"EventBusArn": f"{THERE}event-bus/orders"},
            {"EventBusArn": f"{THERE}event-bus/orders".replace("eu-west-1", "us-west-2")},
        ],
        "EndpointId": "abc.xyz",
    }
    other = endpoint | {"Name": "f"}
    other["EventBuses"] = [
        {"EventBusArn": one["EventBusArn"].replace("us-west-2", "us-east-1")}
        for one in endpoint["EventBuses"]
    ]

    report = saved(importing, bus("orders"), endpoint, {"Endpoints": [other]})

    assert report.refused == []
    assert GlobalEndpoint.objects.get().bus.name == "orders"
    assert [one.where for one in report.unsupported] == ["document 3.Endpoints[0]"]


def test_targets_of_the_buses_there_are_those_here(importing: Importing):
    elsewhere = "arn:aws:events:eu-west-1:999999999999:event-bus/default"
    targets = [{"Id": "b", "Arn": f"{THERE}event-bus/default"}, {"Id": "e", "Arn": elsewhere}]

    saved(importing, bus("orders"), LARGE, {"Targets": targets, "Rule": "large", "EventBusName": "orders"})

    ours, theirs = RuleTarget.objects.order_by("identifier").select_related("target__bus")
    assert ours.target.bus.name == "default"
    assert theirs.target.config == {"arn": elsewhere}


def test_answers_of_other_kinds_and_lists_that_go_on_are_left_out_alone(importing: Importing):
    report = saved(
        importing,
        {"Replays": []},
        {"Rules": [LARGE | {"EventBusName": "default", "ManagedBy": "x"}], "NextToken": "t"},
        {"EventBuses": [{"Name": "aws.partner/example.com/a", "Arn": "x"}]},
    )

    assert report.refused == []
    assert [one.where for one in report.unsupported] == [
        "document 1",
        "document 2.NextToken",
        "document 3.EventBuses[0]",
    ]
    assert [one.text for one in report.notes] == ["it is managed by x where it was saved"]
    assert Rule.objects.count() == 1


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([{"Rules": 5}], "document 1.Rules: wanted a list"),
        ([{"Rules": [5]}], "document 1.Rules[0]: wanted an object, found int"),
        ([LARGE, {"Targets": 5}], "document 2.Targets: wanted a list"),
        ([LARGE, 5], "document 2: wanted an object, found int"),
    ],
)
def test_an_answer_of_the_wrong_kind_is_refused_with_its_place(importing: Importing, answers: Any, said: str):
    with pytest.raises(ValueError, match="wanted") as refused:
        importing(json.dumps(answers))

    assert said in str(refused.value)


def test_a_target_of_the_wrong_kind_refuses_the_import(importing: Importing):
    report = saved(
        importing,
        LARGE | {"EventBusName": "default"},
        {"Targets": [5], "Rule": "large", "EventBusName": "default"},
    )

    assert [one.where for one in report.refused] == ["document 1"]
    assert not report.is_applied
