"""Posting CloudEvents: three modes, the corner cases of the binding, and what a producer is told."""

import json
from typing import Any

import pytest

from eventhub.access.scopes import Scope
from eventhub.api.cloudevents import cloudevents
from eventhub.models import Bus
from tests.api.door import Answer, Call, Doors
from tests.api.test_ingest import token
from tests.api.test_ingest_refusals import refusal

LEAST = {"specversion": "1.0", "id": "o-7", "source": "/shop", "type": "order.placed"}
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def post(
    doors: Doors,
    body: Any = b"",
    content_type: str = "",
    *,
    bus: str = "default",
    bearer: str | None = None,
    **headers: str,
) -> Answer:
    """Post bytes, or anything else as JSON; ``ce_id`` and the like are headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type:
        named["content-type"] = content_type
    return doors.answer(
        Call(
            cloudevents,
            f"/api/buses/{bus}/cloudevents",
            {"authorization": f"Bearer {token() if bearer is None else bearer}", **named},
            [body if isinstance(body, bytes) else json.dumps(body).encode()],
        )
    )


def binary(doors: Doors, body: bytes = b"", content_type: str = "", **headers: str) -> Answer:
    return post(doors, body, content_type, **{f"ce_{name}": text for name, text in LEAST.items()} | headers)


def kept(doors: Doors) -> dict[str, Any]:
    """Return the attributes of the one event there is."""
    [event] = doors.stored()
    attributes: dict[str, Any] = json.loads(event.attributes)
    return attributes


def test_structured_event_is_accepted(doors: Doors) -> None:
    body = (
        b'{"specversion":"1.0","id":"o-7","source":"/shop","type":"order.placed",\n'
        b' "time":"2026-01-02T04:04:05.25+01:00","severity":9, "data": {"sum": 12.50} }'
    )

    answer = post(doors, body, "Application/CloudEvents+JSON; charset=UTF-8")

    [event] = doors.stored()
    assert (answer.status, answer.json) == (202, {"entries": [{"id": str(event.id)}], "failed": 0})
    assert (event.source, event.detail_type, event.key) == ("/shop", "order.placed", "o-7")
    assert event.detail == b'{"sum": 12.50}'
    assert event.time == 1_767_323_045_250_000
    assert kept(doors) == {
        "specversion": "1.0",
        "id": "o-7",
        "time": "2026-01-02T04:04:05.25+01:00",
        "severity": 9,
    }


def test_binary_event_is_accepted_with_its_headers_decoded(doors: Doors) -> None:
    answer = binary(
        doors, b"caf\xc3\xa9", "text/plain; charset=utf-8", ce_subject="Euro%20%e2%82%ac%20100%2525"
    )

    [event] = doors.stored()
    assert answer.status == 202
    assert json.loads(event.detail) == {"data": "café"}
    assert kept(doors)["subject"] == "Euro € 100%25"
    assert kept(doors)["datacontenttype"] == "text/plain; charset=utf-8"


def test_batch_takes_or_rejects_each_event_for_itself(doors: Doors) -> None:
    batch = [LEAST, {**LEAST, "id": ""}, {**LEAST, "id": "o-8", "data": [1, {}]}, 7]

    answer = post(doors, batch, BATCH)

    first, empty, third, number = answer.json["entries"]
    assert (answer.status, answer.json["failed"]) == (202, 2)
    assert [str(event.id) for event in doors.stored()] == [first["id"], third["id"]]
    assert empty["error"] == {
        "code": "missing",
        "message": 'wanted text that is not empty, found ""',
        "path": "id",
    }
    assert "wanted an event, a JSON object, found a number" in number["error"]["message"]


def test_batch_may_be_empty(doors: Doors) -> None:
    answer = post(doors, [], BATCH)

    assert (answer.status, answer.json) == (202, {"entries": [], "failed": 0})


def test_event_seen_again_is_answered_with_the_first_ones_id(doors: Doors) -> None:
    [first] = post(doors, LEAST, STRUCTURED).json["entries"]

    [again] = binary(doors).json["entries"]
    batch = post(doors, [LEAST, {**LEAST, "source": "/other"}], BATCH).json["entries"]

    assert again == batch[0] == {"id": first["id"], "duplicate": True}
    assert "duplicate" not in batch[1]
    assert len(doors.stored()) == 2


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"specversion": "0.3"}, "specversion", 'wanted "1.0", found "0.3"'),
        ({"type": None}, "type", "wanted this attribute, found nothing"),
        ({"time": "yesterday"}, "time", "wanted a time with offset"),
        ({"Sub-Ject": "x"}, "Sub-Ject", "wanted an attribute's name of lower-case letters and digits"),
        ({"ratio": 1.5}, "ratio", "wanted a string, a boolean or an integer of 32 bits, found a number"),
        ({"data": 1, "data_base64": "AA=="}, "data_base64", "wanted either data or data_base64, found both"),
        ({"data_base64": "?"}, "data_base64", "wanted base64 in a string"),
        ({"type": "t" * 129}, "type", "at most 128 characters, found 129"),
        ({"id": "i" * 257}, "id", "at most 256 characters, found 257"),
        ({"extension": "e" * 20_000}, "", "wanted at most 16384 bytes of attributes"),
    ],
)
def test_lone_event_that_cannot_be_taken_is_a_problem(
    doors: Doors, change: dict[str, Any], path: str, said: str
) -> None:
    document = refusal(doors, post(doors, {**LEAST, **change}, STRUCTURED), 400)

    assert said in document["detail"]
    assert [error["path"] for error in document["errors"]] == ([path] if path else [])


@pytest.mark.parametrize(
    ("body", "path"),
    [(b'{"a":{"b":1,"b":2}}', "data.a.b"), (b'[{"a":1,"a":2}]', "data.a")],
)
def test_fault_in_the_data_is_told_by_its_place_in_the_data(doors: Doors, body: bytes, path: str) -> None:
    document = refusal(doors, binary(doors, body, "application/json"), 400)

    assert document["errors"][0]["path"] == path


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"ce_subject": "%C0%A0"}, "ce-subject: wanted UTF-8 behind the percent signs"),
        ({"ce_datacontenttype": "text/plain"}, "ce-datacontenttype: wanted the type of the data in Content-"),
        ({"ce_id": ""}, "ce-id: wanted text that is not empty"),
        ({"ce_time": "2026-01-02"}, "ce-time: wanted a time with offset"),
    ],
)
def test_header_that_cannot_be_taken_is_named(doors: Doors, headers: dict[str, str], said: str) -> None:
    assert said in refusal(doors, binary(doors, **headers), 400)["detail"]


def test_request_that_is_no_cloudevent_is_told_what_was_missed(doors: Doors) -> None:
    document = refusal(doors, post(doors, {"order": 17}, "application/json"), 400)

    assert "ce-specversion: wanted this attribute, found nothing" in document["detail"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/cloudevents+avro",
        "application/cloudevents-batch+xml",
        "application/cloudevents+json; charset=latin1",
    ],
)
def test_other_formats_are_unsupported(doors: Doors, content_type: str) -> None:
    refusal(doors, post(doors, LEAST, content_type), 415)


@pytest.mark.parametrize(
    ("event", "bus", "status"),
    [
        ({**LEAST, "data": "x" * 262_144}, "default", 413),
        ({**LEAST, "source": "aws.s3"}, "default", 403),
        (LEAST, "nowhere", 404),
    ],
)
def test_status_tells_why_a_lone_event_was_not_taken(
    doors: Doors, event: dict[str, Any], bus: str, status: int
) -> None:
    refusal(doors, post(doors, event, STRUCTURED, bus=bus), status)


def test_key_must_be_there_and_may_put_on_the_bus(doors: Doors) -> None:
    mine = Bus.objects.create(name="mine")

    refusal(doors, post(doors, LEAST, STRUCTURED, bearer="x"), 401)
    refusal(doors, post(doors, LEAST, STRUCTURED, bearer=token(Scope.EVENTS_READ)), 403)
    refusal(doors, post(doors, LEAST, STRUCTURED, bearer=token(buses=(mine,))), 403)


def test_trace_of_the_request_is_kept_apart_from_that_of_the_event(doors: Doors) -> None:
    own = TRACE.replace("0af7", "1111")

    post(doors, {**LEAST, "traceparent": own}, STRUCTURED, traceparent=TRACE, tracestate="shop=1")

    assert kept(doors) == {
        "specversion": "1.0",
        "id": "o-7",
        "traceparent": own,
        "data-as": "none",
        "trace-parent": TRACE,
        "trace-state": "shop=1",
    }
