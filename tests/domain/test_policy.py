"""Policies of buses: who is allowed by which statement."""

from typing import Any

import pytest

from eventhub.domain.policy import allows

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
    assert allows(statements, account=PARTNER, action="events:PutEvents", resource=BUS) is wanted
