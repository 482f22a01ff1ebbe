"""Attribute values in HTTP headers: percent-encoding, as the HTTP binding has it (section 3.1.3)."""

import re
from urllib.parse import quote, unquote_to_bytes

PREFIX = "ce-"
# All of printable ASCII but the quotation mark and the percent sign; quote() always encodes the latter.
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)


def encode_value(value: str | bool | int) -> str:
    """Return an attribute's value as a header's: printable ASCII whatever it is.

    >>> encode_value("Euro € 100%"), encode_value(True), encode_value(-7)
    ('Euro%20%E2%82%AC%20100%25', 'true', '-7')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return quote(str(value), safe=_SAFE)


def decode_value(value: bytes) -> str:
    """Return what a header's value says; raises UnicodeDecodeError if that is not UTF-8.

    Quotation marks around it are taken away first; then percent signs are decoded once. One that no two
    hexadecimal digits follow stands for itself.

    >>> decode_value(b'"a%20\\\\"b"'), decode_value(b"%2525"), decode_value(b"100%")
    ('a "b', '%25', '100%')
    """
    value = value.strip(b" \t")
    if len(value) > 1 and value[:1] == value[-1:] == b'"':
        value = _QUOTED_PAIR.sub(rb"\1", value[1:-1])
    return unquote_to_bytes(value).decode()
