"""Which resolved addresses a target may reach.

Only public addresses, unless the operator allows more: otherwise whoever may configure a target could read
what only this machine can reach (cloud metadata, databases, admin pages). The check is made on the address
that the socket is about to be connected to, after DNS, so a name that resolves to a private address does not
pass, nor one that changes its mind between check and use.

An IPv4 address hides in IPv6 in several forms; each is unwrapped first, as often as needed. The tables are
our own, from IANA's special-purpose registries (2025-10): ``ipaddress.is_global`` changed its mind several
times between patch releases of Python.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

METADATA = {
    IPv4Address("169.254.169.254"),  # AWS, Azure, Google, OpenStack and others
    IPv4Address("169.254.170.2"),  # AWS ECS
    IPv4Address("169.254.170.23"),  # AWS EKS
    IPv4Address("100.100.100.200"),  # Alibaba
    IPv4Address("192.0.0.192"),  # Oracle
    IPv6Address("fd00:ec2::254"),  # AWS
    IPv6Address("fd00:ec2::23"),  # AWS EKS
    IPv6Address("fd20:ce::254"),  # Google
}

_REFUSED_V4 = [
    (IPv4Network("0.0.0.0/8"), "unspecified"),  # connecting to 0.0.0.0 reaches this machine
    (IPv4Network("10.0.0.0/8"), "private"),
    (IPv4Network("100.64.0.0/10"), "shared (carrier NAT)"),
    (IPv4Network("127.0.0.0/8"), "loopback"),
    (IPv4Network("169.254.0.0/16"), "link-local"),
    (IPv4Network("172.16.0.0/12"), "private"),
    (IPv4Network("192.0.0.0/24"), "reserved"),
    (IPv4Network("192.0.2.0/24"), "documentation"),
    (IPv4Network("192.88.99.0/24"), "reserved"),  # 6to4 relays
    (IPv4Network("192.168.0.0/16"), "private"),
    (IPv4Network("198.18.0.0/15"), "benchmarking"),
    (IPv4Network("198.51.100.0/24"), "documentation"),
    (IPv4Network("203.0.113.0/24"), "documentation"),
    (IPv4Network("224.0.0.0/4"), "multicast"),
    (IPv4Network("240.0.0.0/4"), "reserved"),  # with 255.255.255.255, broadcast
]
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = [
    (IPv6Network("::/128"), "unspecified"),
    (IPv6Network("::1/128"), "loopback"),
    (IPv6Network("fc00::/7"), "private"),
    (IPv6Network("fe80::/10"), "link-local"),
    (IPv6Network("fec0::/10"), "private"),  # site-local, deprecated
    (IPv6Network("ff00::/8"), "multicast"),
    (IPv6Network("64:ff9b:1::/48"), "private"),  # NAT64 for local use: leads into private IPv4
    (IPv6Network("2001::/23"), "reserved"),  # IETF protocols; Teredo is unwrapped before
    (IPv6Network("2001:db8::/32"), "documentation"),
    (IPv6Network("3fff::/20"), "documentation"),
]

_MAPPED = IPv6Network("::ffff:0:0/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")  # RFC 2765
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")


def normalised(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, or the address itself.

    >>> normalised(ip_address("64:ff9b::7f00:1")), normalised(ip_address("2002:a9fe:a9fe::"))
    (IPv4Address('127.0.0.1'), IPv4Address('169.254.169.254'))
    """
    if isinstance(address, IPv4Address):
        return address
    number = int(address)
    if address in _SIX_TO_FOUR:
        return IPv4Address(number >> 80 & 0xFFFFFFFF)
    if address in _TEREDO:  # the client's address, every bit turned
        return IPv4Address(~number & 0xFFFFFFFF)
    if address in _MAPPED or address in _TRANSLATED or address in _NAT64:
        return IPv4Address(number & 0xFFFFFFFF)
    if address in _COMPATIBLE and number > 1:  # not :: and ::1, which have meanings of their own
        return IPv4Address(number & 0xFFFFFFFF)
    # A scope (fe80::1%eth0) names an interface; it does not change what the address is.
    return IPv6Address(number)


def refusal(address: str, *, allowed: Sequence[Network] = (), loopback_allowed: bool = False) -> str | None:
    """Say why a target may not be reached at this address, or None if it may.

    ``allowed`` are the operator's networks beside the public ones. Text that is no address is refused.

    >>> refusal("93.184.215.14") is None, refusal("::ffff:10.0.0.7")
    (True, '::ffff:10.0.0.7 is a private address (10.0.0.7)')
    """
    try:
        found = normalised(ip_address(address))
    except ValueError:
        return f"{address!r} is not an IP address"
    if any(found in network for network in allowed):
        return None
    kind = _kind(found)
    if kind is None or (kind == "loopback" and loopback_allowed):
        return None
    inner = f" ({found})" if str(found) != address else ""
    article = "an" if kind[0] in "aeiou" else "a"
    return f"{address} is {article} {kind} address{inner}"


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """The operator's decision, ready to be asked about one address after the other."""

    allowed: Sequence[Network] = ()
    loopback_allowed: bool = False

    def __call__(self, address: str) -> str | None:
        """Say why an address may not be reached, or None if it may."""
        return refusal(address, allowed=self.allowed, loopback_allowed=self.loopback_allowed)


def _kind(address: Address) -> str | None:
    """Name what keeps an address from being public; None if it is public."""
    if address in METADATA:
        return "cloud metadata"
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _REFUSED_V4 if address in network), None)
    kind = next((kind for network, kind in _REFUSED_V6 if address in network), None)
    return kind or (None if address in _GLOBAL_V6 else "reserved")
