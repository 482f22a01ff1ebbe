"""The key in the flow page's first ``curl``: for one bus and one hour, so that the line works when pasted."""

from datetime import datetime, timedelta

from django.db import transaction

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.access.seal import unseal
from eventhub.models import ApiKey, Bus

NAME = "first event"
LASTS = timedelta(hours=1)
# A page opened again shows the same key while it is good for this long; else each visit would mint one.
REUSED_WITH = timedelta(minutes=30)


def first_event_key(bus: Bus, now: datetime) -> tuple[ApiKey, str]:
    """Return a key that may put events on ``bus`` for up to an hour, and its secret; forget expired ones."""
    with transaction.atomic():
        ours = ApiKey.objects.filter(name=NAME, scopes=[Scope.EVENTS_PUT], expires_at__isnull=False)
        lasting = ours.filter(buses=bus, enabled=True, expires_at__gt=now + REUSED_WITH).first()
        if lasting is not None and lasting.buses.count() == 1:
            return lasting, unseal(bytes(lasting.sealed_secret))
        expired = ours.filter(expires_at__lte=now)
        if expired.exists():
            expired.delete()
        return mint(NAME, [Scope.EVENTS_PUT], buses=[bus], expires_at=now + LASTS)
