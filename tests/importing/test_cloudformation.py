"""CloudFormation and SAM templates become buses, rules, targets and the rest."""

import json

import pytest

from eventhub.models import ApiDestination, Archive, Bus, Connection, Rule, Target
from tests.importing.conftest import ARN, Importing

pytestmark = pytest.mark.django_db

TEMPLATE = """
    AWSTemplateFormatVersion: 2010-09-09
    Parameters:
      Stage: {Type: String, Default: test}
      Sources: {Type: CommaDelimitedList, Default: "shop, till"}
      Secret: {Type: String, NoEcho: true}
    Mappings:
      Retention: {test: {Days: 3}, live: {Days: 90}}
    Conditions:
      IsLive: !Equals [!Ref Stage, live]
      IsTest: !Not [!Condition IsLive]
    Resources:
      Orders:
        Type: AWS::Events::EventBus
        Properties:
          Name: !Sub "orders-${Stage}"
          Description: What was ordered
          Tags: [{Key: team, Value: shop}]
      Large:
        Type: AWS::Events::Rule
        Properties:
          Name: large
          EventBusName: !Ref Orders
          State: ENABLED
          EventPattern:
            source: !Ref Sources
            detail: {amount: [{numeric: [">", 500]}], name: [!Sub "${!literal}-${AWS::Region}"]}
          Targets:
            - Id: queue
              Arn: !GetAtt Queue.Arn
              RetryPolicy: {MaximumRetryAttempts: 4}
              DeadLetterConfig: {Arn: !Join [":", [arn:aws:sqs, !Ref AWS::Region, !Ref AWS::AccountId, dead]]}
            - Id: stock
              Arn: !GetAtt Stock.Arn
              InputTransformer:
                InputPathsMap: {id: $.detail.id}
                InputTemplate: '{"id": <id>}'
              HttpParameters: {PathParameterValues: ["7"]}
            - !If [IsLive, {Id: live, Arn: !GetAtt Queue.Arn}, !Ref AWS::NoValue]
      Tick:
        Type: AWS::Events::Rule
        Properties:
          ScheduleExpression: rate(5 minutes)
          Targets:
            - {Id: f, Arn: !GetAtt Function.Arn, Input: {a: 1}}
      Late:
        Type: AWS::Events::Rule
        Condition: IsLive
        Properties: {Name: late, ScheduleExpression: rate(1 day)}
      Kept:
        Type: AWS::Events::Archive
        Properties:
          ArchiveName: kept
          SourceArn: !GetAtt Orders.Arn
          EventPattern: {source: [shop]}
          RetentionDays: !FindInMap [Retention, !Ref Stage, Days]
      Partner:
        Type: AWS::Events::Connection
        Properties:
          Name: partner
          AuthorizationType: API_KEY
          AuthParameters: {ApiKeyAuthParameters: {ApiKeyName: X-Key, ApiKeyValue: !Ref Secret}}
      Stock:
        Type: AWS::Events::ApiDestination
        Properties:
          Name: stock
          ConnectionArn: !GetAtt Partner.Arn
          InvocationEndpoint: https://example.com/*
          HttpMethod: PUT
      Sharing:
        Type: AWS::Events::EventBusPolicy
        Properties:
          EventBusName: !Ref Orders
          StatementId: partner
          Statement:
            Action: events:PutEvents
            Principal: {AWS: "arn:aws:iam::111122223333:root"}
            Resource: !GetAtt Orders.Arn
      Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: orders}}
      Function: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12}}
      Registry: {Type: AWS::Events::Discoverer, Properties: {}}
"""


def test_a_template_becomes_what_it_says(importing: Importing):
    report = importing(TEMPLATE, parameters={"Secret": "hush"})

    assert (report.refused, report.is_applied) == ([], True)
    bus = Bus.objects.get(name="orders-test")
    assert (bus.description, bus.tags) == ("What was ordered", {"team": "shop"})
    assert bus.policy[0]["Sid"] == "partner"
    large = Rule.objects.get(bus=bus, name="large")
    assert json.loads(large.pattern) == {
        "source": ["shop", "till"],
        "detail": {"amount": [{"numeric": [">", 500]}], "name": ["${literal}-us-east-1"]},
    }
    queue, stock = large.links.order_by("identifier")
    assert queue.target.config == {"arn": "arn:aws:sqs:us-east-1:000000000000:orders"}
    assert (queue.target.max_attempts, queue.target.dead_letter_target.config["arn"]) == (
        5,
        "arn:aws:sqs:us-east-1:000000000000:dead",
    )
    assert stock.target.api_destination == ApiDestination.objects.get(name="stock")
    assert stock.transform["InputTransformer"]["InputTemplate"] == '{"id": <id>}'
    tick = Rule.objects.get(name="Tick")
    assert tick.links.get().transform == {"Input": '{"a": 1}'}
    assert tick.links.get().target.config["arn"].endswith(":function:Function")
    archive = Archive.objects.get()
    assert (archive.bus, archive.retention_days, json.loads(archive.pattern)) == (
        bus,
        3,
        {"source": ["shop"]},
    )
    assert Connection.objects.get().secrets() == {"key": "hush"}
    assert not Rule.objects.filter(name="late").exists()
    assert [(one.where, one.text) for one in report.unsupported] == [
        ("Resources.Registry", "AWS::Events::Discoverer has no counterpart here")
    ]
    assert {one.where for one in report.notes} == {"Resources.Tick", "Resources.Function"}
    assert "hush" not in "\n".join(report.lines())


def test_the_same_template_again_changes_nothing_but_what_was_changed(importing: Importing):
    importing(TEMPLATE, parameters={"Secret": "hush"})
    rule = Rule.objects.get(name="large")

    again = importing(TEMPLATE, parameters={"Secret": "hush"})
    changed = importing(TEMPLATE.replace("500", "900"), parameters={"Secret": "hush"})

    assert again.changes == []
    assert importing.changes(changed) == ["changed rule orders-test/large"]
    assert rule.versions.count() == 3  # with its targets came the second


def test_what_is_missing_is_left_out_with_the_reason(importing: Importing):
    report = importing(TEMPLATE)

    texts = {one.where: one.text for one in report.unsupported}
    assert texts["Resources.Partner"] == "parameter Secret has no default: give it a value"
    assert texts["Resources.Stock"] == "there is no connection named partner"
    assert Rule.objects.filter(name="large").exists()
    assert "Resources.Large, target stock" in texts


def test_an_arn_that_only_aws_knows_is_given(importing: Importing):
    template = """
        Resources:
          Task: {Type: "AWS::ECS::TaskDefinition"}
          Rule:
            Type: AWS::Events::Rule
            Properties: {Name: r, EventPattern: {a: [1]}, Targets: [{Id: t, Arn: !GetAtt Task.Arn}]}
    """
    report = importing(template)
    assert [one.text for one in report.unsupported] == [
        "the ARN of Task, a AWS::ECS::TaskDefinition, is known only to AWS: give it"
    ]

    report = importing(template, arns={"Task": "arn:aws:sqs:us-east-1:000000000000:q"})

    assert report.unsupported == []
    assert Target.objects.get().config == {"arn": "arn:aws:sqs:us-east-1:000000000000:q"}


def test_targets_that_nothing_delivers_to_are_left_out_alone(importing: Importing):
    report = importing(
        """
        Resources:
          Rule:
            Type: AWS::Events::Rule
            Properties:
              Name: r
              EventPattern: {a: [1]}
              Targets:
                - {Id: ecs, Arn: "arn:aws:ecs:us-east-1:000000000000:cluster/c"}
                - {Id: q, Arn: "arn:aws:sqs:us-east-1:000000000000:q"}
        """
    )

    assert [one.where for one in report.unsupported] == ["Resources.Rule, target ecs"]
    assert [link.identifier for link in Rule.objects.get().links.all()] == ["q"]


def test_what_eventbridge_refuses_refuses_the_import(importing: Importing):
    report = importing(
        """
        Resources:
          Good: {Type: "AWS::Events::Rule", Properties: {Name: good, EventPattern: {a: [1]}}}
          Bad: {Type: "AWS::Events::Rule", Properties: {Name: bad, EventPattern: {a: []}}}
        """
    )

    (refused,) = report.refused
    assert refused.where == "Resources.Bad"
    assert refused.text.startswith("Event pattern is not valid. Reason: Empty arrays are not allowed")
    assert Rule.objects.count() == 0
    assert importing.changes(report) == ["added rule default/good"]


def test_sam_functions_make_their_rules(importing: Importing):
    report = importing(
        """
        Transform: AWS::Serverless-2016-10-31
        Resources:
          Billing:
            Type: AWS::Serverless::Function
            Properties:
              FunctionName: billing
              Events:
                Paid:
                  Type: EventBridgeRule
                  Properties:
                    EventBusName: default
                    Pattern: {source: [shop]}
                    InputPath: $.detail
                    RetryPolicy: {MaximumRetryAttempts: 1}
                    DeadLetterConfig: {Type: SQS}
                Nightly:
                  Type: Schedule
                  Properties: {Schedule: "cron(0 3 * * ? *)", Name: nightly, Enabled: false, Input: {a: 1}}
                Once:
                  Type: ScheduleV2
                  Properties: {ScheduleExpression: "at(2030-01-01T00:00:00)"}
                Web: {Type: Api, Properties: {Path: /, Method: get}}
                Queue: {Type: SQS, Properties: {}}
        """
    )

    assert report.refused == []
    paid = Rule.objects.get(name="BillingPaid")
    link = paid.links.get()
    assert link.transform == {"InputPath": "$.detail"}
    assert link.target.config == {"arn": "arn:aws:lambda:us-east-1:000000000000:function:billing"}
    assert link.target.max_attempts == 2
    nightly = Rule.objects.get(name="nightly")
    assert (nightly.enabled, nightly.schedule_expression) == (False, "cron(0 3 * * ? *)")
    assert {one.where.rpartition(".")[2]: one.text for one in report.unsupported} == {
        "DeadLetterConfig": "the queue that SAM makes has no name yet: give its Arn",
        "Once": "at(…) runs once: a rule has rate(…) or cron(…)",
        "Queue": "an event of type SQS is none of EventBridge's",
    }


def test_prune_removes_the_rules_of_the_buses_that_the_template_has_rules_of(importing: Importing):
    other = Bus.objects.create(name="other")
    for bus in (other, Bus.objects.get(name="default")):
        Rule.objects.create(bus=bus, name="old", pattern='{"a": [1]}')

    report = importing(
        'Resources: {R: {Type: "AWS::Events::Rule", Properties: {Name: new, EventPattern: {a: [1]}}}}',
        prune=True,
    )

    assert importing.changes(report) == ["added rule default/new", "removed rule default/old"]
    assert Rule.objects.filter(bus=other).exists()


def test_prune_removes_nothing_while_a_rule_is_left_out(importing: Importing):
    Rule.objects.create(bus=Bus.objects.get(name="default"), name="old", pattern='{"a": [1]}')
    rules = "Old: {Type: 'AWS::Events::Rule', Properties: {Name: old, EventPattern: {a: [!Ref Missing]}}}"
    new = "New: {Type: 'AWS::Events::Rule', Properties: {Name: new, EventPattern: {a: [1]}}}"

    report = importing(f"Resources:\n  {rules}\n  {new}\n", prune=True)

    assert importing.changes(report) == ["added rule default/new"]
    assert [one.where for one in report.notes] == ["prune"]


@pytest.mark.parametrize(
    "value",
    [
        "!Ref Missing",
        "!GetAtt Missing.Arn",
        "!Sub '${Missing}'",
        "!ImportValue x",
        "!Select [5, [a]]",
        "!Join [x]",
        "!Split [',', !Ref Loop]",
        "!FindInMap [a, b, c]",
        "!If [None, a, b]",
        "!Ref Loop",
    ],
)
def test_a_function_that_has_no_answer_leaves_its_resource_out(importing: Importing, value: str):
    report = importing(
        f"""
        Resources:
          Loop:
            Type: AWS::Events::Rule
            Properties: {{Name: !Ref Loop, EventPattern: {{a: [1]}}}}
          Rule:
            Type: AWS::Events::Rule
            Properties: {{Name: r, Description: {value}, EventPattern: {{a: [1]}}}}
        """
    )

    assert [one.where for one in report.unsupported] == ["Resources.Loop", "Resources.Rule"]
    assert report.refused == []


def test_arns_are_those_of_this_installation(importing: Importing):
    importing(
        """
        Resources:
          B: {Type: "AWS::Events::EventBus", Properties: {Name: b}}
          R:
            Type: AWS::Events::Rule
            Properties:
              EventBusName: !GetAtt B.Arn
              Name: r
              EventPattern: {a: [!GetAtt B.Arn, !GetAtt R.Arn]}
        """
    )

    assert json.loads(Rule.objects.get().pattern) == {"a": [f"{ARN}event-bus/b", f"{ARN}rule/b/r"]}
