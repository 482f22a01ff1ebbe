"""Partner event sources, offered and taken by boto3's own client code."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from django.utils import timezone

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.models import Bus, PartnerSource, Rule
from tests.api.door import Doors
from tests.api.test_put_events import client, error_of

OURS, OTHER = "000000000000", "111122223333"
SOURCE = "aws.partner/example.com/acme/orders"
ARN = f"arn:aws:events:us-east-1::event-source/{SOURCE}"
BUS_ARN = f"arn:aws:events:us-east-1:{OURS}:event-bus/{SOURCE}"
ENTRY = {"Source": SOURCE, "DetailType": "order placed", "Detail": '{"order": 17}'}


@pytest.fixture
def events(doors: Doors) -> BaseClient:
    key, secret = mint("operator", [Scope.RULES_READ, Scope.RULES_WRITE, Scope.EVENTS_PUT])
    return client(doors, key.pk, secret)


@pytest.fixture
def taken(doors: Doors, events: BaseClient) -> BaseClient:
    """Return the client after a source was offered and its bus made."""
    events.create_partner_event_source(Name=SOURCE, Account=OURS)
    events.create_event_bus(Name=SOURCE, EventSourceName=SOURCE)
    doors.keeper.refresh()
    return events


def state(events: BaseClient) -> str:
    return str(events.describe_event_source(Name=SOURCE)["State"])


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    error = error_of(call, **arguments)
    return error["Code"], error["Message"]


def test_a_source_waits_two_weeks_for_the_bus_of_its_name(events: BaseClient) -> None:
    made = events.create_partner_event_source(Name=SOURCE, Account=OURS)
    offered = events.describe_event_source(Name=SOURCE)
    events.create_event_bus(Name=SOURCE, EventSourceName=SOURCE)
    taken = events.describe_event_source(Name=SOURCE)

    assert made["EventSourceArn"] == offered["Arn"] == ARN
    assert (offered["State"], offered["CreatedBy"]) == ("PENDING", "aws.partner/example.com")
    assert offered["ExpirationTime"] - offered["CreationTime"] == timedelta(days=14)
    assert taken["State"] == "ACTIVE"
    assert "ExpirationTime" not in taken
    assert events.describe_event_bus(Name=SOURCE)["Arn"] == BUS_ARN


def test_both_sides_list_what_is_theirs(events: BaseClient) -> None:
    others = "aws.partner/example.com/other"
    events.create_partner_event_source(Name=SOURCE, Account=OURS)
    events.create_partner_event_source(Name=others, Account=OTHER)

    offered = events.list_partner_event_sources(NamePrefix="aws.partner/example.com/", Limit=1)
    rest = events.list_partner_event_sources(
        NamePrefix="aws.partner/example.com/", NextToken=offered["NextToken"]
    )
    accounts = events.list_partner_event_source_accounts(EventSourceName=others)
    ours = events.list_event_sources(NamePrefix="aws.partner/")

    assert [one["Name"] for one in (*offered["PartnerEventSources"], *rest["PartnerEventSources"])] == [
        SOURCE,
        others,
    ]
    assert "NextToken" not in rest
    assert [(one["Account"], one["State"]) for one in accounts["PartnerEventSourceAccounts"]] == [
        (OTHER, "PENDING")
    ]
    assert [one["Name"] for one in ours["EventSources"]] == [SOURCE]
    assert events.describe_partner_event_source(Name=others)["Name"] == others
    assert refused(events.describe_event_source, Name=others)[0] == "ResourceNotFoundException"


def test_events_of_an_active_source_come_to_its_bus_and_others_fail(doors: Doors, taken: BaseClient) -> None:
    elsewhere = ENTRY | {"Source": "aws.partner/example.com/elsewhere"}
    no_detail = {"Source": SOURCE, "DetailType": "order placed"}

    answer = taken.put_partner_events(Entries=[ENTRY, elsewhere, no_detail])

    assert answer["FailedEntryCount"] == 2
    stored, unknown, incomplete = answer["Entries"]
    [event] = doors.stored(SOURCE)
    assert str(event.id) == stored["EventId"]
    assert (event.source, event.detail_type, event.detail) == (SOURCE, "order placed", b'{"order": 17}')
    assert unknown["ErrorCode"] == "NotAuthorizedForSourceException"
    assert (
        incomplete["ErrorMessage"] == "Parameter Detail is not valid. Reason: Detail is a required argument."
    )


def test_a_deactivated_source_takes_no_events_until_it_is_activated(taken: BaseClient) -> None:
    taken.deactivate_event_source(Name=SOURCE)
    pending = state(taken)
    [failed] = taken.put_partner_events(Entries=[ENTRY])["Entries"]
    again = refused(taken.deactivate_event_source, Name=SOURCE)
    taken.activate_event_source(Name=SOURCE)

    assert (pending, state(taken)) == ("PENDING", "ACTIVE")
    assert failed["ErrorMessage"] == (
        f"Parameter Source is not valid. Reason: event source {SOURCE} is PENDING, not ACTIVE."
    )
    assert again == ("InvalidStateException", f"Event source {SOURCE} is pending, not active.")
    assert refused(taken.activate_event_source, Name=SOURCE)[0] == "InvalidStateException"
    assert taken.put_partner_events(Entries=[ENTRY])["FailedEntryCount"] == 0


def test_a_withdrawn_source_is_deleted_for_its_bus_and_gone_with_it(taken: BaseClient) -> None:
    taken.delete_partner_event_source(Name=SOURCE, Account=OURS)
    left = state(taken)
    refusal = refused(taken.activate_event_source, Name=SOURCE)
    taken.delete_event_bus(Name=SOURCE)

    assert left == "DELETED"
    assert refusal == ("InvalidStateException", f"Event source {SOURCE} is deleted.")
    assert refused(taken.describe_event_source, Name=SOURCE)[0] == "ResourceNotFoundException"
    taken.delete_partner_event_source(Name=SOURCE, Account=OURS)  # what is gone stays gone


def test_a_source_without_its_bus_is_pending_again(taken: BaseClient) -> None:
    taken.delete_event_bus(Name=SOURCE)

    assert state(taken) == "PENDING"
    assert refused(taken.activate_event_source, Name=SOURCE) == (
        "InvalidStateException",
        f"Event source {SOURCE} has no event bus: create the bus of its name.",
    )


def test_a_source_that_was_pending_too_long_is_gone_and_may_be_offered_again(events: BaseClient) -> None:
    events.create_partner_event_source(Name=SOURCE, Account=OURS)
    PartnerSource.objects.update(pending_since=timezone.now() - timedelta(days=15))

    assert refused(events.describe_event_source, Name=SOURCE)[0] == "ResourceNotFoundException"
    assert events.list_event_sources()["EventSources"] == []
    events.create_partner_event_source(Name=SOURCE, Account=OURS)
    assert refused(events.create_partner_event_source, Name=SOURCE, Account=OURS) == (
        "ResourceAlreadyExistsException",
        f"Event source {SOURCE} already exists.",
    )


def test_a_source_that_stays_deactivated_too_long_is_deleted(taken: BaseClient) -> None:
    taken.deactivate_event_source(Name=SOURCE)
    PartnerSource.objects.update(pending_since=timezone.now() - timedelta(days=15))

    assert state(taken) == "DELETED"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            {"Name": SOURCE, "EventSourceName": SOURCE},
            "ResourceNotFoundException",
            f"Event source {SOURCE} does not exist.",
        ),
        ({"Name": SOURCE}, "ValidationException", "Event bus name must not contain '/'."),
        ({"Name": "a/b"}, "ValidationException", "Event bus name must not contain '/'."),
        (
            {"Name": "orders", "EventSourceName": SOURCE},
            "ValidationException",
            "Event bus name must be the name of its event source.",
        ),
    ],
)
def test_a_bus_with_slashes_is_for_a_source_and_named_like_it(
    events: BaseClient, arguments: dict[str, str], code: str, message: str
) -> None:
    assert refused(events.create_event_bus, **arguments) == (code, message)


def test_rules_of_a_partners_bus_are_named_by_both(taken: BaseClient) -> None:
    made = taken.put_rule(Name="all", EventBusName=BUS_ARN, EventPattern=f'{{"source": ["{SOURCE}"]}}')
    taken.tag_resource(ResourceARN=made["RuleArn"], Tags=[{"Key": "a", "Value": "b"}])

    assert made["RuleArn"] == f"arn:aws:events:us-east-1:{OURS}:rule/{SOURCE}/all"
    assert Rule.objects.get().tags == {"a": "b"}
    assert Rule.objects.get().bus == Bus.objects.get(name=SOURCE)


def test_a_key_for_other_buses_may_neither_offer_nor_put(doors: Doors, taken: BaseClient) -> None:
    key, secret = mint("limited", [Scope.ADMIN], buses=[Bus.objects.get(name="default")])
    limited = client(doors, key.pk, secret)

    for call, arguments in (
        (limited.create_partner_event_source, {"Name": SOURCE, "Account": OURS}),
        (limited.deactivate_event_source, {"Name": SOURCE}),
        (limited.put_partner_events, {"Entries": [ENTRY]}),
    ):
        assert refused(call, **arguments)[0] == "AccessDeniedException"
    [failed] = taken.put_events(Entries=[ENTRY | {"EventBusName": SOURCE}])["Entries"]
    assert failed["ErrorCode"] == "NotAuthorizedForSourceException"
