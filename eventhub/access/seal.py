"""What is kept of a key's secret: a digest to compare with, and a sealed copy to verify signatures with."""

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from eventhub.secret import derive

DIGEST_LABEL = "api key digest"
SEAL_LABEL = "api key seal"


class BrokenSealError(Exception):
    """A sealed secret does not open: the installation's secret key is another one than when it was sealed."""


def digest(secret: str) -> bytes:
    """Return the 32 bytes that a key's secret is recognised by."""
    return hmac.digest(derive(settings.SECRET_KEY, DIGEST_LABEL), secret.encode(), "sha256")


def is_secret(secret: str, kept_digest: bytes) -> bool:
    """Tell, in constant time, whether this is the secret whose digest was kept."""
    return hmac.compare_digest(digest(secret), kept_digest)


def seal(secret: str) -> bytes:
    """Return the secret encrypted; only this installation opens it."""
    return _fernet().encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    """Return what was sealed; raises BrokenSealError under another secret key."""
    try:
        return _fernet().decrypt(sealed).decode()
    except InvalidToken:
        raise BrokenSealError(
            "a stored secret does not open: EVENTHUB_SECRET_KEY is not the one that sealed it"
        ) from None


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive(settings.SECRET_KEY, SEAL_LABEL)))
