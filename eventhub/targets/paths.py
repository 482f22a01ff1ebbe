"""What a path in the event leads to, as the text of a key: partition and group keys."""

from functools import lru_cache

from eventhub.domain import jsontext
from eventhub.domain.jsonpath import MISSING, parse_path

parsed = lru_cache(maxsize=1024)(parse_path)


def text_at(path: str, envelope: bytes) -> str | None:
    """Return the value at ``path`` of an envelope as a text, or None: no path, nothing there, or null.

    A text is itself; anything else is its JSON, so 7 and "7" are one key.

    >>> text_at("$.detail.id", b'{"detail": {"id": 7}}')
    '7'
    """
    if not path:
        return None
    found = parsed(path).find(jsontext.decode(envelope))
    if found is MISSING or found is None:
        return None
    return found if isinstance(found, str) else jsontext.encode(found).decode()
