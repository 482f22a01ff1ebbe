"""What a request's headers say of its entries: a trace to go on with, and a key for those that have none."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from eventhub.api.exchange import Header
from eventhub.api.gate import RefusedError
from eventhub.domain.entry import MAX_KEY, TRACE_PARENT, TRACE_STATE, Entry, Rejected
from eventhub.domain.trace import context

_KEY = re.compile(rb"[\x21-\x7e]+")
_PLACE = len("/999")  # of an entry in an array, appended to the key


def with_trace(entries: Sequence[Entry | Rejected], headers: Iterable[Header]) -> Sequence[Entry | Rejected]:
    """Return the entries with W3C's trace context of the request, among their attributes."""
    trace = trace_of(headers)
    if not trace:
        return entries
    return [
        entry if isinstance(entry, Rejected) else replace(entry, attributes=entry.attributes | trace)
        for entry in entries
    ]


def trace_of(headers: Iterable[Header]) -> dict[str, object]:
    """Return W3C's trace context as attributes; nothing if there is none that is valid.

    Several ``tracestate`` headers are one; several ``traceparent`` are none. What does not follow the
    standard is ignored, not refused, as it asks.

    >>> trace_of([(b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")])
    {'trace-parent': '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'}
    """
    parents: list[bytes] = []
    states: list[bytes] = []
    for name, value in headers:
        if name == b"traceparent":
            parents.append(value.strip())
        elif name == b"tracestate":
            states.append(value.strip())
    if len(parents) != 1:
        return {}
    found = context(parents[0].decode("latin-1"), b",".join(filter(None, states)).decode("latin-1"))
    return dict(zip((TRACE_PARENT, TRACE_STATE), found, strict=False))


def with_key(entries: Sequence[Entry | Rejected], headers: dict[bytes, bytes]) -> Sequence[Entry | Rejected]:
    """Return the entries with the request's ``Idempotency-Key``; an entry's own ``id`` goes before it.

    It becomes the key of a lone entry, and with ``/`` and its place (from 0) that of each of several. Raises
    RefusedError (400) if it cannot be a key.
    """
    if b"idempotency-key" not in headers:
        return entries
    key = _key(headers[b"idempotency-key"])
    return [
        entry
        if isinstance(entry, Rejected) or entry.key is not None
        else replace(entry, key=key if len(entries) == 1 else f"{key}/{place}")
        for place, entry in enumerate(entries)
    ]


def _key(given: bytes) -> str:
    text = given.strip()
    if len(text) > 1 and text[:1] == text[-1:] == b'"':  # a string, as the header's draft standard writes it
        text = text[1:-1]
    longest = MAX_KEY - _PLACE
    if not _KEY.fullmatch(text) or len(text) > longest:
        wanted = f"1 to {longest} printable ASCII characters without spaces"
        found = given[:64].decode("latin-1")
        raise RefusedError(400, "invalid", f"Idempotency-Key: wanted {wanted}, found {found!r}.")
    return text.decode()
