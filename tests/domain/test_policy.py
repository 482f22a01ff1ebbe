"""Policies of buses: who is allowed by which statement."""

from typing import Any

import pytest

from eventhub.domain.policy import allows, refused_statement

BUS = "arn:aws:events:us-east-1:000000000000:event-bus/orders"
PARTNER = "111122223333"


def statement(**changes: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{PARTNER}:root"},
        "Action": "events:PutEvents",
        "Resource": BUS,
    } | changes


@pytest.mark.parametrize(
    ("statements", "wanted"),
    [
        ([statement()], True),
        ([statement(Principal="*")], True),
        ([statement(Principal={"AWS": "*"})], True),
        ([statement(Principal={"AWS": [PARTNER, "444455556666"]})], True),
        ([statement(Action="events:*", Resource="*")], True),
        ([statement(Action=["events:PutRule", "events:Put*"])], True),
        ([statement(Resource="arn:aws:events:us-east-1:000000000000:event-bus/*")], True),
        ([], False),
        ([statement(Principal={"AWS": "arn:aws:iam::444455556666:root"})], False),
        ([statement(Principal={"AWS": "111122223333x"})], False),
        ([statement(Principal={"Service": "events.amazonaws.com"})], False),
        ([statement(Action="events:PutRule")], False),
        ([statement(Resource=f"{BUS}-of-another")], False),
        ([statement(Resource="arn:aws:events:us-east-1:000000000000:event-bus/order.")], False),
        ([statement(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})], False),
        ([statement(), statement(Effect="Deny")], False),
        ([statement(), statement(Effect="Deny", Condition={"Bool": {"x": "y"}})], False),
        ([statement(), statement(Effect="Deny", Action="events:PutRule")], True),
        ([statement(Principal=7, Action=None)], False),
    ],
)
def test_an_account_is_allowed_by_a_statement_that_no_other_denies(
    statements: list[dict[str, Any]], wanted: bool
) -> None:
    known = {"events:source": "shop"}
    asked = {"account": PARTNER, "action": "events:PutEvents", "resource": BUS}
    assert allows(statements, known=known, **asked) is wanted


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({}, True),
        ({"StringEquals": {"events:source": "shop"}}, True),
        ({"StringEquals": {"EVENTS:Source": ["till", "shop"]}}, True),
        ({"StringEquals": {"events:source": "Shop"}}, False),
        ({"StringEqualsIgnoreCase": {"events:source": "Shop"}}, True),
        ({"StringNotEquals": {"events:source": "till"}}, True),
        ({"StringNotEquals": {"events:source": ["till", "shop"]}}, False),
        ({"StringLike": {"events:source": "s*p"}}, True),
        ({"StringNotLike": {"events:source": "s?op"}}, False),
        ({"ForAllValues:StringEquals": {"events:detail-type": ["sold", "paid"]}}, True),
        ({"StringEqualsIfExists": {"events:source": "shop"}}, True),
        ({"StringEquals": {"events:source": "shop", "events:detail-type": "paid"}}, False),
        ({"StringEquals": {"events:source": "shop"}, "StringLike": {"events:detail-type": "so*"}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, None),
        ({"StringEquals": {"events:source": []}}, None),
        ({"NumericEquals": {"events:source": "1"}}, None),
        ({"StringEquals": "shop"}, None),
        ("shop", None),
        ({"StringEquals": {"events:source": "till", "aws:PrincipalOrgID": "o-1"}}, False),
    ],
)
def test_a_condition_counts_by_what_is_known_of_an_entry(condition: Any, holds: bool | None) -> None:
    known = {"events:source": "shop", "events:detail-type": "sold"}
    asked = {"account": PARTNER, "action": "events:PutEvents", "resource": BUS}
    denying = statement(Effect="Deny", Condition=condition)

    assert allows([statement(Condition=condition)], known=known, **asked) is (holds is True)
    assert allows([statement(), denying], known=known, **asked) is (holds is False)


def test_without_an_entry_the_question_is_whether_any_could_be_allowed() -> None:
    asked = {"account": PARTNER, "action": "events:PutEvents", "resource": BUS}
    condition = {"StringEquals": {"events:source": "shop"}}

    assert allows([statement(Condition=condition)], **asked)
    assert allows([statement(), statement(Effect="Deny", Condition=condition)], **asked)
    assert not allows([statement(), statement(Effect="Deny")], **asked)
    assert not allows([], **asked)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (statement(), ""),
        (statement(Principal="*", Sid="s", Condition={}), ""),
        (statement(Principal={"AWS": [PARTNER], "Service": "a"}, Action=["a", "b"], Resource=["*"]), ""),
        (statement(Condition={"NumericLessThan": {"a": [1, 1.5]}, "Bool": {"b": True}, "Null": {}}), ""),
        (5, "wanted an object, found 5"),
        ({"Effect": "Allow"}, "Principal: wanted"),
        (statement(Effect="Maybe"), "Effect: wanted Allow or Deny, found 'Maybe'"),
        (statement(Effect=[]), "Effect: wanted"),
        (statement(Principal={}), "Principal: wanted"),
        (statement(Principal=PARTNER), "Principal: wanted"),
        (statement(Principal={"AWS": [PARTNER], "Service": []}), "Principal: wanted"),
        (statement(Action=[5, "x"]), "Action: wanted a text or a list of texts, found [5, 'x']"),
        (statement(Resource=[]), "Resource: wanted"),
        (statement(Condition={"StringEquals": 5}), "Condition: wanted"),
        (statement(Condition={"StringEquals": {"a": None}}), "Condition: wanted"),
        (statement(Condition={"StringEquals": {"a": {}}}), "Condition: wanted"),
        (statement(Condition=[]), "Condition: wanted"),
        (statement(Sid=5), "Sid: wanted a text, found 5"),
        (statement(Sid="\0"), "Sid: wanted texts that can be kept"),
        (statement(Principal={"\0": "a"}), "Principal: wanted texts that can be kept"),
        (statement(Condition={"StringLike": {"a": ["b", "\ud800"]}}), "Condition: wanted texts"),
        (
            statement(NotPrincipal={"AWS": "1"}),
            "wanted Sid, Effect, Principal, Action, Resource, Condition alone",
        ),
        (statement(Junk=1), "wanted Sid, Effect, Principal, Action, Resource, Condition alone"),
    ],
)
def test_what_is_no_statement_is_told_with_its_place(said: object, reason: str) -> None:
    found = refused_statement(said)
    assert found.startswith(reason)
    assert bool(found) is bool(reason)
