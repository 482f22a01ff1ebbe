"""Files with something of everything that can be imported, as values."""

import json
from typing import Any

from tests.importing.conftest import ARN

_QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
_STATEMENT = {
    "Sid": "partner",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": "events:PutEvents",
    "Resource": f"{ARN}event-bus/orders",
    "Condition": {"StringEquals": {"events:source": ["shop"]}},
}
_ROUTING = {
    "FailoverConfig": {
        "Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/abc"},
        "Secondary": {"Route": "us-west-2"},
    }
}
_BUSES = [
    {"EventBusArn": f"{ARN}event-bus/orders"},
    {"EventBusArn": f"{ARN}event-bus/orders".replace("us-east-1", "us-west-2")},
]

OWN: dict[str, Any] = {
    "buses": [
        {"name": "default"},
        {
            "name": "orders",
            "policy": [_STATEMENT],
            "tags": {"team": "shop"},
            "told": {"DeadLetterConfig": {"Arn": _QUEUE}, "LogConfig": {"Level": "INFO"}},
        },
    ],
    "connections": [
        {
            "name": "partner",
            "config": {"header": "X-Key", "headers": {"a": "b"}},
            "secrets": {"key": "hush"},
            "secrets_to_give": ["key"],
        },
        {"name": "off", "auth": "basic", "config": {"user_name": "ann"}, "authorized": False},
    ],
    "api_destinations": [
        {"name": "stock", "connection": "partner", "endpoint": "https://example.com/*", "rate_per_second": 7}
    ],
    "targets": [
        {
            "name": "crm",
            "url": "https://example.com/in",
            "dead_letter_target": "dead",
            "rate_per_second": 1.5,
        },
        {"name": "dead", "kind": "sqs", "config": {"arn": _QUEUE}},
        {
            "name": "stock",
            "kind": "api-destination",
            "api_destination": "stock",
            "config": {"path_parameters": ["7"]},
        },
    ],
    "archives": [{"name": "kept", "bus": "orders", "retention_days": 3, "told": {"KmsKeyIdentifier": "k"}}],
    "global_endpoints": [
        {
            "name": "both",
            "bus": "orders",
            "secondary_bus": "arn:aws:events:us-west-2:000000000000:event-bus/orders",
            "health_check": "arn:aws:route53:::healthcheck/abc",
        }
    ],
    "rules": [
        {
            "name": "large",
            "bus": "orders",
            "pattern": {"detail": {"amount": [{"numeric": [">", 500]}]}},
            "tags": {"a": "b"},
            "told": {"RoleArn": "arn:aws:iam::000000000000:role/x"},
            "targets": [
                "crm",
                {
                    "name": "dead",
                    "identifier": "q",
                    "transform": {"InputPath": "$.detail"},
                    "told": {"Arn": _QUEUE, "RoleArn": "arn:aws:iam::000000000000:role/x"},
                },
            ],
        },
        {"name": "tick", "schedule_expression": "rate(5 minutes)"},
    ],
}

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Stage": {"Type": "String", "Default": "test"}, "Secret": {"Type": "String"}},
    "Mappings": {"Retention": {"test": {"Days": 3}}},
    "Conditions": {"IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]}},
    "Resources": {
        "Orders": {
            "Type": "AWS::Events::EventBus",
            "Condition": "IsTest",
            "Properties": {
                "Name": {"Fn::Sub": "orders-${Stage}"},
                "Tags": [{"Key": "team", "Value": "shop"}],
                "Policy": {"Statement": [_STATEMENT]},
                "DeadLetterConfig": {"Arn": _QUEUE},
            },
        },
        "Large": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": "large",
                "EventBusName": {"Ref": "Orders"},
                "EventPattern": {"source": [{"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}]},
                "Targets": [
                    {
                        "Id": "q",
                        "Arn": {"Fn::GetAtt": ["Queue", "Arn"]},
                        "RetryPolicy": {"MaximumRetryAttempts": 4},
                        "DeadLetterConfig": {"Arn": _QUEUE},
                        "InputTransformer": {"InputPathsMap": {"a": "$.a"}, "InputTemplate": '"<a>"'},
                    },
                    {
                        "Fn::If": [
                            "IsTest",
                            {"Id": "stock", "Arn": {"Fn::GetAtt": "Stock.Arn"}},
                            {"Ref": "AWS::NoValue"},
                        ]
                    },
                ],
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Select": [0, ["q"]]}}},
        "Kept": {
            "Type": "AWS::Events::Archive",
            "Properties": {
                "ArchiveName": "kept",
                "SourceArn": {"Fn::GetAtt": ["Orders", "Arn"]},
                "RetentionDays": {"Fn::FindInMap": ["Retention", {"Ref": "Stage"}, "Days"]},
            },
        },
        "Partner": {
            "Type": "AWS::Events::Connection",
            "Properties": {
                "Name": "partner",
                "AuthorizationType": "API_KEY",
                "AuthParameters": {
                    "ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": {"Ref": "Secret"}}
                },
            },
        },
        "Stock": {
            "Type": "AWS::Events::ApiDestination",
            "Properties": {
                "Name": "stock",
                "ConnectionArn": {"Fn::GetAtt": ["Partner", "Arn"]},
                "InvocationEndpoint": "https://example.com/",
                "HttpMethod": "PUT",
            },
        },
        "Sharing": {
            "Type": "AWS::Events::EventBusPolicy",
            "Properties": {
                "EventBusName": {"Ref": "Orders"},
                "StatementId": "other",
                "Statement": {"Principal": "*", "Action": "events:PutEvents"},
            },
        },
        "Function": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "FunctionName": "f",
                "Events": {
                    "Tick": {
                        "Type": "Schedule",
                        "Properties": {"Schedule": "rate(1 hour)", "Input": {"a": 1}, "Target": {"Id": "x"}},
                    }
                },
            },
        },
    },
}

_THERE = "arn:aws:events:eu-west-1:111122223333:"
AWS_ANSWERS: list[Any] = [
    {
        "Name": "orders",
        "Arn": f"{_THERE}event-bus/orders",
        "LogConfig": {"Level": "INFO"},
        "Policy": json.dumps({"Statement": [_STATEMENT]}),
    },
    {"Tags": [{"Key": "team", "Value": "shop"}]},
    {
        "ConnectionArn": f"{_THERE}connection/partner/1",
        "Name": "partner",
        "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
        "AuthParameters": {
            "OAuthParameters": {
                "ClientParameters": {"ClientID": "i"},
                "AuthorizationEndpoint": "https://example.com/token",
                "HttpMethod": "POST",
                "OAuthHttpParameters": {"BodyParameters": [{"Key": "a", "IsValueSecret": True}]},
            }
        },
    },
    {
        "ApiDestinationArn": f"{_THERE}api-destination/stock/2",
        "Name": "stock",
        "ConnectionArn": f"{_THERE}connection/partner/1",
        "InvocationEndpoint": "https://example.com/",
        "HttpMethod": "POST",
    },
    {"Rules": [{"Name": "tick", "Arn": f"{_THERE}rule/tick", "ScheduleExpression": "rate(1 day)"}]},
    {"Rule": "tick", "Targets": [{"Id": "d", "Arn": f"{_THERE}api-destination/stock/2"}]},
    {
        "ArchiveArn": f"{_THERE}archive/kept",
        "ArchiveName": "kept",
        "EventSourceArn": f"{_THERE}event-bus/orders",
        "RetentionDays": 2,
    },
    {
        "Name": "both",
        "Arn": f"{_THERE}endpoint/both",
        "RoutingConfig": _ROUTING,
        "EventBuses": [{"EventBusArn": f"{_THERE}event-bus/orders"}, _BUSES[1]],
    },
]


def _resource(address: str, **values: Any) -> dict[str, Any]:
    return {"address": address, "mode": "managed", "type": address.partition(".")[0], "values": values}


_EVENT = "aws_cloudwatch_event_"
PLAN: dict[str, Any] = {
    "planned_values": {
        "root_module": {
            "resources": [
                _resource(
                    f"{_EVENT}bus.orders",
                    name="orders",
                    tags={"team": "shop"},
                    log_config=[{"level": "INFO"}],
                ),
                _resource(
                    f"{_EVENT}rule.large", name="large", event_bus_name="orders", event_pattern='{"a": [1]}'
                ),
                _resource('aws_sqs_queue.q["a"]', name="queue"),
                _resource(
                    f'{_EVENT}target.q["a"]',
                    rule="large",
                    event_bus_name="orders",
                    input_transformer=[{"input_paths": {"a": "$.a"}, "input_template": '"<a>"'}],
                    dead_letter_config=[{}],
                ),
                _resource(
                    f"{_EVENT}connection.partner",
                    name="partner",
                    authorization_type="BASIC",
                    auth_parameters=[{"basic": [{"username": "ann", "password": "hush"}]}],
                ),
                _resource(
                    f"{_EVENT}permission.p",
                    principal="111122223333",
                    statement_id="p",
                    event_bus_name="orders",
                ),
                _resource(
                    f"{_EVENT}endpoint.both",
                    name="both",
                    event_bus=[{"event_bus_arn": one["EventBusArn"]} for one in _BUSES],
                    routing_config=[
                        {
                            "failover_config": [
                                {
                                    "primary": [{"health_check": "arn:aws:route53:::healthcheck/abc"}],
                                    "secondary": [{"route": "us-west-2"}],
                                }
                            ]
                        }
                    ],
                ),
            ]
        }
    },
    "resource_changes": [
        {"address": f'{_EVENT}target.q["a"]', "change": {"after_unknown": {"arn": True, "target_id": True}}}
    ],
    "configuration": {
        "root_module": {
            "resources": [
                {
                    "address": f"{_EVENT}target.q",
                    "expressions": {
                        "arn": {"references": ["aws_sqs_queue.q", "each.key"]},
                        "dead_letter_config": [
                            {"arn": {"references": ['aws_sqs_queue.q["a"].arn', 'aws_sqs_queue.q["a"]']}}
                        ],
                    },
                    "for_each_expression": {"references": ["local.all"]},
                }
            ],
            "module_calls": {"m": {"expressions": {}, "module": {"outputs": {}}}},
        }
    },
}
