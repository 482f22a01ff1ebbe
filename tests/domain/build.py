"""Builders of events and CloudEvents; they supply what a test does not care about."""

from uuid import UUID

import msgspec

from eventhub.domain.cloudevent import read_binary, read_structured, write_binary, write_structured
from eventhub.domain.entry import Entry, check_entry
from eventhub.domain.envelope import Envelope

NOON = 1_767_355_200_000_000
EVENT_ID = UUID("0192f3c7-a1b2-7000-8000-000000000000")
LEAST = {"specversion": "1.0", "id": "o-7", "source": "/shop", "type": "order.placed"}


def envelope(**members: object) -> Envelope:
    values: dict[str, object] = {
        "id": EVENT_ID,
        "source": "shop",
        "detail_type": "order placed",
        "time": NOON,
        "resources": b"[]",
        "detail": b'{"total":1.50}',
        "account": "000000000000",
        "region": "us-east-1",
    }
    return Envelope(**{**values, **members})  # type: ignore[arg-type]


def event_of(entry: Entry) -> tuple[Envelope, dict[str, object]]:
    """Return what the journal would hold of an entry, after its JSON."""
    assert check_entry(entry, max_bytes=2**20) is None
    attributes = msgspec.json.decode(msgspec.json.encode(entry.attributes))
    time = NOON if entry.time is None else entry.time
    written = envelope(source=entry.source, detail_type=entry.detail_type, time=time, detail=entry.detail)
    return written, attributes


def structured(**members: object) -> bytes:
    return msgspec.json.encode({**LEAST, **members})


def read(**members: object) -> Entry:
    return read_structured(structured(**members), "default")


def headers(content_type: str | None = None, **attributes: str) -> list[tuple[bytes, bytes]]:
    found = [(f"ce-{name}".encode(), value.encode()) for name, value in {**LEAST, **attributes}.items()]
    return found if content_type is None else [*found, (b"content-type", content_type.encode())]


def again_structured(entry: Entry) -> bytes:
    return write_structured(*event_of(entry))


def again_binary(entry: Entry) -> Entry:
    written, content_type, body = write_binary(*event_of(entry))
    raw = [(name.encode(), value.encode("ascii")) for name, value in written]
    return read_binary(
        [*raw, (b"content-type", content_type.encode())] if content_type else raw, body, "default"
    )
