"""What a target receives of an event: its envelope."""

from django.conf import settings

from eventhub.domain.envelope import Envelope
from eventhub.journal.port import NewEvent


def envelope_of(event: NewEvent) -> Envelope:
    """Return the envelope of an event, under this installation's account and region."""
    return Envelope(
        id=event.id,
        source=event.source,
        detail_type=event.detail_type,
        time=event.time,
        resources=event.resources,
        detail=event.detail,
        account=settings.ACCOUNT_ID,
        region=settings.REGION,
    )
