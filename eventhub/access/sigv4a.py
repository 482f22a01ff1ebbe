"""AWS Signature Version 4A: what is asymmetric about it. Pure.

Clients sign so where a request may reach several Regions: PutEvents with an EndpointId. The key of the
signature, on the curve P-256, is derived from the secret, so that we can derive it too.
"""

import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ALGORITHM = "AWS4-ECDSA-P256-SHA256"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the curve
_LAST_COUNTER = 254


def is_signed(text: str, signature: str, *, key_id: str, secret: str) -> bool:
    """Tell whether the key signed the text; ``signature`` is DER in hexadecimal."""
    try:
        public_key(key_id, secret).verify(bytes.fromhex(signature), text.encode(), ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=256)  # each takes a multiplication on the curve
def public_key(key_id: str, secret: str) -> ec.EllipticCurvePublicKey:
    """Return the key that belongs to a secret, by NIST SP 800-108 in counter mode."""
    fixed = ALGORITHM.encode() + b"\0" + key_id.encode()
    for counter in range(1, _LAST_COUNTER + 1):
        said = b"\0\0\0\1" + fixed + bytes([counter]) + (256).to_bytes(4, "big")
        candidate = int.from_bytes(hmac.digest(f"AWS4A{secret}".encode(), said, "sha256"), "big")
        if candidate <= _ORDER - 2:
            return ec.derive_private_key(candidate + 1, ec.SECP256R1()).public_key()
    raise ValueError("no key can be derived")  # one secret of 2 to the power of 8,000
