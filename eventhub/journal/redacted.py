"""Redacting: which events are wanted, what is found, and what was done."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: all that every given member holds for, in the journal or an archive."""

    ids: Sequence[UUID] = ()
    bus: str | None = None
    source: str | None = None
    detail_type: str | None = None
    since: int | None = None  # accepted at this moment or later
    until: int | None = None  # accepted before this moment
    bus_ids: Collection[int] | None = None  # the buses that the caller may see; None: all


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event that is wanted, as the journal or an archive holds it."""

    id: UUID
    detail: bytes
    attributes: bytes


@dataclass(frozen=True, slots=True)
class Redaction:
    """What one redaction changed."""

    events: int = 0
    archived: int = 0  # copies in archives
    attempts: int = 0
    ended: int = 0  # deliveries that were pending

    def __add__(self, other: "Redaction") -> "Redaction":
        return Redaction(
            self.events + other.events,
            self.archived + other.archived,
            self.attempts + other.attempts,
            self.ended + other.ended,
        )
