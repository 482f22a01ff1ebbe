"""The installation's secret key: given, or written once to the data directory; and what it derives and seals.

What is sealed is encrypted (Fernet) by a key of its purpose's own: a text sealed as one thing does not open
as another, and whoever got hold of one purpose's key has no other's.
"""

import base64
import hashlib
import os
import secrets
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core.exceptions import ImproperlyConfigured

MINIMUM_LENGTH = 32


class Purpose(StrEnum):
    """What a text is sealed as. The values are HKDF labels: to change one makes what it sealed unreadable."""

    API_SECRET = "api key seal"  # noqa: S105 - a label; of API keys, to verify signatures with
    TARGET = "target seal"  # secret settings and signing secrets of targets
    CONNECTION = "connection seal"  # passwords, tokens and client secrets of connections
    CURSOR = "cursor seal"  # where a search goes on; kept nowhere


class BrokenSealError(Exception):
    """What is sealed does not open: it was sealed under another secret key, or is damaged."""


def secret_key(given: str, data_dir: Path, *, may_create: bool) -> str:
    """Return the secret key: ``given``, else that of ``<data_dir>/secret-key``, made there if allowed.

    Raises ImproperlyConfigured if there is none and this process may not make one (roles that share an
    installation must be given the same key), or if a given one is too short.
    """
    if given:
        if len(given) < MINIMUM_LENGTH:
            raise ImproperlyConfigured(
                f"EVENTHUB_SECRET_KEY: wanted at least {MINIMUM_LENGTH} characters, found {len(given)}"
            )
        return given
    path = data_dir / "secret-key"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    if not may_create:
        raise ImproperlyConfigured(
            "EVENTHUB_SECRET_KEY is not set: every process of an installation needs the same one; make it by "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # events are nobody else's to read
    key = secrets.token_urlsafe(48)
    # Written beside and linked into place: two first starts at once agree on one key, never on half of one.
    draft = data_dir / f".secret-key-{os.getpid()}"
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()


@lru_cache(maxsize=16)
def derive(secret: str, label: str) -> bytes:
    """Return 32 bytes for the purpose ``label`` (HKDF-SHA256, RFC 5869).

    One purpose's key tells nothing of another's.
    """
    salt = hashlib.sha256(b"eventhub").digest()
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=label.encode()).derive(secret.encode())


def seal(text: str, purpose: Purpose, key: str) -> bytes:
    """Return the text encrypted; only who has the installation's secret key opens it."""
    return _fernet(key, purpose).encrypt(text.encode())


def unseal(sealed: bytes, purpose: Purpose, key: str) -> str:
    """Return what was sealed for this purpose under this secret key; raises BrokenSealError."""
    try:
        return _fernet(key, purpose).decrypt(sealed).decode()
    except InvalidToken:
        raise BrokenSealError(
            "a stored secret does not open: EVENTHUB_SECRET_KEY is not the one that sealed it "
            "(manage.py rotate_secrets seals all of them anew)"
        ) from None


def _fernet(key: str, purpose: Purpose) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive(key, purpose)))
