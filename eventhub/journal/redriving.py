"""Dead letters on their way back: which of them, how fast, how far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from eventhub.domain.fault import ReasonClass


class RedriveState(StrEnum):
    """Where a redrive stands."""

    RUNNING = "running"  # dead letters are made pending at its rate
    PAUSED = "paused"  # until it is resumed
    CANCELLED = "cancelled"  # for good; what was redriven stays so
    DONE = "done"  # every dead letter that it selected was looked at


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters: all that every given member holds for. Those redriven already are never among them.

    Names are those of the moment of dying: so a selection takes what the list of it shows, whatever was
    renamed or deleted since.

    >>> Selection(target="crm", reason_class=ReasonClass.NETWORK).status is None
    True
    """

    ids: Sequence[int] = ()  # the letters' own numbers (seq), at most 1,000; empty: whatever the rest says
    bus_ids: Sequence[int] = ()  # the buses that the caller may see; empty: all
    bus: str | None = None
    rule: str | None = None
    target: str | None = None
    reason: str | None = None  # the whole text
    reason_class: ReasonClass | None = None
    status: int | None = None  # of the last answer
    since: int | None = None  # dead at this moment or later
    until: int | None = None  # dead before this moment


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter, as a redrive looks at it."""

    id: int
    event_id: UUID
    delivery_id: int
    bus_id: int
    rule_id: int
    target_id: int | None


@dataclass(frozen=True, slots=True)
class Redrive:
    """A redrive and its progress; ``total - done - skipped`` is still to come, or was pruned meanwhile."""

    id: int
    selection: Selection
    state: RedriveState
    per_second: float
    total: int  # dead letters selected when it was made
    done: int  # made pending
    skipped: int  # left where they are
    skips: Mapping[str, int]  # the skipped by reason
    made_at: int
    made_by: str
    changed_at: int
