"""From an event to CloudEvents."""

import base64
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import msgspec

from eventhub.domain.cloudevent.attributes import (
    DATA_AS,
    SPEC_VERSION,
    Value,
    is_json_type,
    is_media_type,
    is_name,
)
from eventhub.domain.cloudevent.headers import PREFIX, encode_value
from eventhub.domain.envelope import Envelope, utc_seconds
from eventhub.domain.trace import trace_headers

STRUCTURED_TYPE = "application/cloudevents+json; charset=UTF-8"
DEFAULT_DATA_TYPE = "application/json"

# What RFC 3986 lets stand in a reference, beside letters and digits, and percent signs that encode something.
_URI_SAFE = "-._~:/?#[]@!$&'()*+,;=%"
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode


def write_structured(envelope: Envelope, attributes: Mapping[str, object]) -> bytes:
    """Return the event as one JSON object, to be sent as ``STRUCTURED_TYPE``.

    ``attributes`` are the event's own, decoded.
    """
    parts = [b'"%b":%b' % (name.encode(), _encode(value)) for name, value in _written(envelope, attributes)]
    form, data = _data(envelope, attributes)
    if form != "none":
        parts.append(b'"%b":%b' % (form.encode(), data))
    return b"{%b}" % b",".join(parts)


def write_binary(
    envelope: Envelope, attributes: Mapping[str, object]
) -> tuple[tuple[tuple[str, str], ...], str, bytes]:
    """Return headers, Content-Type and body of the event in binary mode.

    An empty Content-Type means that none is to be sent: the event says nothing about its data.
    """
    headers = []
    media_type = ""
    for name, value in _written(envelope, attributes):
        if name == "datacontenttype":
            media_type = str(value)
        else:
            headers.append((PREFIX + name, encode_value(value)))
    form, data = _data(envelope, attributes)
    if form == "none":
        return tuple(headers), media_type, b""
    if form == "data_base64":
        return tuple(headers), media_type, base64.b64decode(msgspec.json.decode(data, type=str))
    if is_json_type(media_type or None):
        return tuple(headers), media_type or DEFAULT_DATA_TYPE, data
    if data[:1] == b'"':
        return tuple(headers), media_type, msgspec.json.decode(data, type=str).encode()
    return tuple(headers), media_type, data


def _written(envelope: Envelope, attributes: Mapping[str, object]) -> Iterator[tuple[str, Value]]:
    """Yield the attributes in the specification's order, then the extensions."""
    if "specversion" not in attributes:
        yield from _given(envelope, attributes)
        return
    yield "specversion", SPEC_VERSION
    yield "id", str(attributes.get("id", envelope.id))
    yield "source", envelope.source
    yield "type", envelope.detail_type
    for name, value in attributes.items():
        if name in ("specversion", "id") or not is_name(name) or not isinstance(value, str | bool | int):
            continue
        if name != "datacontenttype" or is_media_type(value):
            yield name, value


def _given(envelope: Envelope, attributes: Mapping[str, object]) -> Iterator[tuple[str, Value]]:
    """Yield the attributes of an event that did not come as a CloudEvent."""
    yield "specversion", SPEC_VERSION
    yield "id", str(envelope.id)
    yield "source", uri_reference(envelope.source)
    yield "type", envelope.detail_type
    yield "time", _precise(envelope.time)
    yield "datacontenttype", DEFAULT_DATA_TYPE
    if envelope.resources != b"[]":
        yield "resources", envelope.resources.decode()
    yield from trace_headers(attributes)


def uri_reference(source: str) -> str:
    """Return a source as a URI reference: what may not stand in one is percent-encoded.

    >>> uri_reference("com.shop"), uri_reference("Zoë's shop, 100%")
    ('com.shop', "Zo%C3%AB's%20shop,%20100%25")
    """
    return quote(_LONE_PERCENT.sub("%25", source), safe=_URI_SAFE)


def _precise(moment: int) -> str:
    """Return a moment in microseconds as RFC 3339, with a fraction only if there is one."""
    if moment % 1_000_000 == 0:
        return utc_seconds(moment)
    return (_EPOCH + timedelta(microseconds=moment)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _data(envelope: Envelope, attributes: Mapping[str, object]) -> tuple[str, bytes]:
    """Return the member that holds data in JSON (``none`` if no member does) and its value's text."""
    form = attributes.get(DATA_AS)
    if form == "none":
        return "none", b""
    if form in ("data", "data_base64"):
        start = b'{"%b":' % str(form).encode()
        # Readers wrote the detail so; a detail of another form is shown whole.
        if envelope.detail.startswith(start):
            return str(form), envelope.detail[len(start) : -1]
    return "data", envelope.detail
