"""Which URLs and hosts a target may name: the check at saving and testing.

What counts is the check of each address right before its socket is opened (``domain.addresses``); a name may
resolve to anything by then. This one tells the person who configures a target at once what could never
pass, and keeps out every spelling on which two readers of a URL may disagree about the host.

An IPv4 address has many spellings that C libraries read and people do not: ``2130706433``, ``0x7f.1``,
``0177.0.0.1``, ``127.1``. They are read here as ``inet_aton`` reads them.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote, urlsplit

# Says why an address may not be reached, or None.
Guard = Callable[[str], str | None]

_WANTED = "http://host/path or https://host/path"
# Names that stand for this machine without a name server (RFC 6761).
_LOCAL = re.compile(r"(?:.+\.)?localhost|localhost\.localdomain|ip6-localhost|ip6-loopback")
_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*"
)
_NUMBER = re.compile(r"0[xX](?P<hex>[0-9a-fA-F]*)|(?P<octal>0[0-7]*)|(?P<decimal>[1-9][0-9]*)")


def check_url(url: str, guard: Guard | None = None) -> None:
    """Raise ValueError, saying what was wanted and found, unless ``url`` is one that we may call.

    With a guard, an address written in the URL is judged by it, and so is a name that means this machine.

    >>> check_url("https://example.com/orders?shop=1")
    >>> check_url("http://0x7f.1/", lambda address: f"{address} is a loopback address")
    Traceback (most recent call last):
    ValueError: host 0x7f.1: 127.0.0.1 is a loopback address; EVENTHUB_ALLOWED_NETWORKS does not allow it
    """
    # A text with an @ is not shown again: what stands before it may be a password.
    found = "one with an @" if "@" in url else repr(url)
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError(
            f"wanted {_WANTED} in ASCII without spaces and backslashes, found {found}{_encoded(url)}"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"wanted {_WANTED}, found {found}: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError(f"wanted {_WANTED}, found {found}")
    if "@" in parts.netloc:
        raise ValueError(
            f"wanted {_WANTED} without a user name and password: store them in a connection instead"
        )
    if parts.fragment or url.endswith("#"):
        raise ValueError(f"wanted a URL without a fragment, which is never sent, found {found}")
    check_host(f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname, guard)


def check_host(host: str, guard: Guard | None = None) -> None:
    """Raise ValueError unless ``host`` is a name or an address; with a guard, one that may be reached.

    >>> check_host("redis.example.com"), check_host("[::1]")
    (None, None)
    """
    address = literal_address(host)
    if address is None:
        name = host.lower().removesuffix(".")
        if not _NAME.fullmatch(name):
            raise ValueError(f"wanted the name or address of a host, found {host!r}")
        if guard is None or not _LOCAL.fullmatch(name):
            return
        address = IPv4Address("127.0.0.1")
    refused = guard(str(address)) if guard is not None else None
    if refused is not None:
        raise ValueError(f"host {host}: {refused}; EVENTHUB_ALLOWED_NETWORKS does not allow it")


def literal_address(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that ``host`` spells without a name server, or None if it is a name.

    Raises ValueError for what looks like an address and is none, or names a zone.

    >>> [str(literal_address(host)) for host in ("2130706433", "0177.0.0.1", "0x7f.1", "127.1", "127.0.0.1.")]
    ['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1']
    >>> literal_address("example.com") is None
    True
    """
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if ":" in host:
        if "%" in host:
            raise ValueError(f"wanted an address without a zone, found {host!r}")
        try:
            return ip_address(host)
        except ValueError:
            raise ValueError(f"wanted the name or address of a host, found {host!r}") from None
    parts = host.removesuffix(".").split(".")
    if not _NUMBER.fullmatch(parts[-1]):
        return None
    numbers = [_number(part) for part in parts]
    last = numbers.pop()
    whole = (
        len(numbers) <= 3
        and all(number is not None and number < 256 for number in numbers)
        and last is not None
        and last < 256 ** (4 - len(numbers))
    )
    if not whole or last is None:
        raise ValueError(f"wanted the name or address of a host, found {host!r}")
    for place, number in enumerate(numbers):
        last += (number or 0) << (8 * (3 - place))
    return IPv4Address(last)


def _number(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    if found is None or len(text) > 32:
        return None
    if found["hex"] is not None:
        return int(found["hex"] or "0", 16)
    return int(found["octal"], 8) if found["octal"] else int(found["decimal"])


def _encoded(url: str) -> str:
    """Say how a URL with other letters is written in ASCII, if that is plain."""
    try:
        parts = urlsplit(url)
        name = (parts.hostname or "").encode("idna").decode()
    except (ValueError, UnicodeError):
        return ""
    if not name or "@" in parts.netloc or not url.isprintable() or "\\" in url:
        return ""
    port = f":{parts.port}" if parts.port else ""
    rest = quote(parts.path, safe="/%:@!$&'()*+,;=-._~")
    query = f"?{quote(parts.query, safe='/?%:@!$&()*+,;=-._~')}" if parts.query else ""
    return f" (perhaps {parts.scheme}://{name}{port}{rest}{query})"
