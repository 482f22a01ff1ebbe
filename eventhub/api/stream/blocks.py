"""The blocks of a stream of server-sent events, as bytes (HTML standard, section 9.2)."""

import re
from collections.abc import Mapping

import msgspec

from eventhub.journal.port import Position

HEARTBEAT_SECONDS = 15.0  # proxies commonly close what is silent for 30 or 60
RETRY_MS = 2000

_LINE_END = re.compile(rb"\r\n|\r|\n")


def opening(position: Position) -> bytes:
    """Return what a stream begins with: when to come again, and from where if nothing came till then."""
    return b"retry: %d\n%b" % (RETRY_MS, mark(position))


def mark(position: Position) -> bytes:
    """Return a block that only moves the reader's last id: also the heartbeat.

    >>> mark(Position(0, 42))
    b': so far\\nid: 0-2a\\n\\n'
    """
    return b": so far\nid: %b\n\n" % str(position).encode()


def event(position: Position, data: bytes) -> bytes:
    """Return an event's block; a producer's own line ends in ``data`` become those of the stream.

    >>> event(Position(0, 1), b'{"a":\\r\\n1}')
    b'id: 0-1\\ndata: {"a":\\ndata: 1}\\n\\n'
    """
    if b"\n" in data or b"\r" in data:
        data = _LINE_END.sub(b"\ndata: ", data)
    return b"id: %b\ndata: %b\n\n" % (str(position).encode(), data)


def notice(kind: str, fields: Mapping[str, str]) -> bytes:
    """Return a named block that is no event of the bus: ``end`` or ``gap``."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode(fields))
