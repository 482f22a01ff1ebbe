"""PutEvents, posted by boto3's own client code through the door."""

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge import eventbridge
from eventhub.api.eventbridge.model import service
from eventhub.models import ApiKey, Bus
from tests.api.door import Answer, Call, Doors
from tests.api.shapes import misfits
from tests.api.test_ingest_refusals import FullDisk

ENTRY = {"Source": "shop", "DetailType": "order placed", "Detail": '{"order": 17}'}
BUS_ARN = "arn:aws:events:us-east-1:000000000000:event-bus/"


class Raw:
    """A response body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *args: object, **options: object) -> Any:
        yield self._body


def client(doors: Doors, key_id: str, secret: str) -> BaseClient:
    """Return boto3's client; its requests go to the door instead of a socket, whose answers fit the model."""
    made = boto3.client(
        "events",
        endpoint_url="http://127.0.0.1:8000",
        region_name="eu-central-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )

    def to_door(request: Any, **_: Any) -> AWSResponse:
        headers = {name: _text(value) for name, value in request.headers.items()}
        headers["host"] = "127.0.0.1:8000"
        answer = doors.answer(Call(eventbridge, "/", headers, [request.body]))
        operation = headers["X-Amz-Target"].removeprefix("AWSEvents.")
        assert answer.status >= 400 or not misfits(operation, answer.json), misfits(operation, answer.json)
        return AWSResponse(request.url, answer.status, answer.headers, Raw(answer.body))

    made.meta.events.register("before-send.events", to_door)
    return made


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


@pytest.fixture
def events(doors: Doors) -> BaseClient:
    key, secret = mint("shop", [Scope.EVENTS_PUT])
    return client(doors, key.pk, secret)


def error_of(call: Any, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return {
        **caught.value.response["Error"],
        "Status": caught.value.response["ResponseMetadata"]["HTTPStatusCode"],
    }


def test_entries_become_events_in_order(doors: Doors, events: BaseClient) -> None:
    Bus.objects.create(name="orders")
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    answer = events.put_events(
        Entries=[
            {**ENTRY, "Time": at, "Resources": ["arn:a", "arn:b"], "TraceHeader": "Root=1"},
            {**ENTRY, "EventBusName": "orders"},
            {**ENTRY, "EventBusName": BUS_ARN + "orders", "Source": "other"},
        ]
    )

    [first], [second, third] = doors.stored(), doors.stored("orders")
    assert answer["FailedEntryCount"] == 0
    assert [entry["EventId"] for entry in answer["Entries"]] == [
        str(event.id) for event in (first, second, third)
    ]
    assert first.time == 1_767_323_045_000_000
    assert json.loads(first.resources) == ["arn:a", "arn:b"]
    assert json.loads(first.attributes) == {"trace-header": "Root=1"}
    assert first.detail == b'{"order": 17}'
    assert (second.time, third.source) == (second.accepted_at, "other")
    assert answer["ResponseMetadata"]["RequestId"]


def test_entry_for_an_unknown_bus_gets_an_id_and_is_kept_as_such(doors: Doors, events: BaseClient) -> None:
    names = ["nowhere", BUS_ARN + "nowhere", "arn:aws:events:eu-west-1:123456789012:event-bus/default"]

    answer = events.put_events(Entries=[{**ENTRY, "EventBusName": name} for name in names])

    kept = doors.stored("")
    assert answer["FailedEntryCount"] == 0
    assert [entry["EventId"] for entry in answer["Entries"]] == [str(event.id) for event in kept]
    assert [(event.bus_id, event.bus) for event in kept] == [(0, "nowhere"), (0, "nowhere"), (0, names[2])]


@pytest.mark.parametrize(
    ("entry", "code", "message"),
    [
        (
            {"DetailType": "t", "Detail": "{}"},
            "InvalidArgument",
            "Parameter Source is not valid. Reason: Source is a required argument.",
        ),
        (
            {"Source": "s", "Detail": "{}"},
            "InvalidArgument",
            "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        ),
        (
            {"Source": "s", "DetailType": "t"},
            "InvalidArgument",
            "Parameter Detail is not valid. Reason: Detail is a required argument.",
        ),
        (
            {**ENTRY, "Source": ""},
            "InvalidArgument",
            "Parameter Source is not valid. Reason: Source is a required argument.",
        ),
        ({**ENTRY, "Detail": "[1]"}, "MalformedDetail", "Detail is malformed."),
        ({**ENTRY, "Detail": '"{}"'}, "MalformedDetail", "Detail is malformed."),
        ({**ENTRY, "Detail": "{"}, "MalformedDetail", "Detail is malformed."),
        ({**ENTRY, "Detail": '{"a":' * 1001 + "1" + "}" * 1001}, "MalformedDetail", "Detail is malformed."),
        ({**ENTRY, "Source": "aws.s3"}, "NotAuthorizedForSourceException", "Not authorized for the source."),
        (
            {**ENTRY, "Resources": ["a", "b" * 2049]},
            "InvalidArgument",
            "Parameter Resources is not valid. Reason: wanted at most 2048 characters, found 2049.",
        ),
        (
            {**ENTRY, "Time": datetime(1960, 1, 1, tzinfo=UTC)},
            "InvalidArgument",
            "Parameter Time is not valid. Reason: wanted a time from the years 1970 to 9999.",
        ),
    ],
)
def test_wrong_entry_is_answered_in_amazons_words_and_spoils_no_other(
    doors: Doors, events: BaseClient, entry: dict[str, Any], code: str, message: str
) -> None:
    answer = events.put_events(Entries=[ENTRY, entry, ENTRY])

    first, failed, last = answer["Entries"]
    assert answer["FailedEntryCount"] == 1
    assert failed == {"ErrorCode": code, "ErrorMessage": message}
    assert [str(event.id) for event in doors.everything()] == [first["EventId"], last["EventId"]]


def test_eleven_entries_are_refused(doors: Doors, events: BaseClient) -> None:
    error = error_of(events.put_events, Entries=[ENTRY] * 11)

    assert (error["Code"], error["Status"]) == ("ValidationException", 400)
    assert error["Message"].startswith(
        "1 validation error detected: Value '[PutEventsRequestEntry(time=null, source=shop, resources=null, "
        'detailType=order placed, detail={"order": 17}, eventBusName=null, traceHeader=null), '
    )
    assert error["Message"].endswith(
        "]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10"
    )
    assert doors.everything() == []


def test_entries_of_too_many_bytes_together_are_refused(doors: Doors, events: BaseClient) -> None:
    half = {**ENTRY, "Detail": json.dumps({"text": "é" * 65_536}, ensure_ascii=False)}

    error = error_of(events.put_events, Entries=[half, half])

    assert (error["Code"], error["Message"]) == (
        "ValidationException",
        "Total size of the entries in the request is over the limit.",
    )
    assert doors.everything() == []


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("EventBusName", "a b", "Member must satisfy regular expression pattern: "),
        ("EventBusName", "a" * 1601, "Member must have length less than or equal to 1600"),
        ("TraceHeader", "a" * 501, "Member must have length less than or equal to 500"),
    ],
)
def test_member_beyond_its_model_refuses_the_request(
    doors: Doors, events: BaseClient, member: str, value: str, said: str
) -> None:
    error = error_of(events.put_events, Entries=[ENTRY, {**ENTRY, member: value}])

    assert error["Code"] == "ValidationException"
    assert (
        f"at 'entries.2.member.{member[0].lower()}{member[1:]}' failed to satisfy constraint: {said}"
        in (error["Message"])
    )
    assert doors.everything() == []


def test_unknown_key_is_refused(doors: Doors) -> None:
    error = error_of(client(doors, "EHAAAAAAAAAAAAAAAAAA", "secret").put_events, Entries=[ENTRY])

    assert error == {
        "Code": "UnrecognizedClientException",
        "Message": "The security token included in the request is invalid.",
        "Status": 403,
    }
    assert doors.everything() == []


def test_disabled_key_is_unknown(doors: Doors, events: BaseClient) -> None:
    ApiKey.objects.update(enabled=False)

    assert error_of(events.put_events, Entries=[ENTRY])["Code"] == "UnrecognizedClientException"


def test_wrong_secret_is_refused(doors: Doors) -> None:
    key, _ = mint("shop", [Scope.EVENTS_PUT])

    error = error_of(client(doors, key.pk, "another").put_events, Entries=[ENTRY])

    assert (error["Code"], error["Status"]) == ("InvalidSignatureException", 403)
    assert error["Message"].startswith("The request signature we calculated does not match")
    assert doors.everything() == []


@pytest.mark.parametrize(
    ("scopes", "buses", "bus", "is_served"),
    [
        ([Scope.EVENTS_PUT], [], "default", True),
        ([Scope.ADMIN], [], "default", True),
        ([Scope.EVENTS_READ, Scope.RULES_WRITE], [], "default", False),
        ([Scope.EVENTS_PUT], ["mine"], "mine", True),
        ([Scope.EVENTS_PUT], ["mine"], "default", False),
        ([Scope.ADMIN], ["mine"], "default", False),
        ([Scope.EVENTS_PUT], ["mine"], "nowhere", False),
    ],
)
def test_scopes_and_buses_of_the_key_are_kept_to(
    doors: Doors, scopes: list[Scope], buses: list[str], bus: str, is_served: bool
) -> None:
    mine = Bus.objects.create(name="mine")
    key, secret = mint("shop", scopes, buses=[mine] if buses else [])
    put_events = client(doors, key.pk, secret).put_events
    entries = [{**ENTRY, "EventBusName": "mine"}, {**ENTRY, "EventBusName": bus}]

    if is_served:
        assert put_events(Entries=entries)["FailedEntryCount"] == 0
    else:
        error = error_of(put_events, Entries=entries)
        assert (error["Code"], error["Status"]) == ("AccessDeniedException", 400)
        assert "is not authorized to perform: events:PutEvents on resource: " + BUS_ARN in error["Message"]
        assert doors.everything() == []


def test_full_disk_is_unavailable(doors: Doors, events: BaseClient) -> None:
    real, doors.journal = doors.journal, FullDisk()  # type: ignore[assignment]  # what it lacks is not asked for

    error = error_of(events.put_events, Entries=[ENTRY])

    doors.journal = real
    assert (error["Code"], error["Status"]) == ("ServiceUnavailableException", 503)
    assert doors.everything() == []


def test_every_operation_of_the_model_is_known(events: BaseClient) -> None:
    assert set(events.meta.service_model.operation_names) == service().inputs.keys()


def signed(doors: Doors, body: bytes, *, target: str = "AWSEvents.PutEvents", **options: Any) -> Answer:
    """Post bytes that boto3 would never send, signed by botocore."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    key, secret = mint("shop", [Scope.EVENTS_PUT])
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
    request = AWSRequest("POST", "http://127.0.0.1:8000/", data=body, headers=headers)
    SigV4Auth(Credentials(key.pk, secret), "events", "us-east-1").add_auth(request)
    sent = {**dict(request.headers.items()), "host": "127.0.0.1:8000"}
    return doors.answer(Call(eventbridge, "/", sent, [body], **options))


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b'{"Entries": [}', "SerializationException", "(byte 13)"),
        (b'{"Entries": [{"Source": "\xff"}]}', "SerializationException", "not valid UTF-8 (byte 25)"),
        (b"[" * 5000, "SerializationException", "The body is not JSON"),
        (b'{"Entries": {}}', "SerializationException", "structure or map found where not expected"),
        (b'{"Entries": [{"Source": 5}]}', "SerializationException", "can not be converted to a String"),
        (b'{"Entries": [{"Time": "today"}]}', "SerializationException", "can not be converted to a Date"),
        (b'{"Entries": [{"Time": 1e999}]}', "SerializationException", ""),
        (b"[]", "SerializationException", "Start of structure or map was expected."),
        (
            b"",
            "ValidationException",
            "1 validation error detected: Value null at 'entries' failed to satisfy constraint: "
            "Member must not be null",
        ),
        (b"{}", "ValidationException", "Value null at 'entries'"),
        (b'{"Entries": []}', "ValidationException", "Member must have length greater than or equal to 1"),
        (b'{"Entries": [{"EventBusName": ""}]}', "ValidationException", "greater than or equal to 1"),
        (b'{"Entries": [{}], "EndpointId": "abc.veo"}', "ValidationException", "EndpointId is not valid"),
    ],
)
def test_body_that_is_no_request_is_refused(doors: Doors, body: bytes, code: str, said: str) -> None:
    answer = signed(doors, body)

    assert answer.status == 400
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert answer.json["__type"] == code
    assert said.lower() in answer.json["message"].lower()
    assert doors.everything() == []


@pytest.mark.parametrize("target", ["", "AWSEvents.Nonsense", "AWSEvents", "DynamoDB.PutEvents", "PutEvents"])
def test_unknown_operation_is_refused(doors: Doors, target: str) -> None:
    answer = signed(doors, b"{}", target=target)

    assert (answer.status, answer.json["__type"]) == (400, "UnknownOperationException")


def test_body_cut_off_stores_nothing(doors: Doors) -> None:
    answer = signed(doors, json.dumps({"Entries": [ENTRY]}).encode(), is_cut=True)

    assert answer.json["__type"] == "SerializationException"
    assert doors.everything() == []


def test_missing_signature_is_refused_before_the_body_is_read(doors: Doors) -> None:
    answer = doors.answer(
        Call(eventbridge, "/", {"x-amz-target": "AWSEvents.PutEvents"}, [b"x" * 10_000_000])
    )

    assert answer.status == 403
    assert answer.json == {
        "__type": "MissingAuthenticationTokenException",
        "message": "Missing Authentication Token",
    }


def test_body_larger_than_any_request_is_refused(doors: Doors) -> None:
    answer = signed(doors, b" " * 2_000_000)

    assert (answer.status, answer.json["__type"]) == (413, "RequestEntityTooLargeException")


def test_fractions_of_a_second_are_kept(doors: Doors) -> None:
    body = json.dumps({"Entries": [{**ENTRY, "Time": 1_767_225_600.5}]}).encode()

    assert signed(doors, body).status == 200
    assert doors.stored()[0].time == 1_767_225_600_500_000
