"""Payload: the bytes that a target receives of an event, by the rule's transform or in the target's format.

A transform makes the whole payload, so the format is then not asked: its result is JSON, or EventBridge's
quoted text, and goes as ``application/json`` as it does there.
"""

from django.conf import settings

from eventhub.domain import jsontext
from eventhub.domain.arn import rule_arn
from eventhub.domain.envelope import Envelope
from eventhub.domain.payload import Payload, PayloadFormat, render
from eventhub.domain.transform import Context, Transform, TransformError
from eventhub.flow.replayed import replay_of
from eventhub.flow.sender import account_of
from eventhub.journal.port import NewEvent


class UnfitPayloadError(Exception):
    """The transform makes nothing of this event that may be sent; the sentence says why."""


def envelope_of(event: NewEvent) -> Envelope:
    """Return the envelope of an event: its sender's account, and this installation's region."""
    return Envelope(
        id=event.id,
        source=event.source,
        detail_type=event.detail_type,
        time=event.time,
        resources=event.resources,
        detail=event.detail,
        account=account_of(event),
        region=settings.REGION,
        replay_name=replay_of(event),
    )


def payload_of(
    event: NewEvent,
    envelope: Envelope,
    *,
    transform: Transform | TransformError | None,
    rule: str,
    payload_format: PayloadFormat,
) -> Payload:
    """Return what is sent of an event for a rule; raises UnfitPayloadError.

    A stored transform that cannot be read is raised as the error that it is.
    """
    if isinstance(transform, TransformError):
        raise transform
    if transform is None:
        # The envelope has no use for them, and they cost a decoding.
        attributes = {} if payload_format is PayloadFormat.EVENTBRIDGE else jsontext.decode(event.attributes)
        return render(payload_format, envelope, attributes)
    where = {"region": settings.REGION, "account": settings.ACCOUNT_ID}
    context = Context(rule_arn(event.bus, rule, **where), rule, event.accepted_at)
    transformed = transform.apply(envelope, context=context)
    if transformed.fault:
        raise UnfitPayloadError(transformed.fault)
    return Payload(transformed.body)
