"""What the stream brings as what a receiver gets: in the formats that targets have."""

from uuid import UUID

import msgspec

from eventhub.domain.cloudevent import STRUCTURED_TYPE, read_structured, write_binary
from eventhub.domain.envelope import Envelope
from eventhub.domain.payload import Payload, PayloadFormat

_NO_ID = UUID(int=0)


class _Named(msgspec.Struct, rename={"detail_type": "detail-type"}):
    source: str
    detail: msgspec.Raw = msgspec.Raw(b"{}")
    detail_type: str = ""  # of an envelope
    type: str = ""  # of a CloudEvent


_read = msgspec.json.Decoder(_Named).decode


def stream_format(form: PayloadFormat) -> str:
    """Return what the stream is asked for."""
    is_cloudevent = form in {PayloadFormat.CLOUDEVENTS_STRUCTURED, PayloadFormat.CLOUDEVENTS_BINARY}
    return "cloudevents" if is_cloudevent else "envelope"


def payload_of(form: PayloadFormat, data: bytes) -> Payload:
    """Return what is posted of an event of the stream."""
    match form:
        case PayloadFormat.EVENTBRIDGE:
            return Payload(data)
        case PayloadFormat.DETAIL:
            return Payload(bytes(_read(data).detail))
        case PayloadFormat.CLOUDEVENTS_STRUCTURED:
            return Payload(data, STRUCTURED_TYPE)
        case PayloadFormat.CLOUDEVENTS_BINARY:
            entry = read_structured(data, "")
            envelope = Envelope(
                _NO_ID, entry.source, entry.detail_type, entry.time or 0, b"[]", entry.detail, "", ""
            )
            headers, content_type, body = write_binary(envelope, entry.attributes)
            return Payload(body, content_type, headers)


def name_of(data: bytes) -> str:
    """Return an event's source and detail-type, or its type.

    >>> name_of(b'{"source":"shop","detail-type":"Order"}'), name_of(b'{"source":"/s","type":"t"}')
    ('shop Order', '/s t')
    """
    read = _read(data)
    return f"{read.source} {read.detail_type or read.type}"
