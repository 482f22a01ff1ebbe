"""Standard Webhooks signatures: how a receiver knows that a request is ours, and fresh.

What is signed is ``<webhook-id>.<webhook-timestamp>.<body>``, and three headers carry it:

    webhook-id          the same in every attempt: the receiver's idempotency key
    webhook-timestamp   this attempt's second, so that a recorded request grows old
    webhook-signature   ``v1,<base64>`` or ``v1a,<base64>``, several of them in one line

A secret is text that begins with what it is; the rest is base64:

    whsec_   symmetric (v1, HMAC-SHA256): 24 to 64 random bytes, known to both sides
    whsk_    private half of an Ed25519 pair (v1a): 32 bytes of seed, and in the long form 32 of public key
    whpk_    public half, 32 bytes: what the receiver is given

To change a secret, sign with the old and the new one for a while: a receiver is content with either. The
order of the secrets is the order of the signatures.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"

SYMMETRIC_PREFIX = "whsec_"
PRIVATE_PREFIX = "whsk_"
PUBLIC_PREFIX = "whpk_"
MIN_SECRET_BYTES = 24
MAX_SECRET_BYTES = 64
SEED_BYTES = 32
TOLERANCE_SECONDS = 300  # as the published libraries have it

# A dot would let one id and timestamp be read as another; a blank or line end would break the header.
_IDENTIFIER = re.compile(r"[!-\-/-~]{1,256}")
_TIMESTAMP = re.compile(r"[0-9]{1,11}")


class SecretError(ValueError):
    """The text is no secret. The sentence says what was wanted and never holds the text."""


class SignatureError(ValueError):
    """A request is not signed as it should be. The sentence says what is wrong."""


@dataclass(frozen=True, slots=True)
class SymmetricSecret:
    """A secret that both sides know; signs and verifies ``v1``."""

    key: bytes = field(repr=False)
    version = "v1"

    def sign(self, content: bytes) -> bytes:
        """Return the signature of what is to be signed."""
        return hmac.digest(self.key, content, "sha256")

    def verify(self, content: bytes, signature: bytes) -> bool:
        """Tell, in constant time, whether a signature is right."""
        return hmac.compare_digest(self.sign(content), signature)

    def __str__(self) -> str:
        return SYMMETRIC_PREFIX + _encode(self.key)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a pair that receivers get; verifies ``v1a``."""

    key: Ed25519PublicKey
    version = "v1a"

    def verify(self, content: bytes, signature: bytes) -> bool:
        """Tell whether a signature is right."""
        try:
            self.key.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    def __str__(self) -> str:
        return PUBLIC_PREFIX + _encode(self.key.public_bytes_raw())


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """The half of a pair that stays here; signs ``v1a``."""

    key: Ed25519PrivateKey = field(repr=False)
    version = "v1a"

    def sign(self, content: bytes) -> bytes:
        """Return the signature of what is to be signed."""
        return self.key.sign(content)

    @property
    def public(self) -> PublicKey:
        """Return the half for receivers."""
        return PublicKey(self.key.public_key())

    def __str__(self) -> str:
        raw = self.key.private_bytes_raw() + self.key.public_key().public_bytes_raw()
        return PRIVATE_PREFIX + _encode(raw)


SigningSecret = SymmetricSecret | PrivateKey
VerifyingSecret = SymmetricSecret | PublicKey


def symmetric_secret(random: bytes) -> SymmetricSecret:
    """Return a secret of 24 to 64 random bytes; 32 are a good number.

    >>> str(symmetric_secret(bytes(24)))
    'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    if not MIN_SECRET_BYTES <= len(random) <= MAX_SECRET_BYTES:
        raise SecretError(
            f"wanted {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes after {SYMMETRIC_PREFIX}, "
            f"found {len(random)}"
        )
    return SymmetricSecret(random)


def private_key(random: bytes) -> PrivateKey:
    """Return the pair that grows from 32 random bytes.

    >>> str(private_key(bytes(32)).public)
    'whpk_O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik='
    """
    if len(random) != SEED_BYTES:
        raise SecretError(f"wanted {SEED_BYTES} random bytes, found {len(random)}")
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(random))


def parse_secret(text: str) -> SigningSecret:
    """Read a secret to sign with, ``whsec_…`` or ``whsk_…``; raises SecretError.

    >>> parse_secret("whsec_c2hvcnQ=")
    Traceback (most recent call last):
    eventhub.domain.signature.SecretError: wanted 24 to 64 bytes after whsec_, found 5
    """
    if text.startswith(SYMMETRIC_PREFIX):
        return symmetric_secret(_decode(text, SYMMETRIC_PREFIX))
    if text.startswith(PRIVATE_PREFIX):
        return _pair(_decode(text, PRIVATE_PREFIX))
    if text.startswith(PUBLIC_PREFIX):
        raise SecretError(f"wanted a private key ({PRIVATE_PREFIX}…), found its public half")
    raise SecretError(f"wanted {SYMMETRIC_PREFIX}… or {PRIVATE_PREFIX}…, found text that begins with neither")


def parse_public_key(text: str) -> PublicKey:
    """Read the public half of a pair, ``whpk_…``; raises SecretError."""
    if not text.startswith(PUBLIC_PREFIX):
        raise SecretError(f"wanted {PUBLIC_PREFIX}…, found text that does not begin so")
    raw = _decode(text, PUBLIC_PREFIX)
    if len(raw) != SEED_BYTES:
        raise SecretError(f"wanted {SEED_BYTES} bytes after {PUBLIC_PREFIX}, found {len(raw)}")
    return PublicKey(Ed25519PublicKey.from_public_bytes(raw))


def sign(
    message_id: str, timestamp_seconds: int, body: bytes, secrets: Sequence[SigningSecret]
) -> tuple[tuple[str, str], ...]:
    """Return the three headers, by lower-case name; ``timestamp_seconds`` since 1970.

    Without secrets there are two: a receiver knows a delivery again by its id though nothing is signed.

    >>> sign("e1-7", 1700000000, b"{}", [symmetric_secret(bytes(24))])[2]
    ('webhook-signature', 'v1,6DVby695/ertGeeoIY1nHEwK2XhMc0gPb5mSm+Syl9o=')
    """
    if not _IDENTIFIER.fullmatch(message_id):
        raise ValueError(f"webhook-id: wanted printable ASCII without dots, found {message_id!r}")
    headers = ((ID, message_id), (TIMESTAMP, str(timestamp_seconds)))
    if not secrets:
        return headers
    content = _content(message_id, str(timestamp_seconds), body)
    signatures = [f"{secret.version},{_encode(secret.sign(content))}" for secret in secrets]
    return (*headers, (SIGNATURE, " ".join(signatures)))


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[VerifyingSecret],
    *,
    now_seconds: float,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> None:
    """Raise SignatureError unless one signature is right and the request is fresh.

    Header names are lower-case. Signatures of unknown versions are passed over, so that new ones may come.
    """
    for name in (ID, TIMESTAMP, SIGNATURE):
        if not headers.get(name):
            raise SignatureError(f"{name}: wanted this header, found none")
    timestamp = headers[TIMESTAMP]
    if not (timestamp.isascii() and _TIMESTAMP.fullmatch(timestamp)):
        raise SignatureError(f"{TIMESTAMP}: wanted seconds since 1970, found {timestamp[:64]!r}")
    age = now_seconds - int(timestamp)
    if abs(age) > tolerance_seconds:
        side = "in the past" if age > 0 else "in the future"
        raise SignatureError(f"{TIMESTAMP}: wanted at most {tolerance_seconds:g} s off, found more {side}")
    content = _content(headers[ID], timestamp, body)
    for one in headers[SIGNATURE].split(" "):
        version, _, text = one.partition(",")
        try:
            signature = base64.b64decode(text, validate=True)
        except binascii.Error:
            continue
        if any(secret.version == version and secret.verify(content, signature) for secret in secrets):
            return
    raise SignatureError(f"{SIGNATURE}: wanted one signature by a known secret, found none")


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return b"%b.%b.%b" % (message_id.encode(), timestamp.encode(), body)


def _pair(raw: bytes) -> PrivateKey:
    if len(raw) not in (SEED_BYTES, 2 * SEED_BYTES):
        raise SecretError(
            f"wanted {SEED_BYTES} or {2 * SEED_BYTES} bytes after {PRIVATE_PREFIX}, found {len(raw)}"
        )
    pair = private_key(raw[:SEED_BYTES])
    if len(raw) > SEED_BYTES and pair.key.public_key().public_bytes_raw() != raw[SEED_BYTES:]:
        raise SecretError(
            f"wanted two halves of one pair after {PRIVATE_PREFIX}, found another's public half"
        )
    return pair


def _decode(text: str, prefix: str) -> bytes:
    rest = text[len(prefix) :]
    try:
        # Some tools leave the padding away; the published libraries accept that too.
        return base64.b64decode(rest + "=" * (-len(rest) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise SecretError(f"wanted base64 after {prefix}, found other characters") from None


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
