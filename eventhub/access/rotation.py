"""Another secret for an API key, while the one before goes on opening doors for a time.

Two secrets are good at most: rotating again before the old one has ended ends it at once, so that nobody
can gather secrets of a key. (``access.rotate`` is about the installation's secret key.)
"""

from datetime import datetime, timedelta

from django.db import transaction

from eventhub.access import seal
from eventhub.access.keys import new_secret
from eventhub.models import ApiKey

OVERLAP_SECONDS = 86_400  # unless asked otherwise
MAX_OVERLAP_SECONDS = 30 * 86_400


def rotate_key(key_id: str, *, overlap_seconds: float, now: datetime) -> tuple[ApiKey, str]:
    """Give a key another secret and return both; what it was before is good until the overlap ends.

    The secret cannot be shown again. Raises ApiKey.DoesNotExist.
    """
    secret = new_secret()
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().get(pk=key_id)
        overlaps = overlap_seconds > 0
        key.old_secret_digest = bytes(key.secret_digest) if overlaps else None
        key.old_sealed_secret = bytes(key.sealed_secret) if overlaps else None
        key.old_secret_until = now + timedelta(seconds=overlap_seconds) if overlaps else None
        key.secret_digest, key.sealed_secret = seal.digest(secret), seal.seal(secret)
        key.save(
            update_fields=[
                "secret_digest",
                "sealed_secret",
                "old_secret_digest",
                "old_sealed_secret",
                "old_secret_until",
                "updated_at",
            ]
        )
    return key, secret
