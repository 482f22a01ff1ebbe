"""What we write, the official library reads, and the other way round."""

import base64
from datetime import UTC, datetime

import msgspec
from cloudevents.core.bindings import http
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from eventhub.domain.cloudevent import read_binary, read_structured, write_binary, write_structured
from eventhub.domain.cloudevent.headers import encode_value
from tests.domain.build import LEAST, NOON, again_structured, event_of, read
from tests.domain.made import extensions, json_data, words


@given(words, extensions, st.dictionaries(st.text(), json_data, min_size=1, max_size=3))
def test_official_library_reads_what_we_write(kind, extra, data):
    extra = {name: value for name, value in extra.items() if name != "specversion"}
    entry = read(
        type=kind, time="2026-01-02T12:00:00Z", datacontenttype="application/json", data=data, **extra
    )
    event, attributes = event_of(entry)
    written, content_type, body = write_binary(event, attributes)

    one = http.from_structured_event(
        http.HTTPMessage(
            {"content-type": "application/cloudevents+json"}, write_structured(event, attributes)
        )
    )
    other = http.from_binary_event(http.HTTPMessage({**dict(written), "content-type": content_type}, body))

    for found in (one, other):
        assert (found.get_id(), found.get_source(), found.get_type()) == ("o-7", "/shop", kind)
        assert found.get_time() == datetime(2026, 1, 2, 12, tzinfo=UTC)
        assert found.get_data() == data
    assert {name: one.get_extension(name) for name in extra} == extra
    assert {name: encode_value(value) for name, value in extra.items()} == {
        name: encode_value(other.get_extension(name)) for name in extra
    }


@given(words, words, st.dictionaries(st.text(), json_data, min_size=1, max_size=3))
def test_we_read_what_the_official_library_writes(kind, subject, data):
    event = CloudEvent(
        {
            "id": "o-7",
            "source": "/shop",
            "type": kind,
            "specversion": "1.0",
            "subject": subject,
            "time": datetime(2026, 1, 2, 12, tzinfo=UTC),
            "datacontenttype": "application/json",
        },
        data,
    )
    binary = http.to_binary_event(event)
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in binary.headers.items()]

    for entry in (
        read_structured(http.to_structured_event(event).body, "default"),
        read_binary(raw, binary.body, "default"),
    ):
        assert (entry.key, entry.source, entry.detail_type, entry.time) == ("o-7", "/shop", kind, NOON)
        assert entry.attributes["subject"] == subject
        assert msgspec.json.decode(entry.detail) == data


def test_bytes_pass_between_the_official_library_and_us():
    event = CloudEvent({**LEAST, "datacontenttype": "image/png"}, b"\x00\xff")
    entry = read_structured(http.to_structured_event(event).body, "default")

    assert entry.detail == b'{"data_base64":"%b"}' % base64.b64encode(b"\x00\xff")
    back = http.from_structured_event(http.HTTPMessage({}, again_structured(entry)))
    assert back.get_data() == b"\x00\xff"
