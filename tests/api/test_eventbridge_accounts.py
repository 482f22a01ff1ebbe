"""Keys of other accounts: bus policies decide where they put events, and they do nothing else."""

import json
from collections.abc import Iterator

import pytest
from botocore.client import BaseClient

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.flow.payload import envelope_of
from eventhub.models import ApiKey, Bus
from tests.api.door import Doors
from tests.api.test_put_events import client, error_of

PARTNER = "111122223333"
ENTRY = {"Source": "partner", "DetailType": "order placed", "Detail": "{}"}


@pytest.fixture
def owner(doors: Doors) -> BaseClient:
    key, secret = mint("operator", [Scope.ADMIN])
    Bus.objects.create(name="orders")
    return client(doors, key.pk, secret)


@pytest.fixture
def partner(doors: Doors) -> Iterator[BaseClient]:
    key, secret = mint("partner", [Scope.ADMIN], account=PARTNER)
    yield client(doors, key.pk, secret)
    ApiKey.objects.filter(pk=key.pk).delete()


def test_a_policy_lets_another_account_put_events_on_its_bus_alone(
    doors: Doors, owner: BaseClient, partner: BaseClient
) -> None:
    on_orders, on_default = [ENTRY | {"EventBusName": "orders"}], [ENTRY]
    before = error_of(partner.put_events, Entries=on_orders)
    owner.put_permission(
        EventBusName="orders", Action="events:PutEvents", Principal=PARTNER, StatementId="partner"
    )

    assert partner.put_events(Entries=on_orders)["FailedEntryCount"] == 0
    assert owner.put_events(Entries=on_orders)["FailedEntryCount"] == 0

    accounts = [envelope_of(event).decoded()["account"] for event in doors.stored("orders")]
    assert accounts == [PARTNER, "000000000000"]
    assert before["Code"] == "AccessDeniedException"
    assert before["Message"].startswith(f"User: arn:aws:iam::{PARTNER}:user/")
    assert before["Message"].endswith("because no resource-based policy allows the events:PutEvents action")
    assert error_of(partner.put_events, Entries=on_default)["Code"] == "AccessDeniedException"
    owner.remove_permission(EventBusName="orders", StatementId="partner")
    assert error_of(partner.put_events, Entries=on_orders)["Code"] == "AccessDeniedException"


def test_a_condition_of_a_policy_is_asked_of_each_entry(
    doors: Doors, owner: BaseClient, partner: BaseClient
) -> None:
    statement = {
        "Sid": "sold",
        "Effect": "Allow",
        "Principal": {"AWS": PARTNER},
        "Action": "events:PutEvents",
        "Resource": "arn:aws:events:us-east-1:000000000000:event-bus/orders",
        "Condition": {"StringEquals": {"events:detail-type": "sold"}},
    }
    owner.put_permission(EventBusName="orders", Policy=json.dumps({"Statement": [statement]}))
    entries = [ENTRY | {"EventBusName": "orders", "DetailType": kind} for kind in ("sold", "paid")]

    answer = partner.put_events(Entries=entries)

    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][1] == {
        "ErrorCode": "AccessDeniedException",
        "ErrorMessage": f"the policy of bus orders does not let account {PARTNER} put this",
    }
    assert [event.detail_type for event in doors.stored("orders")] == ["sold"]


def test_another_account_configures_and_reads_nothing(owner: BaseClient, partner: BaseClient) -> None:
    owner.put_permission(
        EventBusName="orders", Action="events:PutEvents", Principal="*", StatementId="everyone"
    )

    for call in (partner.list_event_buses, partner.list_connections):
        assert error_of(call)["Code"] == "AccessDeniedException"
    for call in (partner.describe_rule, partner.delete_rule):
        assert error_of(call, Name="all", EventBusName="orders")["Code"] == "AccessDeniedException"
