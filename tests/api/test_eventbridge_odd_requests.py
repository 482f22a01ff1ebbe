"""EventBridge's door before odd requests: AWS's errors, never ours."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from django.db import IntegrityError

from eventhub.access import sigv4
from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge import operations
from eventhub.api.eventbridge.errors import AwsError
from eventhub.api.eventbridge.put_events import _read
from eventhub.models import Bus
from tests.api.door import Doors
from tests.api.test_put_events import ENTRY, client, error_of

STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}


@pytest.fixture
def events(doors: Doors) -> BaseClient:
    key, secret = mint("operator", [Scope.ADMIN])
    return client(doors, key.pk, secret)


def test_a_statement_joins_a_policy_whose_statements_have_no_id(events: BaseClient) -> None:
    events.put_permission(Policy=json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]}))

    events.put_permission(Action="events:PutEvents", Principal="111122223333", StatementId="s1")

    policy = json.loads(events.describe_event_bus()["Policy"])
    assert [one.get("Sid") for one in policy["Statement"]] == [None, "s1"]


@pytest.mark.parametrize(
    "policy",
    [
        "[]",
        "5",
        '"x"',
        json.dumps({"Statement": [STATEMENT | {"Effect": "Maybe"}]}),
        json.dumps({"Statement": [STATEMENT | {"Principal": 5}]}),
        json.dumps({"Statement": [STATEMENT | {"Action": 1}]}),
        json.dumps({"Statement": [STATEMENT | {"Resource": {}}]}),
    ],
)
def test_a_policy_that_is_none_is_refused(events: BaseClient, policy: str) -> None:
    error = error_of(events.put_permission, Policy=policy)

    assert error["Code"] == "ValidationException"
    assert "Policy" not in events.describe_event_bus()


def test_actions_of_a_policy_are_compared_without_case(events: BaseClient, doors: Doors) -> None:
    statement = STATEMENT | {"Action": "events:putevents"}
    events.put_permission(Policy=json.dumps({"Statement": [statement]}))
    key, secret = mint("partner", [Scope.EVENTS_PUT], account="111122223333")

    assert client(doors, key.pk, secret).put_events(Entries=[ENTRY])["FailedEntryCount"] == 0


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        (
            {
                "EndpointId": "bad!",
                "Entries": [ENTRY | {"EventBusName": "b d", "TraceHeader": ""}],
            },
            "ValidationException",
            "3 validation errors detected",
        ),
        (
            {"Entries": [ENTRY | {"Source": 5}]},
            "SerializationException",
            "NUMBER_VALUE can not be converted to a String",
        ),
        (
            {"Entries": [None]},
            "ValidationException",
            "Value null at 'entries.1.member' failed to satisfy constraint: Member must not be null",
        ),
        ([], "SerializationException", "Start of structure or map was expected."),
        ({"Entries": [ENTRY | {"Time": 1e308}]}, "SerializationException", "can not be converted to a Date"),
        ({}, "ValidationException", "Member must not be null"),
    ],
)
def test_put_events_is_refused_by_the_validator_of_all_operations(body: Any, code: str, says: str) -> None:
    with pytest.raises(AwsError) as raised:
        _read(json.dumps(body).encode())

    assert (raised.value.code, says in str(raised.value)) == (code, True)


@pytest.mark.parametrize("last", ["\ud800", "a\0", 2**70, [1], None])
def test_a_forged_token_is_refused(events: BaseClient, last: object) -> None:
    token = base64.urlsafe_b64encode(json.dumps(["buses", last]).encode()).decode()

    assert error_of(events.list_event_buses, NextToken=token)["Code"] == "ValidationException"


def test_a_prefix_knows_capitals(events: BaseClient) -> None:
    for name in ("CaseBus", "casebus"):
        Bus.objects.create(name=name)

    assert [bus["Name"] for bus in events.list_event_buses(NamePrefix="case")["EventBuses"]] == ["casebus"]


@pytest.mark.parametrize(
    "arn",
    [
        "arn:awsjunk:foo:events:us-east-1:000000000000:event-bus/default",
        "arn:aws:events:us-east-1:000000000000:event-bus/arn:aws:events:us-east-1:000000000000:event-bus/default",
    ],
)
def test_tags_of_what_is_no_arn_are_not_told(events: BaseClient, arn: str) -> None:
    assert error_of(events.list_tags_for_resource, ResourceARN=arn)["Code"] == "ResourceNotFoundException"


def test_nobody_puts_scheduled_events(events: BaseClient) -> None:
    forged = ENTRY | {"Source": "aws.events", "DetailType": "Scheduled Event"}

    [entry] = events.put_events(Entries=[forged])["Entries"]

    assert entry["ErrorCode"] == "NotAuthorizedForSourceException"


def test_a_creation_that_meets_another_is_answered_as_if_it_came_after(
    events: BaseClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, met = operations.ANSWERED["CreateEventBus"], []

    def meets_another(request: dict[str, Any], caller: Any) -> dict[str, Any]:
        if not met:
            met.append(Bus.objects.create(name=request["Name"]))
            raise IntegrityError("UNIQUE constraint failed")
        return real(request, caller)

    monkeypatch.setattr(operations, "ANSWERED", {**operations.ANSWERED, "CreateEventBus": meets_another})

    with pytest.raises(ClientError) as raised:
        events.create_event_bus(Name="orders")

    assert raised.value.response["Error"]["Code"] == "ResourceAlreadyExistsException"


@pytest.mark.parametrize("query", ["a=1&a-b=2", "a-b=2&a=1", "foo", "a=%2F", "b&a"])
def test_any_query_that_botocore_signs_is_verified(query: str) -> None:
    request = AWSRequest(method="POST", url=f"http://localhost/?{query}", data=b"{}")
    SigV4Auth(Credentials("EHAAAAAAAAAAAAAAAAAA", "secret"), "events", "us-east-1").add_auth(request)
    headers = sigv4.joined(
        [(name.encode(), value.encode()) for name, value in request.headers.items()]
        + [(b"host", b"localhost")]
    )

    sigv4.verify(
        sigv4.read(headers),
        sigv4.Request("POST", "/", query, headers, b"{}"),
        "secret",
        now=datetime.now(UTC),
    )


def test_a_date_header_dates_a_request_and_must_be_signed() -> None:
    def sent(date: str) -> dict[str, str]:
        credential = f"EHAAAAAAAAAAAAAAAAAA/{now:%Y%m%d}/us-east-1/events/aws4_request"
        said = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00"
        return {"host": "localhost", "date": date, "authorization": said}

    now = datetime.now(UTC)
    headers = sent(f"{now:%a, %d %b %Y %H:%M:%S GMT}")
    signed = sigv4.read(headers)

    assert signed.at == f"{now:%Y%m%dT%H%M%SZ}"
    with pytest.raises(sigv4.SignatureError, match="'date' must be a 'SignedHeader'"):
        sigv4.verify(signed, sigv4.Request("POST", "/", "", headers, b""), "secret", now=now)


@pytest.mark.parametrize(
    "date", ["Fri, 31 Dec 9999 23:59:59 -2300", "Mon, 01 Jan 99999999999 00:00:00 GMT", "soon", ""]
)
def test_a_date_beyond_all_calendars_is_no_date(date: str) -> None:
    credential = "EHAAAAAAAAAAAAAAAAAA/20260101/us-east-1/events/aws4_request"
    said = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00"
    headers = {"host": "localhost", "date": date, "authorization": said}

    received = sigv4.Request("POST", "/", "", headers, b"")

    with pytest.raises(sigv4.SignatureError):
        sigv4.verify(sigv4.read(headers), received, "secret", now=datetime.now(UTC))
