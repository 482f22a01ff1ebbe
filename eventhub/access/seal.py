"""What is kept of a key's secret: a digest to compare with, and a sealed copy to verify signatures with.

The secrets of targets and connections are sealed apart from these, by ``models.sealed``.
"""

import hmac

from django.conf import settings

from eventhub import secret as installation
from eventhub.secret import BrokenSealError as BrokenSealError  # noqa: PLC0414 - said again here for our users
from eventhub.secret import Purpose, derive

DIGEST_LABEL = "api key digest"


def digest(secret: str) -> bytes:
    """Return the 32 bytes that a key's secret is recognised by."""
    # Not hmac.digest, which gives the interpreter's lock away for every text, however short: with other
    # threads at work, the event loop waited for it longer than it reckoned, at each request.
    return hmac.new(derive(settings.SECRET_KEY, DIGEST_LABEL), secret.encode(), "sha256").digest()


def is_secret(secret: str, kept_digest: bytes) -> bool:
    """Tell, in constant time, whether this is the secret whose digest was kept."""
    return hmac.compare_digest(digest(secret), kept_digest)


def seal(secret: str) -> bytes:
    """Return the secret encrypted; only this installation opens it."""
    return installation.seal(secret, Purpose.API_SECRET, settings.SECRET_KEY)


def unseal(sealed: bytes) -> str:
    """Return what was sealed; raises BrokenSealError under another secret key."""
    return installation.unseal(sealed, Purpose.API_SECRET, settings.SECRET_KEY)
