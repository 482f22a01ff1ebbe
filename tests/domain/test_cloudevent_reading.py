import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventhub.domain import jsontext
from eventhub.domain.cloudevent import (
    CloudEventError,
    Mode,
    UnsupportedFormatError,
    mode_of,
    read_batch,
    read_binary,
    read_structured,
)
from eventhub.domain.cloudevent.headers import decode_value, encode_value
from eventhub.domain.entry import Entry, Rejected, check_entry
from tests.domain.build import LEAST, NOON, event_of, headers, read, structured


def refusal(body: bytes) -> str:
    with pytest.raises(CloudEventError) as caught:
        read_structured(body, "default")
    return str(caught.value)


def binary_refusal(raw: list[tuple[bytes, bytes]], body: bytes = b"") -> str:
    with pytest.raises(CloudEventError) as caught:
        read_binary(raw, body, "default")
    return str(caught.value)


def test_attributes_become_an_entry():
    entry = read(time="2026-01-02T13:00:00.250+01:00", subject="o", seq=7, last=True, data={"total": 1})

    assert entry == Entry(
        bus="default",
        source="/shop",
        detail_type="order.placed",
        detail=b'{"total":1}',
        time=NOON + 250_000,
        key="o-7",
        attributes={
            "specversion": "1.0",
            "id": "o-7",
            "time": "2026-01-02T13:00:00.250+01:00",
            "subject": "o",
            "seq": 7,
            "last": True,
        },
    )


def test_json_data_keeps_its_bytes():
    entry = read_structured(b'{"data" : { "a" : [1.50, 1e400] } , ' + structured()[1:], "default")

    assert entry.detail == b'{ "a" : [1.50, 1e400] }'


@pytest.mark.parametrize(
    ("members", "detail", "data_as"),
    [
        ({"data": [1, 2]}, b'{"data":[1,2]}', "data"),
        ({"data": "text"}, b'{"data":"text"}', "data"),
        ({"data": 7}, b'{"data":7}', "data"),
        ({"data": None}, b'{"data":null}', "data"),
        ({"data": "a,b", "datacontenttype": "text/csv"}, b'{"data":"a,b"}', "data"),
        ({"data_base64": "AP8="}, b'{"data_base64":"AP8="}', "data_base64"),
        ({}, b"{}", "none"),
        ({"data": {}}, b"{}", None),
        ({"data": {"data": 1}}, b'{"data":1}', None),
    ],
)
def test_data_that_is_no_object_is_kept_in_one(
    members: dict[str, object], detail: bytes, data_as: str | None
):
    entry = read(**members)

    assert (entry.detail, entry.attributes.get("data-as")) == (detail, data_as)


def test_null_attribute_is_not_there():
    assert "subject" not in read(subject=None).attributes


def test_data_of_any_accepted_depth_is_read():
    deep = b"[" * 998 + b"]" * 998
    entry = read_structured(structured()[:-1] + b',"data":{"a":' + deep + b"}}", "default")

    assert entry.detail == b'{"a":' + deep + b"}"
    event_of(entry)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "wanted an event, a JSON object, found nothing"),
        (b"[]", "wanted an event, a JSON object, found an array"),
        (b'{"id": }', "wanted JSON, found a JSON value was wanted, got '}' (byte 7)"),
        (b'{"id": "\xff"}', "wanted JSON, found the text is not valid UTF-8 (byte 8)"),
        (structured()[:-1] + b',"id":"2"}', "id: wanted a member once, found it twice"),
        (structured()[:-1] + b',"i\\u0064":"2"}', "id: wanted a member once, found it twice"),
        (structured()[:-1] + b',"data":1,"data":{}}', "data: wanted a member once, found it twice"),
        (structured(subject="x").replace(b'"x"', rb'"\x"'), "wanted JSON, found an escape that JSON knows"),
        (b'{"specversion":"1.0"}', "id: wanted this attribute, found nothing"),
        (structured(source=None), "source: wanted this attribute, found nothing"),
        (structured(id=""), 'id: wanted text that is not empty, found ""'),
        (structured(id=7), "id: wanted a string, found 7"),
        (structured(specversion="0.3"), 'specversion: wanted "1.0", found "0.3"'),
        (structured(Subject="x"), "Subject: wanted an attribute's name of lower-case letters and digits"),
        (structured(trace_id="x"), "trace_id: wanted an attribute's name"),
        (structured(ext=1.5), "ext: wanted a string, a boolean or an integer of 32 bits, found a number"),
        (structured(ext={}), "ext: wanted a string, a boolean or an integer of 32 bits, found an object"),
        (structured(ext=2**31), "ext: wanted an integer of 32 bits, found 2147483648"),
        (structured(ext="a\nb"), "ext: wanted text without control characters, found U+000A"),
        (structured(ext="x" * 16_384), "wanted at most 16384 bytes of attributes, found 164"),
        (
            structured(time="yesterday"),
            "time: wanted a time with offset, such as 2026-01-02T03:04:05Z, found",
        ),
        (structured(time="2026-01-02T03:04:05"), 'found "2026-01-02T03:04:05"'),
        (structured(datacontenttype="json"), "datacontenttype: wanted a media type such as application/json"),
        (structured(data=1, data_base64=""), "data_base64: wanted either data or data_base64, found both"),
        (structured(data_base64="a b"), "data_base64: wanted base64 in a string, found a string"),
        (structured(data_base64=7), "data_base64: wanted base64 in a string, found a number"),
        (b"{" * 20_000, "nested deeper than 10000 levels"),
    ],
)
def test_what_is_no_event_is_refused_where_it_goes_wrong(body: bytes, message: str):
    assert message in refusal(body)


def test_brackets_that_do_not_pair_are_left_to_accepting():
    entry = read_structured(structured()[:-1] + b',"data":[1}}', "default")

    assert isinstance(check_entry(entry, max_bytes=1024), Rejected)


def test_spaces_between_members_change_nothing():
    plain = read(data={"a": 1}, subject="s")

    for separators in ((",", ":"), (", ", ": "), (" ,\n", "\t:")):
        body = json.dumps({**LEAST, "data": {"a": 1}, "subject": "s"}, separators=separators).encode()
        again = read_structured(body, "default")
        assert (again.attributes, jsontext.decode(again.detail)) == (plain.attributes, {"a": 1})


def test_batch_takes_or_refuses_each_event_for_itself():
    body = b" [ %b , 7 , %b ] " % (structured(), structured(id=""))
    first, second, third = read_batch(body, "default")

    assert isinstance(first, Entry)
    assert second == Rejected("wrong-type", "wanted an event, a JSON object, found a number", "")
    assert third == Rejected("missing", 'wanted text that is not empty, found ""', "id")


def test_batch_may_be_empty_and_must_be_an_array():
    assert read_batch(b"[]", "default") == []
    for body, found in ((b"", "nothing"), (structured(), "an object"), (b"[1", "JSON"), (b"[],[]", "JSON")):
        with pytest.raises(CloudEventError, match=found):
            read_batch(body, "default")


def test_batch_is_bounded():
    with pytest.raises(CloudEventError, match="wanted at most 2 events, found 3"):
        read_batch(b"[{},{},{}]", "default", most=2)


@pytest.mark.parametrize(
    ("content_type", "mode"),
    [
        (None, Mode.BINARY),
        ("", Mode.BINARY),
        ("application/json", Mode.BINARY),
        ("application/cloudevents", Mode.STRUCTURED),
        ("application/CloudEvents+JSON; charset=UTF-8", Mode.STRUCTURED),
        ("application/cloudevents-batch+json", Mode.BATCH),
        ("Application/Cloudevents-Batch+json;charset=utf-8", Mode.BATCH),
    ],
)
def test_content_type_decides_the_mode(content_type: str | None, mode: Mode):
    assert mode_of(content_type) is mode


@pytest.mark.parametrize(
    "content_type",
    ["application/cloudevents+avro", "application/cloudevents-batch+xml", "application/cloudeventsx"],
)
def test_other_formats_are_unsupported(content_type: str):
    with pytest.raises(
        UnsupportedFormatError, match=r"content-type: wanted application/cloudevents(-batch)?\+json"
    ):
        mode_of(content_type)


@pytest.mark.parametrize(
    ("content_type", "body", "detail", "data_as"),
    [
        ("application/json", b' {"a": 1.50} ', b'{"a": 1.50}', None),
        ("application/geo+json; v=1", b"[1,2]", b'{"data":[1,2]}', "data"),
        ("application/json", b"1e400", b'{"data":1e400}', "data"),
        ("text/plain; charset=utf-8", "größe\n".encode(), '{"data":"größe\\n"}'.encode(), "data"),
        ("application/soap+xml", b"<a/>", b'{"data":"<a/>"}', "data"),
        ("text/plain", b"\xff", b'{"data_base64":"/w=="}', "data_base64"),
        ("image/png", b"abc", b'{"data_base64":"YWJj"}', "data_base64"),
        (None, b"abc", b'{"data_base64":"YWJj"}', "data_base64"),
        (None, b"", b"{}", "none"),
        ("application/json", b"", b"{}", "none"),
    ],
)
def test_body_of_a_binary_message_is_its_data(
    content_type: str | None, body: bytes, detail: bytes, data_as: str | None
):
    entry = read_binary(headers(content_type), body, "default")

    assert (entry.detail, entry.attributes.get("data-as")) == (detail, data_as)
    assert entry.attributes.get("datacontenttype") == content_type


@pytest.mark.parametrize("body", [b"{}{}", b'[1],"more":[2]', b'1,"more":2', b"nil", b" ", b'"\xff"'])
def test_body_that_is_not_one_json_value_is_refused(body: bytes):
    assert "data: wanted JSON, as Content-Type says" in binary_refusal(headers("application/json"), body)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b" \tx ", "x"),
        (b"Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        (b"%e2%82%ac", "€"),  # lower case
        (b"%41%7A", "Az"),  # needless
        (b"%2525", "%25"),  # one round only
        (b"100% sure", "100% sure"),
        (b"%4", "%4"),
        (b'"in%20quotes"', "in quotes"),
        (b'"a \\"b\\" \\\\"', 'a "b" \\'),
        (b'"', '"'),
        ("roh: ü".encode(), "roh: ü"),
    ],
)
def test_header_value_is_decoded_once(value: bytes, text: str):
    assert decode_value(value) == text


@pytest.mark.parametrize("value", [b"%C0%A0", b"%FF", b"\xff", b"%ED%A0%80"])
def test_header_value_that_is_not_utf8_is_refused(value: bytes):
    raw = [(name, value if name == b"ce-type" else other) for name, other in headers()]

    assert binary_refusal(raw) == "ce-type: wanted UTF-8 behind the percent signs, found other bytes"


def test_header_value_is_encoded_as_the_binding_says():
    assert encode_value('Euro € 😀 "100%"') == "Euro%20%E2%82%AC%20%F0%9F%98%80%20%22100%25%22"
    assert encode_value("!#$&'()*+,-./:;<=>?@[\\]^_`{|}~aZ9") == "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~aZ9"


@given(st.text())
def test_header_value_survives(text: str):
    encoded = encode_value(text)

    assert all("!" <= char <= "~" for char in encoded)
    assert decode_value(encoded.encode("ascii")) == text


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (
            (b"ce-datacontenttype", b"text/plain"),
            "ce-datacontenttype: wanted the type of the data in Content-Type",
        ),
        ((b"ce-id", b"8"), "ce-id: wanted this header once, found it twice"),
        ((b"ce-trace-id", b"8"), "ce-trace-id: wanted an attribute's name"),
        ((b"ce-data", b"8"), "ce-data: wanted an attribute's name"),
        ((b"ce-", b"8"), "ce-: wanted an attribute's name"),
        ((b"ce-time", b"now"), "ce-time: wanted a time with offset"),
        ((b"ce-ext", b"a%0Ab"), "ce-ext: wanted text without control characters"),
        ((b"content-type", b"a/b\xe9"), "ce-datacontenttype: wanted a media type"),
    ],
)
def test_header_that_cannot_be_taken_is_named(extra: tuple[bytes, bytes], message: str):
    assert message in binary_refusal([*headers(), extra])


def test_missing_header_is_named():
    assert binary_refusal(headers()[1:]) == "ce-specversion: wanted this attribute, found nothing"


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused(body: bytes):
    for message in (body, b"{" + body, structured()[:-1] + b"," + body):
        with suppress(CloudEventError):
            read_structured(message, "default")
    with suppress(CloudEventError):
        read_batch(b"[" + body, "default")
    with suppress(CloudEventError):
        read_binary(headers("application/json"), body, "default")
    with suppress(CloudEventError):
        read_binary([*headers(), (b"ce-x", body)], body, "default")
