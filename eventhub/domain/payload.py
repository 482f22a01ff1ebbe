"""Payload formats: how an event is written for a target that asked for no transform."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from eventhub.domain import cloudevent
from eventhub.domain.envelope import Envelope

JSON_TYPE = "application/json"


class PayloadFormat(StrEnum):
    """What a target receives."""

    EVENTBRIDGE = "eventbridge"  # the envelope, as EventBridge delivers it
    CLOUDEVENTS_STRUCTURED = "cloudevents-structured"  # one CloudEvent in JSON
    CLOUDEVENTS_BINARY = "cloudevents-binary"  # data in the body, attributes in ce- headers
    DETAIL = "detail"  # the producer's own bytes of detail, nothing else


@dataclass(frozen=True, slots=True)
class Payload:
    """The bytes to send, with the headers that say what they are.

    An empty ``content_type`` means that no such header is to be sent: a CloudEvent in binary mode that says
    nothing about its data, or has none.
    """

    body: bytes
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()


def render(form: PayloadFormat, envelope: Envelope, attributes: Mapping[str, object]) -> Payload:
    """Return the event in a format; ``attributes`` are the event's own, decoded."""
    match form:
        case PayloadFormat.EVENTBRIDGE:
            return Payload(envelope.as_bytes())
        case PayloadFormat.DETAIL:
            return Payload(envelope.detail)
        case PayloadFormat.CLOUDEVENTS_STRUCTURED:
            body = cloudevent.write_structured(envelope, attributes)
            return Payload(body, cloudevent.STRUCTURED_TYPE)
        case PayloadFormat.CLOUDEVENTS_BINARY:
            headers, content_type, body = cloudevent.write_binary(envelope, attributes)
            return Payload(body, content_type, headers)
