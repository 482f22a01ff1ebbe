"""Terraform's plan: what refers to what, and what is not known yet."""

import json
from typing import Any

import pytest

from eventhub.api.importing.plan import placed
from eventhub.models import Archive, Bus, Connection, GlobalEndpoint, Rule, RuleTarget
from tests.importing.conftest import ARN, Importing

pytestmark = pytest.mark.django_db

EVENT = "aws_cloudwatch_event_"
SQS = "arn:aws:sqs:us-east-1:000000000000:"
PATTERN = '{"source": ["shop"]}'


class Planning:
    """A plan that is written resource by resource."""

    def __init__(self) -> None:
        self.values: list[dict[str, Any]] = []
        self.changes: list[dict[str, Any]] = []
        self.configured: list[dict[str, Any]] = []
        self.calls: dict[str, Any] = {}

    def has(
        self,
        address: str,
        *,
        unknown: Any = None,
        each: list[str] | None = None,
        refers: Any = None,
        **values: Any,
    ) -> None:
        """Add a resource, what is unknown of it, and what its arguments refer to."""
        _, kind_and_name = placed(address)
        kind = kind_and_name.partition(".")[0]
        self.values.append({"address": address, "mode": "managed", "type": kind, "values": values})
        if unknown is not None:
            self.changes.append({"address": address, "change": {"after_unknown": unknown}})
        if refers is not None:
            one = {"address": kind_and_name, "expressions": refers}
            self.configured.append(one | ({"for_each_expression": to(*each)} if each else {}))

    def text(self) -> str:
        root = {"resources": self.configured, "module_calls": self.calls}
        return json.dumps(
            {
                "planned_values": {"root_module": {"resources": self.values}},
                "resource_changes": self.changes,
                "configuration": {"root_module": root},
            }
        )


def to(*references: str) -> dict[str, Any]:
    """Return an expression that refers to these, as Terraform lists them: from the whole to the beginning."""
    found: list[str] = []
    for reference in references:
        rest = reference
        found.append(rest)
        while rest.count(".") > 1 or rest.endswith("]"):
            rest = rest.rpartition("[" if rest.endswith("]") else ".")[0]
            found.append(rest)
    return {"references": found}


@pytest.fixture
def plan() -> Planning:
    made = Planning()
    made.has(f"{EVENT}rule.r", name="r", event_pattern=PATTERN)
    for key, name in (('["a"]', "fe-a"), ('["b"]', "fe-b")):
        made.has(f"aws_sqs_queue.fe{key}", name=name)
    for key, name in (("[0]", "q-zero"), ("[1]", "q-one")):
        made.has(f"aws_sqs_queue.q{key}", name=name)
    made.has("aws_sqs_queue.dead", name="dead")
    return made


def arns() -> dict[str, str]:
    return {
        link.identifier: link.target.config["arn"] for link in RuleTarget.objects.select_related("target")
    }


@pytest.mark.parametrize(
    ("key", "references", "found"),
    [
        ("", ["aws_sqs_queue.q[1].arn"], "q-one"),
        ("", ['aws_sqs_queue.fe["a"].arn'], "fe-a"),
        ('["b"]', ['aws_sqs_queue.fe["a"].arn'], "fe-a"),
        ("", ["aws_sqs_queue.dead.arn"], "dead"),
        # What may mean several, or another attribute:
        ("", ["aws_sqs_queue.q"], None),
        ('["b"]', ["aws_sqs_queue.fe"], None),
        ('["b"]', ["aws_sqs_queue.fe", "each.value"], None),
        ('["b"]', ["aws_sqs_queue.q", "count.index"], None),
        ('["b"]', ["aws_sqs_queue.fe", "each.key"], None),  # fe has another key
        ('["b"]', ["each.value.arn"], None),
        ("[1]", ["aws_sqs_queue.q", "count.index"], None),
        ('["c"]', ["aws_sqs_queue.fe", "each.key"], None),
        ("", ["aws_sqs_queue.dead.arn", "aws_sqs_queue.q[0].arn"], None),
        ("", ["aws_sqs_queue.dead.arn", "var.which"], None),
        ("", ["aws_sqs_queue.dead.url"], None),
        ("", ["local.arn"], None),
        ("", ["var.arn"], None),
    ],
)
def test_a_reference_is_taken_only_if_it_means_one_resource(
    importing: Importing, plan: Planning, key: str, references: list[str], found: str | None
):
    refers = {"arn": to(*references), "rule": to(f"{EVENT}rule.r.name")}
    plan.has(f"{EVENT}target.t{key}", target_id="t", rule="r", refers=refers, each=["aws_sqs_queue.fe"])

    report = importing(plan.text())

    assert report.refused == []
    if found is None:
        assert (arns(), [one.where for one in report.unsupported]) == ({}, [f"{EVENT}target.t{key}"])
        assert "arn" in report.unsupported[0].text
    else:
        assert (arns(), report.unsupported) == ({"t": SQS + found}, [])
        assert any(SQS + found in one.text for one in report.notes)


KEYED = ["aws_sqs_queue.of", "each.key"]  # of[each.key], and of["${each.key}-dlq"] as well
COUNTED = ["aws_sqs_queue.of", "count.index"]


@pytest.mark.parametrize(
    ("references", "queues", "targets", "is_sure"),
    [
        (KEYED, ['["a"]', '["b"]'], ['["a"]', '["b"]'], True),
        (["each.value.arn"], ['["a"]', '["b"]'], ['["a"]', '["b"]'], True),
        (KEYED, ['["a"]', '["a-dlq"]'], ['["a"]'], False),
        (KEYED, ['["a"]', '["a-dlq"]'], ['["a"]', '["a-dlq"]'], False),  # trimsuffix(each.key, "-dlq")
        (["each.value.arn"], ['["a"]', '["a-dlq"]'], ['["a"]'], False),
        (KEYED, ['["a"]', '["A"]'], ['["a"]', '["A"]'], False),  # lower(each.key)
        (COUNTED, ["[0]", "[1]", "[2]"], ["[0]"], False),  # count.index + 1
        (COUNTED, ["[0]", "[1]"], ["[0]", "[1]"], False),  # 1 - count.index
        (COUNTED, ["[0]"], ["[0]"], True),
    ],
)
def test_a_key_that_may_be_made_of_ones_own_is_not_guessed(
    importing: Importing,
    plan: Planning,
    references: list[str],
    queues: list[str],
    targets: list[str],
    is_sure: bool,
):
    for key in queues:
        plan.has(f"aws_sqs_queue.of{key}", name="of-" + key.strip('[]"'))
    for key in targets:
        refers = {"arn": to(*references)}
        own = key.strip('[]"')
        plan.has(f"{EVENT}target.t{key}", target_id=own, rule="r", refers=refers, each=["aws_sqs_queue.of"])

    report = importing(plan.text())

    assert report.refused == []
    if is_sure:
        assert arns() == {own: f"{SQS}of-{own}" for own in (key.strip('[]"') for key in targets)}
    else:
        why = "arn: which instance of aws_sqs_queue.of is meant is not told by the plan: give it for"
        left_out = {(one.where, one.text) for one in report.unsupported}
        assert left_out == {(f"{EVENT}target.t{key}", f"{why} {EVENT}target.t{key}") for key in targets}
        assert arns() == {}


def test_a_dead_letter_queue_by_a_key_made_of_ones_own_is_left_out(importing: Importing, plan: Planning):
    plan.has('aws_sqs_queue.fe["a-dlq"]', name="fe-a-dlq")
    refers = {"dead_letter_config": [{"arn": to("aws_sqs_queue.fe", "each.key")}]}
    dead: list[Any] = [{}]
    plan.has(
        f'{EVENT}target.t["a"]',
        target_id="t",
        rule="r",
        arn=SQS + "fe-a",
        dead_letter_config=dead,
        refers=refers,
    )

    report = importing(plan.text())

    assert [(one.where, one.text) for one in report.unsupported] == [
        (
            f'{EVENT}target.t["a"].dead_letter_config',
            "dead_letter_config.arn: which instance of aws_sqs_queue.fe is meant is not told by the plan",
        )
    ]
    assert RuleTarget.objects.get().target.dead_letter_target is None


def test_a_function_is_noted_to_be_taken_without_an_alias(importing: Importing, plan: Planning):
    plan.has("aws_lambda_function.f", function_name="f")
    plan.has(f"{EVENT}target.t", target_id="t", rule="r", refers={"arn": to("aws_lambda_function.f.arn")})

    report = importing(plan.text())

    assert any(one.text.endswith(":function:f, without any alias or version") for one in report.notes)


def test_a_dead_letter_queue_of_the_plan_is_taken_and_another_one_left_out_alone(
    importing: Importing, plan: Planning
):
    for name, of in (("known", "aws_sqs_queue.dead.arn"), ("other", "data.aws_sqs_queue.x.arn")):
        refers = {"dead_letter_config": [{"arn": to(of)}]}
        plan.has(
            f"{EVENT}target.{name}",
            target_id=name,
            rule="r",
            arn=SQS + name,
            dead_letter_config=[{}],
            refers=refers,
        )

    report = importing(plan.text())

    known, other = RuleTarget.objects.order_by("identifier").select_related("target__dead_letter_target")
    assert known.target.dead_letter_target.config == {"arn": f"{SQS}dead"}
    assert other.target.dead_letter_target is None
    assert [one.where for one in report.unsupported] == [f"{EVENT}target.other.dead_letter_config"]


@pytest.mark.parametrize("unknown", [None, {"input": True}])
def test_a_target_whose_input_is_unknown_is_left_out(importing: Importing, plan: Planning, unknown: Any):
    refers = {"input": to("aws_sqs_queue.dead.url")}
    plan.has(f"{EVENT}target.t", target_id="t", rule="r", arn=SQS + "q", unknown=unknown, refers=refers)
    plan.has(
        f"{EVENT}target.u", target_id="u", rule="r", arn=SQS + "u", input=None, refers={"input": to("var.x")}
    )

    report = importing(plan.text())

    assert [(one.where, one.text) for one in report.unsupported] == [
        (f"{EVENT}target.t", "input is known only after the plan is applied")
    ]
    assert arns() == {"u": SQS + "u"}


def test_a_block_or_a_member_of_a_map_that_is_unknown_leaves_its_target_out(
    importing: Importing, plan: Planning
):
    whole = {"input_transformer": True}
    part = {"input_transformer": [{"input_paths": {"b": True}}]}
    given = [{"input_paths": {"a": "$.a"}, "input_template": '"<a>"'}]
    plan.has(f"{EVENT}target.whole", target_id="w", rule="r", arn=SQS + "q", unknown=whole, refers={})
    plan.has(
        f"{EVENT}target.part",
        target_id="p",
        rule="r",
        arn=SQS + "q",
        unknown=part,
        input_transformer=given,
        refers={},
    )

    report = importing(plan.text())

    assert [one.text for one in report.unsupported] == [
        "input_transformer is known only after the plan is applied",
        "input_transformer.input_paths is known only after the plan is applied",
    ]


def test_rules_and_targets_without_a_name_stay_apart(importing: Importing, plan: Planning):
    for key in ("a", "b"):
        plan.has(
            f'{EVENT}rule.many["{key}"]', name_prefix="shop-", event_pattern=PATTERN, unknown={"name": True}
        )
        plan.has(
            f'{EVENT}target.of["{key}"]',
            unknown={"rule": True, "target_id": True},
            refers={"rule": to(f"{EVENT}rule.many", "each.key")},
            arn=SQS + key,
        )
        plan.has(
            f'{EVENT}target.both["{key}"]', rule="r", arn=SQS + key, refers={}, unknown={"target_id": True}
        )

    report = importing(plan.text())

    assert (report.refused, report.unsupported) == ([], [])
    assert {(link.rule.name, link.identifier) for link in RuleTarget.objects.select_related("rule")} == {
        ("many-a", "of-a"),
        ("many-b", "of-b"),
        ("r", "both-a"),
        ("r", "both-b"),
    }
    assert importing(plan.text()).changes == []


def test_a_second_rule_or_target_of_a_name_is_left_out(importing: Importing, plan: Planning):
    plan.has(f"{EVENT}rule.again", name="r", event_pattern=PATTERN)
    for name in ("one", "two"):
        plan.has(f"{EVENT}target.{name}", target_id="t", rule="r", arn=SQS + name)

    report = importing(plan.text())

    assert [(one.where, one.text) for one in report.unsupported] == [
        (f"{EVENT}rule.again", f"{EVENT}rule.r is a rule r of bus default already"),
        (f"{EVENT}target.two", "the rule has another target t"),
    ]
    assert arns() == {"t": SQS + "one"}


@pytest.mark.parametrize("found", [["a"], {"a": 1}, 5])
def test_a_target_whose_id_is_no_text_is_left_out_alone(importing: Importing, plan: Planning, found: Any):
    plan.has(f"{EVENT}target.odd", target_id=found, rule="r", arn=SQS + "q")
    plan.has(f"{EVENT}target.t", target_id="t", rule="r", arn=SQS + "q")

    report = importing(plan.text())

    assert [(one.where, one.text) for one in report.unsupported] == [
        (f"{EVENT}target.odd", f"target_id: wanted a text, found {found!r}")
    ]
    assert (report.refused, arns()) == ([], {"t": SQS + "q"})


def test_a_rule_whose_pattern_is_unknown_is_left_out_with_its_targets(importing: Importing, plan: Planning):
    plan.has(f"{EVENT}rule.unknown", name="u", refers={"event_pattern": to("aws_sqs_queue.dead.arn")})
    plan.has(f"{EVENT}target.t", target_id="t", rule="u", arn=SQS + "q")
    plan.has(f"{EVENT}bus_policy.p", event_bus_name="default", refers={"policy": to("data.aws_iam_x.x.json")})
    plan.has(f"{EVENT}connection.c", name="c", authorization_type="BASIC", auth_parameters=[{"basic": [{}]}])

    report = importing(plan.text())

    assert (report.refused, report.is_applied) == ([], True)
    assert {one.where: one.text for one in report.unsupported} == {
        f"{EVENT}rule.unknown": "event_pattern is known only after the plan is applied",
        f"{EVENT}target.t": f"its rule {EVENT}rule.unknown is left out",
        f"{EVENT}bus_policy.p": "policy is known only after the plan is applied",
        f"{EVENT}connection.c": "auth_parameters.basic.username is known only after the plan is applied",
    }
    assert [rule.name for rule in Rule.objects.all()] == ["r"]


def test_a_permission_joins_a_policy_whose_statements_have_no_id(importing: Importing, plan: Planning):
    statement = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}
    plan.has(f"{EVENT}permission.p", statement_id="s", principal="111122223333", event_bus_name="default")
    plan.has(f"{EVENT}bus_policy.b", event_bus_name="default", policy=json.dumps({"Statement": statement}))

    report = importing(plan.text())

    assert (report.refused, report.unsupported) == ([], [])
    assert [one.get("Sid") for one in Bus.objects.get(name="default").policy] == [None, "s"]


@pytest.mark.parametrize("policy", ["5", "[]", '"x"', "{", "{}", "[" * 100_000])
def test_a_policy_that_is_none_is_refused(importing: Importing, plan: Planning, policy: str):
    plan.has(f"{EVENT}bus_policy.b", event_bus_name="default", policy=policy)

    assert [one.where for one in importing(plan.text()).refused] == [f"{EVENT}bus_policy.b"]


def test_what_a_module_is_handed_or_tells_is_followed(importing: Importing, plan: Planning):
    plan.has("module.sub.aws_cloudwatch_event_rule.r", name="in-sub", event_pattern=PATTERN)
    plan.has("module.sub.aws_cloudwatch_event_target.t", target_id="in")
    plan.has('module.queues["x.y"].aws_sqs_queue.q', name="told")
    plan.configured += [
        {"address": f"{EVENT}target.out", "expressions": {"arn": to('module.queues["x.y"].arn')}}
    ]
    plan.has(f"{EVENT}target.out", target_id="out", rule="r")
    inner = {
        "arn": to("var.queue"),
        "rule": to(f"{EVENT}rule.r.name"),
    }
    plan.calls = {
        "sub": {
            "expressions": {"queue": to("aws_sqs_queue.q[1].arn")},
            "module": {"resources": [{"address": f"{EVENT}target.t", "expressions": inner}]},
        },
        "queues": {"module": {"outputs": {"arn": {"expression": to("aws_sqs_queue.q.arn")}}}},
    }

    report = importing(plan.text())

    assert (report.refused, report.unsupported) == ([], [])
    assert arns() == {"in": SQS + "q-one", "out": SQS + "told"}


def test_what_a_bus_and_an_endpoint_say_is_taken(importing: Importing, plan: Planning):
    plan.has(
        f"{EVENT}bus.b",
        name="b",
        dead_letter_config=[{"arn": SQS + "d"}],
        log_config=[{"level": "INFO", "include_detail": "FULL"}],
        kms_key_identifier="k",
    )
    other = f"{ARN}event-bus/b".replace("us-east-1", "us-west-2")
    plan.has(
        f"{EVENT}endpoint.e",
        name="e",
        event_bus=[{}, {"event_bus_arn": other}],
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
        refers={
            "event_bus": [
                {"event_bus_arn": to(f"{EVENT}bus.b.arn")},
                {"event_bus_arn": {"constant_value": other}},
            ]
        },
    )
    plan.has(
        f"{EVENT}archive.a", name="a", event_source_arn=f"{ARN}event-bus/b".replace("000000000000", "1" * 12)
    )
    plan.has(
        f"{EVENT}rule.late", name="late", event_pattern=PATTERN, ecs=[{"x": 1}], event_bus_name="nowhere"
    )

    report = importing(plan.text())

    assert report.refused == []
    assert Bus.objects.get(name="b").told == {
        "KmsKeyIdentifier": "k",
        "DeadLetterConfig": {"Arn": SQS + "d"},
        "LogConfig": {"Level": "INFO", "IncludeDetail": "FULL"},
    }
    assert GlobalEndpoint.objects.get().bus.name == "b"
    assert Archive.objects.get().bus.name == "b"
    assert [(one.where, one.text) for one in report.unsupported] == [
        (f"{EVENT}rule.late", "Event bus nowhere does not exist.")
    ]
    assert (f"{EVENT}rule.late", "ecs is not taken over") in [(one.where, one.text) for one in report.notes]


def test_an_arn_is_given_for_what_only_aws_knows_and_one_for_nothing_is_told(
    importing: Importing, plan: Planning
):
    plan.has(f"{EVENT}target.t", target_id="t", rule="r", refers={"arn": to("aws_lambda_alias.live.arn")})
    plan.has("aws_lambda_alias.live", name="live")
    given = "arn:aws:lambda:us-east-1:000000000000:function:f:live"

    report = importing(plan.text(), arns={"aws_lambda_alias.live": given, "aws_x.y": given})

    assert (report.unsupported, arns()) == ([], {"t": given})
    assert [one.where for one in report.notes] == ["ARN of aws_x.y"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"planned_values": 5}, "planned_values: wanted an object"),
        ({"planned_values": {}}, "planned_values: wanted an object with root_module"),
        (
            {"planned_values": {"root_module": {"resources": [5]}}},
            "resources[0]: wanted an object with an address",
        ),
        ({"planned_values": {"root_module": {}}, "configuration": 5}, "configuration: wanted an object"),
        (
            {"planned_values": {"root_module": {}}, "resource_changes": [5]},
            "resource_changes[0]: wanted an object",
        ),
    ],
)
def test_a_plan_that_is_none_is_refused(importing: Importing, document: Any, said: str):
    with pytest.raises(ValueError, match="wanted") as refused:
        importing(json.dumps(document))

    assert said in str(refused.value)


def test_a_resource_without_values_is_left_out(importing: Importing):
    report = importing(
        '{"values": {"root_module": {"resources": [{"address": "aws_cloudwatch_event_rule.r",'
        ' "type": "aws_cloudwatch_event_rule"}]}}}'
    )

    assert [one.text for one in report.unsupported] == ["wanted an object of values, found none"]
    assert Connection.objects.count() == 0
