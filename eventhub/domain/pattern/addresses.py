"""IP addresses as patterns read them: plain IPv4 and IPv6 texts, nothing else."""

import re
from dataclasses import dataclass

_V4_GROUP = re.compile(r"[0-9]+")
_V6_GROUP = re.compile(r"[0-9a-fA-F]{1,4}")
_V6_CHARACTERS = re.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*")
_V4_CHARACTERS = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
# "255.255.255.255" and eight groups of four: longer texts are not addresses.
_MAX_V4, _MAX_V6 = 15, 39


@dataclass(frozen=True, slots=True)
class Address:
    """An address as a number, of 32 or of 128 bits."""

    value: int
    bits: int


def read_address(text: str) -> Address | None:
    """Return the address that the text is, or None.

    Leading zeros of IPv4 are decimal. An IPv4 address mapped into IPv6 is the
    IPv4 address. Dotted tails and zones are not read.

    >>> read_address("10.0.0.01") == read_address("::ffff:a00:1")
    True
    >>> read_address("10.0.0.300") is read_address("12:34") is None
    True
    """
    if len(text) > _MAX_V6 or not text.isascii():
        return None
    if "." in text:
        return _read_v4(text)
    return _read_v6(text) if ":" in text else None


def looks_like_address(text: str) -> bool:
    """Tell whether the text has an address's shape, be it one or not.

    >>> looks_like_address("10.0.0.256"), looks_like_address("10.0.0")
    (True, False)
    """
    return bool(_V4_CHARACTERS.fullmatch(text) or _V6_CHARACTERS.fullmatch(text))


def _read_v4(text: str) -> Address | None:
    groups = text.split(".")
    if len(text) > _MAX_V4 or len(groups) != 4 or not all(_V4_GROUP.fullmatch(group) for group in groups):
        return None
    value = 0
    for group in groups:
        if int(group) > 255:
            return None
        value = value << 8 | int(group)
    return Address(value, 32)


def _read_v6(text: str) -> Address | None:
    head, gap, tail = text.partition("::")
    left = head.split(":") if head else []
    right = tail.split(":") if tail else []
    groups = left + right
    if not all(_V6_GROUP.fullmatch(group) for group in groups):
        return None
    missing = 8 - len(groups)
    if missing < 0 or bool(gap) != (missing > 0):
        return None
    value = 0
    for group in left + ["0"] * missing + right:
        value = value << 16 | int(group, 16)
    if value >> 32 == 0xFFFF:
        return Address(value & 0xFFFFFFFF, 32)
    return Address(value, 128)
