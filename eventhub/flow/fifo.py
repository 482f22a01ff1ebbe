"""FIFO keys: which deliveries to a target must go one after the other.

The key is what a path leads to in the event, as JSON: ``"A-17"`` and ``17`` are two keys, as they are two
values. Events in which the path leads nowhere share one key of their own. They could go unordered as well,
but who asks for order gets too much of it rather than too little: a producer that forgets the member once
would otherwise have its events overtake each other unseen. The key says so, where a blocked one is shown.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from eventhub.domain import jsontext
from eventhub.domain.jsonpath import MISSING, JsonPath

NO_VALUE = "missing"  # no JSON text, so no event can hold it
MAX_BYTES = 256  # the journal indexes keys


def fifo_key(path: JsonPath, decoded: Mapping[str, Any]) -> str:
    """Return the key of an event, given as a pattern sees it.

    >>> from eventhub.domain.jsonpath import parse_path
    >>> path = parse_path("$.detail.order")
    >>> fifo_key(path, {"detail": {"order": "A-17"}}), fifo_key(path, {"detail": {}})
    ('"A-17"', 'missing')
    """
    found = path.find(decoded)
    if found is MISSING:
        return NO_VALUE
    text = jsontext.encode(found)
    if len(text) > MAX_BYTES:  # equal values have equal digests; the beginning is for people
        digest = hashlib.sha256(text).hexdigest()
        return f"{text[:128].decode(errors='ignore')}… sha256:{digest}"
    return text.decode()
