"""Answers of `aws events`, and Terraform's plan."""

import json

import pytest

from eventhub.models import ApiDestination, Archive, Bus, Connection, Rule
from tests.importing.conftest import Importing

pytestmark = pytest.mark.django_db

AWS = "arn:aws:events:eu-west-1:999999999999:"


def test_saved_answers_become_rules_with_their_targets(importing: Importing):
    Connection.objects.create(name="partner", auth="bearer")
    sqs = "arn:aws:sqs:eu-west-1:999999999999:q"
    listed = {"Name": "listed", "Arn": f"{AWS}rule/listed", "EventPattern": '{"a": [1]}', "State": "ENABLED"}
    large = {
        "Name": "large",
        "Arn": f"{AWS}rule/orders/large",
        "EventPattern": '{"a": [2]}',
        "State": "DISABLED",
        "EventBusName": "orders",
        "CreatedBy": "999999999999",
    }
    archive = {
        "ArchiveArn": f"{AWS}archive/kept",
        "ArchiveName": "kept",
        "EventSourceArn": f"{AWS}event-bus/orders",
        "State": "ENABLED",
        "RetentionDays": 5,
        "EventCount": 1,
    }
    destination = {
        "ApiDestinationArn": f"{AWS}api-destination/stock/x",
        "Name": "stock",
        "ConnectionArn": f"{AWS}connection/partner/x",
        "InvocationEndpoint": "https://example.com/",
        "HttpMethod": "POST",
        "ApiDestinationState": "ACTIVE",
    }
    other = {"ConnectionArn": f"{AWS}connection/other/x", "Name": "other", "AuthorizationType": "BASIC"}
    saved = [
        {"EventBuses": [{"Name": name, "Arn": f"{AWS}event-bus/{name}"} for name in ("default", "orders")]},
        {"Rules": [listed | {"EventBusName": "default"}]},
        large,
        {"Targets": [{"Id": "q", "Arn": sqs, "InputPath": "$.detail"}]},
        {"Rule": "listed", "Targets": [{"Id": "f", "Arn": sqs}]},
        archive,
        {"ApiDestinations": [destination]},
        {"Connections": [other]},
    ]
    text = "\n".join(json.dumps(one, indent=2) for one in saved)

    report = importing(text)

    assert report.refused == []
    assert [(one.where, one.text) for one in report.unsupported] == [
        (
            "document 8.Connections[0]",
            "AuthParameters: wanted the description of a connection, found a list's member",
        )
    ]
    made = Rule.objects.get(name="large")
    assert (made.bus.name, made.enabled, made.links.get().identifier) == ("orders", False, "q")
    assert made.links.get().transform == {"InputPath": "$.detail"}
    assert Rule.objects.get(name="listed").links.get().identifier == "f"
    assert Archive.objects.get().bus.name == "orders"
    assert ApiDestination.objects.get().connection.name == "partner"
    assert importing(text).changes == []


def test_targets_without_a_rule_are_left_out(importing: Importing):
    report = importing('{"Targets": []}')

    assert [one.text for one in report.unsupported] == ["no rule stands before them, and none is named"]


def resource(address: str, **values: object) -> dict[str, object]:
    kind, name = address.split(".")[-2:]
    return {"address": address, "mode": "managed", "type": kind, "name": name, "values": values}


def test_a_plan_becomes_what_it_would_make(importing: Importing):
    plan = {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {
                "resources": [
                    resource("aws_cloudwatch_event_bus.orders", name="orders", tags={"team": "shop"}),
                    resource(
                        "aws_cloudwatch_event_rule.large",
                        name="large",
                        event_bus_name="orders",
                        event_pattern='{"source":["shop"]}',
                        state="ENABLED",
                    ),
                    resource("aws_sqs_queue.q", name="queue"),
                    resource(
                        "aws_cloudwatch_event_target.q",
                        rule="large",
                        event_bus_name="orders",
                        target_id="q",
                        input_transformer=[{"input_paths": {"a": "$.a"}, "input_template": '"<a>"'}],
                        retry_policy=[{"maximum_retry_attempts": 2, "maximum_event_age_in_seconds": 60}],
                    ),
                    resource("aws_cloudwatch_event_archive.kept", name="kept", retention_days=2),
                    resource(
                        "aws_cloudwatch_event_connection.partner",
                        name="partner",
                        authorization_type="BASIC",
                        auth_parameters=[{"basic": [{"username": "ann", "password": "hush"}]}],
                    ),
                    resource(
                        "aws_cloudwatch_event_api_destination.stock",
                        name="stock",
                        invocation_endpoint="https://example.com/",
                        http_method="POST",
                    ),
                    resource(
                        "aws_cloudwatch_event_permission.partner",
                        principal="111122223333",
                        statement_id="partner",
                        event_bus_name="orders",
                    ),
                    resource(
                        "aws_cloudwatch_event_target.lost", rule="none", arn="arn:aws:sqs:a:000000000000:q"
                    ),
                    resource("aws_cloudwatch_event_discoverer.e", name="e"),
                    resource("aws_s3_bucket.b", bucket="b"),
                ],
                "child_modules": [
                    {
                        "resources": [
                            resource(
                                "module.sub.aws_cloudwatch_event_rule.tick",
                                schedule_expression="rate(1 hour)",
                            ),
                            resource("module.sub.aws_lambda_function.f", function_name="f"),
                            resource("module.sub.aws_cloudwatch_event_target.f"),
                        ]
                    }
                ],
            }
        },
        "configuration": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_cloudwatch_event_target.q",
                        "expressions": {"arn": {"references": ["aws_sqs_queue.q.arn", "aws_sqs_queue.q"]}},
                    },
                    {
                        "address": "aws_cloudwatch_event_archive.kept",
                        "expressions": {
                            "event_source_arn": {"references": ["aws_cloudwatch_event_bus.orders.arn"]}
                        },
                    },
                    {
                        "address": "aws_cloudwatch_event_api_destination.stock",
                        "expressions": {
                            "connection_arn": {"references": ["aws_cloudwatch_event_connection.partner.arn"]}
                        },
                    },
                ],
                "module_calls": {
                    "sub": {
                        "module": {
                            "resources": [
                                {
                                    "address": "aws_cloudwatch_event_target.f",
                                    "expressions": {
                                        "arn": {"references": ["aws_lambda_function.f.arn"]},
                                        "rule": {"references": ["aws_cloudwatch_event_rule.tick.name"]},
                                    },
                                }
                            ]
                        }
                    }
                },
            }
        },
    }

    report = importing(json.dumps(plan))

    assert report.refused == []
    bus = Bus.objects.get(name="orders")
    assert (bus.tags, bus.policy[0]["Sid"]) == ({"team": "shop"}, "partner")
    link = Rule.objects.get(name="large").links.get()
    assert link.target.config == {"arn": "arn:aws:sqs:us-east-1:000000000000:queue"}
    assert (link.target.max_attempts, link.target.max_age_seconds) == (3, 60)
    assert link.transform == {"InputTransformer": {"InputPathsMap": {"a": "$.a"}, "InputTemplate": '"<a>"'}}
    assert Archive.objects.get().bus == bus
    assert ApiDestination.objects.get().connection.secrets() == {"password": "hush"}
    tick = Rule.objects.get(name="sub-tick")
    assert tick.links.get().target.config["arn"].endswith(":function:f")
    assert {one.where: one.text for one in report.unsupported} == {
        "aws_cloudwatch_event_target.lost": "the plan has no rule 'none' for it, or that is left out",
        "aws_cloudwatch_event_discoverer.e": "aws_cloudwatch_event_discoverer has no counterpart here",
    }
    assert importing(json.dumps(plan)).changes == []
