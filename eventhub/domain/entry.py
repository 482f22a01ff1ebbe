"""Entries: events as submitted, each accepted or rejected on its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as a door read it; ``flow.accept`` checks it."""

    bus: str
    source: str
    detail_type: str
    detail: bytes  # the producer's own JSON text
    time: int | None = None  # microseconds since 1970; None: the moment of acceptance
    resources: Sequence[str] = ()
    key: str | None = None  # the producer's id for it: its idempotency key within (bus, source)
    attributes: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why an entry did not become an event: a stable code, a sentence, and where in the entry."""

    code: str
    message: str
    path: str = ""
