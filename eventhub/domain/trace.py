"""W3C's trace context: what may be carried on, and which one of an event's goes before the other."""

import re
from collections.abc import Mapping

from eventhub.domain.entry import TRACE_PARENT, TRACE_STATE

MAX_TRACEPARENT = 256  # characters; a later version may be longer than the 55 of this one

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]*)?"
)
_TRACESTATE = re.compile(r"[\x20-\x7e\t]{1,512}")


def context(parent: object, state: object) -> tuple[str, ...]:
    """Return parent and state, the parent alone, or nothing: what is not valid is left out.

    >>> context("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "shop=1")
    ('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'shop=1')
    >>> context("00-0", "shop=1")
    ()
    """
    if not isinstance(parent, str) or len(parent) > MAX_TRACEPARENT or not _TRACEPARENT.fullmatch(parent):
        return ()
    if not isinstance(state, str) or not _TRACESTATE.fullmatch(state):
        return (parent,)
    return parent, state


def trace_headers(attributes: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the headers that carry an event's trace on to a target.

    The request's own goes before the extension of a CloudEvent, which is where the event was made and goes
    along as an attribute anyway.
    """
    found = context(attributes.get(TRACE_PARENT), attributes.get(TRACE_STATE)) or context(
        attributes.get("traceparent"), attributes.get("tracestate")
    )
    return tuple(zip(("traceparent", "tracestate"), found, strict=False))
