"""Headers that people configure: which they may set, and how libcurl takes them."""

import re
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import quote

# Of one connection only (RFC 9110, section 7.6.1), or what libcurl writes itself.
_NOT_YOURS = {
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_OURS = {"content-type", "user-agent"}
_OUR_PREFIXES = ("webhook-", "ce-", "eventhub-")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")  # a token of RFC 9110
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_SAFE = "".join(map(chr, range(0x20, 0x7F)))


def check_headers(headers: Mapping[str, str], *, may: Collection[str] = ()) -> None:
    """Raise ValueError unless people may set these headers; ``may`` are names of ours that they may.

    >>> check_headers({"X-Shop": "7"})
    >>> check_headers({"Host": "internal"})
    Traceback (most recent call last):
    ValueError: Host: this header is set by Eventhub
    """
    seen: set[str] = set()
    for name, value in headers.items():
        small = name.lower()
        if not _NAME.fullmatch(name):
            raise ValueError(f"wanted a header's name (letters, digits, hyphens), found {name[:64]!r}")
        if small in seen:
            raise ValueError(f"{name}: wanted once, found twice")
        seen.add(small)
        if small in may:
            pass
        elif small in _NOT_YOURS or small in _OURS or small.startswith(_OUR_PREFIXES):
            raise ValueError(f"{name}: this header is set by Eventhub")
        if not _VALUE.fullmatch(value):
            # The value may be a secret; it is not repeated.
            raise ValueError(f"{name}: wanted a value of printable ASCII characters, found others")


def lines(headers: Sequence[tuple[str, str]]) -> list[str]:
    """Return headers as libcurl takes them: ``Name;`` is how it is told to send an empty one."""
    return [f"{name}: {value}" if value else f"{name};" for name, value in headers]


def beside(headers: Sequence[tuple[str, str]], more: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those of ``more`` whose names are not among ``headers``: what people configured wins.

    >>> beside([("Traceparent", "00-1")], [("traceparent", "00-2"), ("tracestate", "a=b")])
    [('tracestate', 'a=b')]
    """
    names = {name.lower() for name, _value in headers}
    return [(name, value) for name, value in more if name.lower() not in names]


def one_line(value: str) -> str:
    """Return any text as a header's value: what is not printable ASCII is percent-encoded.

    >>> one_line("nächste\\r\\nX: y")
    'n%C3%A4chste%0D%0AX: y'
    """
    return quote(value, safe=_SAFE)
