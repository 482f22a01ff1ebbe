"""`{"cidr": "10.0.0.0/8"}`."""

# ruff: noqa: D102 - what the methods promise stands in base.py

import re
from dataclasses import dataclass, field
from typing import Any, Self

from eventhub.domain.jsontokens import Kind
from eventhub.domain.pattern.addresses import Address, looks_like_address, read_address
from eventhub.domain.pattern.operators.base import Leaf
from eventhub.domain.pattern.operators.wording import quoted
from eventhub.domain.pattern.reader import Reader

_INTEGER = re.compile(r"[+-]?[0-9]+")
_MAX_INTEGER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Cidr:
    """A string that is an address in the range; the range's host bits do not count."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    text: str
    address: Address = field(compare=False)
    host_bits: int = field(compare=False)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        token = reader.next()
        if token.kind is not Kind.STRING:
            raise reader.error("prefix match pattern must be a string", "cidr", wanted="a string")
        text = reader.text_of(token)
        address, mask = _read_range(reader, text)
        reader.only_key("cidr", "Only one key allowed in match expression")
        return cls(text, address, address.bits - mask)

    def matches(self, leaf: Leaf) -> bool:
        if type(leaf) is not str:
            return False
        address = read_address(leaf)
        return (
            address is not None
            and address.bits == self.address.bits
            and address.value >> self.host_bits == self.address.value >> self.host_bits
        )

    def dump(self) -> Any:
        return {"cidr": self.text}

    def words(self) -> str:
        return f"an address in {self.text}"


def _read_range(reader: Reader, text: str) -> tuple[Address, int]:
    def refuse(reference: str, wanted: str) -> Exception:
        # The reference gives these texts without a location.
        return reader.error(reference, "cidr", wanted=wanted, found=quoted(text), locations=0)

    # Like Java's split: empty parts at the end do not count, so "10.0.0.0/8/" is legal.
    parts = text.rstrip("/").split("/") if text.strip("/") else []
    if len(parts) != 2:
        raise refuse("Malformed CIDR, one '/' required", "an address, a slash and a number of bits")
    host, bits = parts
    if not _INTEGER.fullmatch(bits) or abs(int(bits)) > _MAX_INTEGER:
        raise refuse("Malformed CIDR, mask bits must be an integer", "a number of bits after the slash")
    mask = int(bits)
    if mask < 0:
        raise refuse("Malformed CIDR, mask bits must not be negative", "a number of bits from 0")
    address = read_address(host)
    if address is None:
        kind = "Invalid" if looks_like_address(host) else "Nonstandard"
        raise refuse(f"{kind} IP address: {host}", "an IP address before the slash")
    if mask >= address.bits:
        family = "IPv4" if address.bits == 32 else "IPv6"
        wanted = f"fewer than {address.bits} bits for {family}"
        raise refuse(f"{family} mask bits must be < {address.bits}", wanted)
    return address, mask
