import msgspec
import pytest
from hypothesis import given

from eventhub.domain import jsontext
from eventhub.domain.cloudevent import read_binary, read_structured, write_binary, write_structured
from tests.domain.build import (
    EVENT_ID,
    LEAST,
    NOON,
    again_binary,
    again_structured,
    envelope,
    event_of,
    headers,
    read,
)
from tests.domain.made import extensions, json_data, words


def test_other_events_are_written_with_what_they_have():
    event = envelope(source="Zoë's shop", time=NOON + 5, resources=b'["arn:a","arn:b"]')

    assert jsontext.decode(write_structured(event, {"trace-header": "Root=1"})) == {
        "specversion": "1.0",
        "id": str(EVENT_ID),
        "source": "Zo%C3%AB's%20shop",
        "type": "order placed",
        "time": "2026-01-02T12:00:00.000005Z",
        "datacontenttype": "application/json",
        "resources": '["arn:a","arn:b"]',
        "data": {"total": jsontext.Number("1.50")},
    }


def test_binary_mode_is_headers_and_the_detail():
    written, content_type, body = write_binary(envelope(detail_type='say "hi" €'), {})

    assert written == (
        ("ce-specversion", "1.0"),
        ("ce-id", str(EVENT_ID)),
        ("ce-source", "shop"),
        ("ce-type", "say%20%22hi%22%20%E2%82%AC"),
        ("ce-time", "2026-01-02T12:00:00Z"),
    )
    assert (content_type, body) == ("application/json", b'{"total":1.50}')


def test_attributes_that_are_no_cloudevents_names_stay_inside():
    entry = read(data={})
    event, attributes = event_of(entry)

    assert jsontext.decode(write_structured(event, {**attributes, "buses-passed": ["a"], "bad": [1]})) == {
        **LEAST,
        "data": {},
    }


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"data": None},
        {"data": {"data": 1}},
        {"data": [1.5, {"a": []}], "datacontenttype": "application/json"},
        {"data": "text", "datacontenttype": "text/plain"},
        {"data": {"a": 1}, "datacontenttype": "application/xml"},
        {"data_base64": "AP8=", "datacontenttype": "image/png"},
        {"data_base64": "AP8="},
        {
            "time": "2026-01-02T13:00:00.123456789+01:00",
            "subject": "ü",
            "dataschema": "s:1",
            "ext": -7,
            "b": False,
        },
    ],
)
def test_structured_event_goes_out_as_it_came_in(members: dict[str, object]):
    entry = read(**members)

    assert msgspec.json.decode(again_structured(entry)) == {**LEAST, **members}
    assert read_structured(again_structured(entry), "default") == entry


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"a":1.50}'),
        ("application/json", b'"text"'),
        ("text/plain", "größe\r\n".encode()),
        ("text/plain", b"\xff"),
        ("image/png", b"\x00\xff"),
        ("image/png", b""),
        (None, b"abc"),
        (None, b""),
    ],
)
def test_binary_event_goes_out_as_it_came_in(content_type: str | None, body: bytes):
    entry = read_binary(headers(content_type, subject="Zo%C3%AB", ext="x"), body, "default")

    assert again_binary(entry) == entry
    assert write_binary(*event_of(entry))[1:] == (content_type or "", body)
    assert read_structured(again_structured(entry), "default") == entry  # and through the other mode


@given(words, words, words, extensions, json_data)
def test_any_event_survives(identifier, source, kind, extra, data):
    members = {"id": identifier, "source": source, "type": kind, "data": data, **extra}
    entry = read(**members)
    written = again_structured(entry)

    assert msgspec.json.decode(written) == {**LEAST, **members}
    binary = again_binary(entry)
    assert (binary.source, binary.detail_type, binary.key) == (source, kind, identifier)
    assert jsontext.decode(binary.detail) == jsontext.decode(entry.detail)
