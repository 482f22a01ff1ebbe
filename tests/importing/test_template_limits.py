"""Templates: what they cannot tell, what they no longer say, and what is none."""

import json
from typing import Any

import pytest

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import ALL_SCOPES
from eventhub.api.importing.report import ImportRefusedError, Report
from eventhub.api.importing.resources import Maker, Resource
from eventhub.flow import as_values
from eventhub.models import Bus, Rule, RuleTarget
from tests.importing.conftest import Importing

pytestmark = pytest.mark.django_db

QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"


def rules_of(importing: Importing, properties: str, **options: Any) -> Report:
    return importing(
        f"""
        Parameters: {{Stored: {{Type: "AWS::SSM::Parameter::Value<String>", Default: /shop/source}}}}
        Mappings: {{M: {{a: {{b: found}}}}}}
        Resources:
          Alias: {{Type: "AWS::Lambda::Alias", Properties: {{Name: live}}}}
          R: {{Type: "AWS::Events::Rule", Properties: {{Name: r, {properties}}}}}
        """,
        **options,
    )


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        (
            "EventPattern: {source: [!Ref Stored]}",
            "parameter Stored is kept by Systems Manager: give it a value",
        ),
        (
            "EventPattern: {source: ['{{resolve:ssm:/a}}']}",
            "{{resolve:ssm:/a}} is known only to AWS",
        ),
        (
            "Description: !Join [':', ['{{resolve', 'ssm:/a}}']], EventPattern: {a: [1]}",
            "{{resolve:ssm:/a}} is known only to AWS",
        ),
    ],
)
def test_what_aws_puts_in_when_it_deploys_leaves_its_resource_out(
    importing: Importing, properties: str, said: str
):
    report = rules_of(importing, properties)

    assert ([(one.where, one.text) for one in report.unsupported], report.refused) == (
        [("Resources.R", said)],
        [],
    )


@pytest.mark.parametrize("place", ["²", "1", "-1", "9" * 20, "x"])
def test_a_place_that_a_list_does_not_have_leaves_its_resource_out(importing: Importing, place: str):
    report = rules_of(importing, f"Description: !Select ['{place}', [a]], EventPattern: {{a: [1]}}")

    assert [(one.where, one.text) for one in report.unsupported] == [
        ("Resources.R", "Fn::Select: wanted a place and a list that has it")
    ]
    assert report.refused == []


def test_no_value_is_a_bus_without_a_policy_and_a_rule_without_targets(importing: Importing):
    report = importing(
        """
        Conditions: {Never: !Equals [a, b]}
        Resources:
          B:
            Type: AWS::Events::EventBus
            Properties: {Name: b, Policy: !If [Never, {Statement: []}, !Ref AWS::NoValue]}
          R:
            Type: AWS::Events::Rule
            Properties:
              Name: r
              EventBusName: !If [Never, b, !Ref AWS::NoValue]
              EventPattern: {a: [1]}
              Targets: !If [Never, [], !Ref AWS::NoValue]
          O:
            Type: AWS::Events::Rule
            Properties: {Name: o, Description: !GetAtt R.Arn, EventPattern: {a: [1]}}
        """
    )

    assert (report.refused, report.unsupported) == ([], [])
    assert Bus.objects.get(name="b").policy == []
    assert not RuleTarget.objects.exists()
    assert Rule.objects.get(name="o").description.endswith(":rule/r")


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Sub": "${Q0}"},
        {"Fn::Sub": "${Text}" * 100},
        {"Fn::Join": ["x" * 1_000_000, ["a"] * 100]},
        {"Fn::ToJsonString": [{"Ref": "Text"}] * 100},
        {"Fn::If": ["C0", "a", "b"]},
    ],
    ids=["names", "parameter", "join", "list", "conditions"],
)
def test_a_template_that_makes_much_of_little_is_refused(importing: Importing, value: Any):
    resources: dict[str, Any] = {
        f"Q{place}": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": {"Fn::Sub": f"${{Q{place + 1}}}" * 30 if place < 9 else "q"}},
        }
        for place in range(10)
    }
    rule = {"Name": "r", "EventPattern": {"a": [1]}, "Description": value}
    document = {
        "Parameters": {"Text": {"Type": "String", "Default": "x" * 1_000_000}},
        "Conditions": {
            f"C{place}": {"Fn::And": [{"Condition": f"C{place + 1}"}] * 30}
            if place < 9
            else {"Fn::Equals": ["a", "a"]}
            for place in range(10)
        },
        "Resources": resources | {"R": {"Type": "AWS::Events::Rule", "Properties": rule}},
    }

    with pytest.raises(ImportRefusedError, match=r"Resources\.R: functions and references make too much"):
        importing(json.dumps(document))


@pytest.mark.parametrize("text", ["${" * 500_000, "{{resolve:" * 100_000], ids=["sub", "resolve"])
def test_what_is_never_closed_is_read_at_once(importing: Importing, text: str):
    rule = {"Name": "r", "EventPattern": {"a": [1]}, "Description": {"Fn::Sub": text}}
    report = importing(json.dumps({"Resources": {"R": {"Type": "AWS::Events::Rule", "Properties": rule}}}))

    assert [one.where for one in report.refused] == ["Resources.R"]  # it is too long, however it reads


def test_a_fault_of_ours_refuses_the_resource_that_meets_it(caplog: pytest.LogCaptureFixture):
    report = Report()
    unreckoned: Any = {"Name": "b"}

    Maker(Caller(CallerKind.USER, "ann", ALL_SCOPES), report).make(
        [
            Resource("Resources.A", "bus", lambda: unreckoned["Nome"]),
            Resource("Resources.B", "bus", lambda: unreckoned),
        ]
    )

    assert [(one.where, one.text) for one in report.refused] == [
        ("Resources.A", "wanted values that can be worked with, found KeyError: 'Nome'")
    ]
    assert Bus.objects.filter(name="b").exists()
    assert [one.getMessage() for one in caplog.records if one.exc_info] == ["import.broken"]


def test_a_parameter_that_is_given_stands_for_what_is_stored(importing: Importing):
    rules_of(importing, "EventPattern: {source: [!Ref Stored]}", parameters={"Stored": "shop"})

    assert json.loads(Rule.objects.get().pattern) == {"source": ["shop"]}


def test_the_functions_of_language_extensions_are_answered(importing: Importing):
    report = rules_of(
        importing,
        "Description: !Sub ['${n} ${d} ${f}', {n: !Length [1, 2], "
        "d: !FindInMap [M, x, b, {DefaultValue: given}], f: !FindInMap [M, a, b]}], EventPattern: {a: [1]}, "
        f"Targets: [{{Id: t, Arn: '{QUEUE}', Input: {{'Fn::ToJsonString': {{a: 1}}}}}}]",
    )

    assert (report.refused, report.unsupported) == ([], [])
    assert Rule.objects.get().description == "2 given found"
    assert RuleTarget.objects.get().transform == {"Input": '{"a":1}'}


def test_repetitions_are_left_out_alone(importing: Importing):
    report = importing(
        """
        Resources:
          Fn::ForEach::Rules: [N, [x], {"R${N}": {Type: "AWS::Events::Rule"}}]
          R: {Type: "AWS::Events::Rule", Properties: {Name: r, EventPattern: {a: [1]}}}
        """
    )

    assert [one.where for one in report.unsupported] == ["Resources.Fn::ForEach::Rules"]
    assert Rule.objects.get().name == "r"


def test_a_target_that_cannot_be_known_is_left_out_alone_and_its_arn_can_be_given(importing: Importing):
    properties = (
        "EventPattern: {a: [1]}, Targets: [{Id: alias, Arn: !Ref Alias}, "
        "{Id: q, Arn: 'arn:aws:sqs:us-east-1:000000000000:q'}]"
    )
    report = rules_of(importing, properties)
    assert [one.where for one in report.unsupported] == ["Resources.R, target alias"]
    assert [link.identifier for link in RuleTarget.objects.all()] == ["q"]

    given = "arn:aws:lambda:us-east-1:000000000000:function:f:live"
    report = rules_of(importing, properties, arns={"Alias": given, "Other": given}, parameters={"No": "x"})

    assert report.unsupported == []
    assert RuleTarget.objects.get(identifier="alias").target.config == {"arn": given}
    assert [one.where for one in report.notes] == ["parameter No", "ARN of Other"]


def test_the_policy_of_a_bus_is_taken_before_statements_of_their_own(importing: Importing):
    report = importing(
        """
        Resources:
          S:
            Type: AWS::Events::EventBusPolicy
            Properties:
              {EventBusName: b, StatementId: s, Action: "events:PutEvents", Principal: "111122223333"}
          B:
            Type: AWS::Events::EventBus
            Properties:
              Name: b
              Policy:
                Statement:
                - {Sid: x, Effect: Allow, Principal: "*", Action: "events:PutEvents", Resource: "*"}
        """
    )

    assert (report.refused, report.unsupported) == ([], [])
    assert [one["Sid"] for one in Bus.objects.get(name="b").policy] == ["x", "s"]


WHOLE = """
    Resources:
      B: {Type: "AWS::Events::EventBus", Properties: {Name: b%s}}
      C:
        Type: AWS::Events::Connection
        Properties:
          Name: c%s
          AuthorizationType: API_KEY
          AuthParameters: {ApiKeyAuthParameters: {ApiKeyName: x, ApiKeyValue: y}%s}
      D:
        Type: AWS::Events::ApiDestination
        Properties:
          {Name: d, ConnectionArn: !GetAtt C.Arn, HttpMethod: POST, InvocationEndpoint: "https://example.com"%s}
"""


def test_what_is_taken_out_of_a_template_goes(importing: Importing):
    importing(WHOLE % ("", "", "", ""))
    bare = as_values.told()
    importing(
        WHOLE
        % (
            f", Description: old, KmsKeyIdentifier: k, DeadLetterConfig: {{Arn: '{QUEUE}'}}",
            "\n          Description: old",
            ", InvocationHttpParameters: {HeaderParameters: "
            "[{Key: a, Value: b}, {Key: s, Value: t, IsValueSecret: true}]}",
            ", Description: old, InvocationRateLimitPerSecond: 5",
        )
    )
    assert as_values.told() != bare

    report = importing(WHOLE % ("", "", "", ""))

    assert importing.changes(report) == [
        "changed bus b",
        "changed connection c",
        "changed api destination d",
    ]
    assert as_values.told() == bare


def test_a_dry_run_shows_endpoints_and_secrets(importing: Importing):
    text = (
        (WHOLE % ("", "", "", ""))
        + """
      P:
        Type: AWS::Events::Endpoint
        Properties:
          Name: e
          RoutingConfig:
            FailoverConfig:
              Primary: {HealthCheck: "arn:aws:route53:::healthcheck/abc"}
              Secondary: {Route: us-west-2}
          EventBuses:
          - {EventBusArn: "arn:aws:events:us-east-1:000000000000:event-bus/b"}
          - {EventBusArn: "arn:aws:events:us-west-2:000000000000:event-bus/b"}
"""
    )
    importing(WHOLE % ("", "", "", ""))

    dry = importing(text.replace("ApiKeyValue: y", "ApiKeyValue: z"), apply=False)

    assert importing.changes(dry) == ["changed connection c", "added global endpoint e"]
    assert dry.changes[0].members == {"secrets.key": ("sealed", "sealed, another one")}
    assert importing(text.replace("ApiKeyValue: y", "ApiKeyValue: z")).changes == dry.changes
    assert importing(text.replace("ApiKeyValue: y", "ApiKeyValue: z")).changes == []


def test_what_a_schedule_of_sam_says_and_a_rule_has_not_leaves_it_out(importing: Importing):
    report = importing(
        """
        Resources:
          F:
            Type: AWS::Serverless::Function
            Properties:
              FunctionName: f
              AutoPublishAlias: live
              Events:
                Later:
                  Type: ScheduleV2
                  Properties: {ScheduleExpression: rate(2 days), StartDate: "2030-01-01"}
                Now: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(2 days), GroupName: g}}
        """
    )

    assert [(one.where, one.text) for one in report.unsupported] == [
        ("Resources.F.Events.Later", "StartDate: a rule has nothing like it")
    ]
    assert ("Resources.F.Events.Now", "GroupName changes nothing here: passed over") in [
        (one.where, one.text) for one in report.notes
    ]
    assert RuleTarget.objects.get().target.config["arn"].endswith(":function:f:live")


@pytest.mark.parametrize(
    "resource",
    [
        "{Type: 'AWS::Events::Rule', Properties: {Name: r, EventPattern: {a: [1]}, Targets: 5}}",
        "{Type: 'AWS::Events::Rule', Properties: {Name: r, EventPattern: {a: [1]}, Targets: [5]}}",
        "{Type: 'AWS::Events::Rule', Properties: 5}",
        "{Type: 'AWS::Events::EventBusPolicy', Properties: {Statement: {Effect: Allow}}}",
        "{Type: 'AWS::Serverless::Function', Properties: 5}",
        "{Type: 'AWS::Serverless::Function', Properties: {Events: {E: {Type: Schedule, Properties: "
        "{Target: 5}}}}}",
        "{Type: 'AWS::Serverless::Function', Properties: {Events: {E: {Type: Schedule, Properties: "
        "{DeadLetterConfig: 5}}}}}",
    ],
)
def test_what_is_of_the_wrong_kind_is_left_out_with_its_place(importing: Importing, resource: str):
    report = importing(f"Resources: {{R: {resource}}}")

    assert report.refused == []
    assert report.unsupported[0].where.startswith("Resources.R")
