"""Preview: what a transform or a format makes of an event, before anything is sent."""

from dataclasses import dataclass

from eventhub.domain.payload import Payload, PayloadFormat
from eventhub.domain.transform import parse_transform
from eventhub.flow.payload import UnfitPayloadError, envelope_of, payload_of
from eventhub.journal.port import NewEvent

SAMPLE_RULE = "rule"  # what <aws.events.rule-name> says where no rule is given


@dataclass(frozen=True, slots=True)
class Preview:
    """An event's payload before and after; ``fault`` says why nothing would be sent."""

    before: bytes  # the envelope
    after: Payload | None
    fault: str = ""


def preview(
    event: NewEvent,
    transform: object = None,
    *,
    payload_format: PayloadFormat = PayloadFormat.EVENTBRIDGE,
    rule: str = SAMPLE_RULE,
) -> Preview:
    """Return what a target would receive of an event, by the same code as a delivery.

    ``transform`` as ``RuleTarget.transform`` stores it; raises TransformError if it is none.
    """
    envelope = envelope_of(event)
    try:
        after = payload_of(
            event, envelope, transform=parse_transform(transform), rule=rule, payload_format=payload_format
        )
    except UnfitPayloadError as error:
        return Preview(envelope.as_bytes(), None, str(error))
    return Preview(envelope.as_bytes(), after)
