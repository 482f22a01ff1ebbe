"""From an HTTP message to entries."""

import base64
import binascii
import json
from collections.abc import Iterable
from enum import Enum

import msgspec

from eventhub.domain.cloudevent.attributes import (
    CloudEventError,
    Value,
    entry_of,
    is_json_type,
    is_text_type,
    shown,
)
from eventhub.domain.cloudevent.headers import PREFIX, decode_value
from eventhub.domain.entry import Entry, Fault, Rejected
from eventhub.domain.jsonfold import fold, unfold
from eventhub.domain.jsontext import JsonTextError, decode

MAX_BATCH = 1000
# No error message is worth seconds: the slow reader, which says where, takes up to 16 µs a byte.
_CLOSELY_BYTES = 64 * 1024

_BATCH = "application/cloudevents-batch"
_STRUCTURED = "application/cloudevents"

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements = msgspec.json.Decoder(list[msgspec.Raw])
_value = msgspec.json.Decoder(str | bool | int | None)
_text = msgspec.json.Decoder(str)
_raw = msgspec.json.Decoder(msgspec.Raw)


class Mode(Enum):
    """How a message carries events."""

    BINARY = "binary"
    STRUCTURED = "structured"
    BATCH = "batch"


class UnsupportedFormatError(CloudEventError):
    """The events are in a format other than JSON (HTTP: 415)."""


def mode_of(content_type: str | None) -> Mode:
    """Return how a message of this Content-Type carries events; raises UnsupportedFormatError.

    >>> mode_of("application/CloudEvents-Batch+JSON; charset=UTF-8"), mode_of("text/plain")
    (<Mode.BATCH: 'batch'>, <Mode.BINARY: 'binary'>)
    """
    found = (content_type or "").strip().lower()
    media_type = found.partition(";")[0].rstrip()
    # The batch's name begins with the other's.
    for start, mode in ((_BATCH, Mode.BATCH), (_STRUCTURED, Mode.STRUCTURED)):
        if found.startswith(start):
            if media_type not in (start, f"{start}+json"):
                raise UnsupportedFormatError("content-type", f"{start}+json", shown(media_type))
            return mode
    return Mode.BINARY


def read_structured(body: bytes, bus: str) -> Entry:
    """Return the entry of one event in JSON; raises CloudEventError.

    >>> read_structured(b'{"specversion":"1.0","id":"1","source":"/s","type":"order","data":7}', "b").detail
    b'{"data":7}'
    """
    members = _read_members(body)
    data, encoded = members.pop("data", None), members.pop("data_base64", None)
    attributes: dict[str, Value] = {}
    for name, text in members.items():
        value = _read_value(name, text)
        if value is not None:  # null means: not there
            attributes[name] = value
    if data is not None and encoded is not None:
        raise CloudEventError("data_base64", "either data or data_base64", "both", Fault.UNKNOWN_MEMBER)
    if encoded is not None:
        detail, data_as = b'{"data_base64":%b}' % _check_base64(encoded), "data_base64"
        return entry_of(attributes, bus=bus, detail=detail, data_as=data_as)
    if data is None:
        return entry_of(attributes, bus=bus, detail=b"{}", data_as="none")
    return _entry_of_json(attributes, data, bus)


def read_batch(body: bytes, bus: str, *, most: int = MAX_BATCH) -> list[Entry | Rejected]:
    """Return the entries of a batch, in order, or why one is rejected; raises CloudEventError for the whole.

    An empty batch is one.
    """
    if body.lstrip(b" \t\r\n")[:1] != b"[":
        raise CloudEventError("", "an array of events", _kind(body.lstrip(b" \t\r\n")))
    try:
        text, folded = fold(body, 1)
        elements = [unfold(bytes(element), folded) for element in _elements.decode(text)]
    except (msgspec.MsgspecError, ValueError) as error:
        raise _not_json(body, error) from None
    if len(elements) > most:
        raise CloudEventError("", f"at most {most} events", str(len(elements)), Fault.TOO_LARGE)
    return [_read_element(element, bus) for element in elements]


def read_binary(headers: Iterable[tuple[bytes, bytes]], body: bytes, bus: str) -> Entry:
    """Return the entry of a message whose attributes are headers; raises CloudEventError.

    Names of headers are lower-case, as ASGI has them.

    >>> headers = {b"ce-specversion": b"1.0", b"ce-id": b"1", b"ce-source": b"/s", b"ce-type": b"t%20u"}
    >>> read_binary(headers.items(), b"", "b").detail_type
    't u'
    """
    attributes: dict[str, Value] = {}
    for raw_name, raw_value in headers:
        name = raw_name.decode("latin-1")
        if name.startswith(PREFIX):
            if name == "ce-datacontenttype":
                wanted = "the type of the data in Content-Type"
                raise CloudEventError(name, wanted, "this header too", Fault.UNKNOWN_MEMBER)
            if name[len(PREFIX) :] in attributes:
                raise CloudEventError(name, "this header once", "it twice", Fault.REPEATED_MEMBER)
            attributes[name[len(PREFIX) :]] = _read_header(name, raw_value)
        elif name == "content-type":
            attributes["datacontenttype"] = raw_value.decode("latin-1").strip()
    if not body:
        return entry_of(attributes, bus=bus, detail=b"{}", data_as="none", prefix=PREFIX)
    media_type = attributes.get("datacontenttype")
    if isinstance(media_type, str):
        if is_json_type(media_type):
            return _entry_of_json(attributes, _one_value(body), bus, prefix=PREFIX)
        if is_text_type(media_type) and (text := _utf8(body)) is not None:
            detail = b'{"data":%b}' % msgspec.json.encode(text)
            return entry_of(attributes, bus=bus, detail=detail, data_as="data", prefix=PREFIX)
    detail = b'{"data_base64":"%b"}' % base64.b64encode(body)
    return entry_of(attributes, bus=bus, detail=detail, data_as="data_base64", prefix=PREFIX)


def _entry_of_json(attributes: dict[str, Value], data: bytes, bus: str, prefix: str = "") -> Entry:
    if data[:1] == b"{":
        return entry_of(attributes, bus=bus, detail=data, data_as=None, prefix=prefix)
    return entry_of(attributes, bus=bus, detail=b'{"data":%b}' % data, data_as="data", prefix=prefix)


def _one_value(body: bytes) -> bytes:
    """Return the one JSON value of a body. What lies in an object or array is checked with the detail."""
    body = body.strip(b" \t\r\n")
    try:
        body.decode()
        try:
            _raw.decode(body)  # else whatever followed the value would come to lie in the detail
        except RecursionError:
            _raw.decode(fold(body, 0)[0])
    except (msgspec.MsgspecError, ValueError):
        raise CloudEventError(
            "data", "JSON, as Content-Type says", "other text", Fault.MALFORMED_DETAIL
        ) from None
    return body


def _read_element(element: bytes, bus: str) -> Entry | Rejected:
    try:
        return read_structured(element, bus)
    except CloudEventError as error:
        return error.rejected()


def _read_members(body: bytes) -> dict[str, bytes]:
    if body.lstrip(b" \t\r\n")[:1] != b"{":
        raise CloudEventError("", "an event, a JSON object", _kind(body.lstrip(b" \t\r\n")))
    try:
        body.decode()  # values that are put aside are not looked into
        if (plain := _plain_members(body)) is not None:
            return plain
        text, folded = fold(body, 1)
        members = _members.decode(text)
        pairs = json.loads(text, object_pairs_hook=list, parse_int=str, parse_float=str)
    except (msgspec.MsgspecError, ValueError) as error:
        raise _not_json(body, error) from None
    names: set[str] = set()
    for name, _value in pairs:
        if name in names:
            raise CloudEventError(name[:256], "a member once", "it twice", Fault.REPEATED_MEMBER)
        names.add(name)
    return {name: unfold(bytes(value), folded) for name, value in members.items()}


def _plain_members(body: bytes) -> dict[str, bytes] | None:
    """Return the members if none of them can be there twice, else None: look closely.

    It is so if writing them again makes the same text, in either of the two ways that most producers write.
    """
    try:
        members = {name: bytes(value) for name, value in _members.decode(body).items()}
    except (msgspec.MsgspecError, RecursionError):
        return None
    for comma, colon in ((b",", b":"), (b", ", b": ")):
        written = comma.join([b'"%b"%b%b' % (name.encode(), colon, text) for name, text in members.items()])
        if body == b"{%b}" % written:
            return members
    return None


def _read_value(name: str, text: bytes) -> Value | None:
    if text[:1] not in b"{[":
        try:
            value: Value | None = _value.decode(text)
            return value
        except msgspec.MsgspecError:
            pass  # a number that is no integer
    raise CloudEventError(name[:256], "a string, a boolean or an integer of 32 bits", _kind(text))


def _read_header(name: str, value: bytes) -> str:
    try:
        return decode_value(value)
    except UnicodeDecodeError:
        raise CloudEventError(
            name, "UTF-8 behind the percent signs", "other bytes", Fault.BAD_CHARACTER
        ) from None


def _check_base64(text: bytes) -> bytes:
    try:
        base64.b64decode(_text.decode(text), validate=True)
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        raise CloudEventError(
            "data_base64", "base64 in a string", _kind(text), Fault.MALFORMED_DETAIL
        ) from None
    return text


def _utf8(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


_KINDS = {b"": "nothing", b"{": "an object", b"[": "an array", b'"': "a string"}
_KINDS |= {b"t": "true", b"f": "false", b"n": "null"}


def _kind(value: bytes) -> str:
    """Name what a value's first character says it is."""
    first = value[:1]
    return _KINDS.get(first) or ("a number" if first in b"-0123456789" else "other text")


def _not_json(body: bytes, error: Exception) -> CloudEventError:
    found = str(error)
    if len(body) <= _CLOSELY_BYTES and not isinstance(error, JsonTextError):
        try:
            decode(body)
        except JsonTextError as closer:
            found = str(closer)
    return CloudEventError("", "JSON", found)
