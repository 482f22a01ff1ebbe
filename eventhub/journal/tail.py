"""What a reader of the append-only tables is told: the live view's news."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from eventhub.domain.fault import ReasonClass
from eventhub.journal.position import START, Position
from eventhub.journal.states import OutcomeState, RoutingState


@dataclass(frozen=True, slots=True)
class Tail:
    """How far a reader has followed each append-only table."""

    events: Position = START
    routings: Position = START
    attempts: Position = START
    dead_letters: Position = START


@dataclass(frozen=True, slots=True)
class TailedEvent:
    """An event as the live view needs it."""

    position: Position
    id: UUID
    bus_id: int
    bus: str
    source: str
    detail_type: str
    accepted_at: int
    key: str | None = None


@dataclass(frozen=True, slots=True)
class TailedRouting:
    """A routing for the live view; `outcomes` are (delivery_id, rule_id, target_id, state as routed)."""

    position: Position
    event_id: UUID
    bus_id: int
    state: RoutingState
    routed_at: int
    outcomes: Sequence[tuple[int, int, int | None, OutcomeState]]


@dataclass(frozen=True, slots=True)
class TailedAttempt:
    """An attempt as the live view needs it; `state` is the delivery's after it."""

    position: Position
    event_id: UUID
    delivery_id: int
    bus_id: int
    rule_id: int
    target_id: int
    number: int
    state: OutcomeState
    status: int | None
    error: str
    took_ms: float
    accepted_at: int
    ended_at: int


@dataclass(frozen=True, slots=True)
class TailedDeadLetter:
    """A dead letter as the live view needs it."""

    position: Position
    event_id: UUID
    delivery_id: int
    bus_id: int
    rule_id: int
    target_id: int | None
    reason_class: ReasonClass
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Feed:
    """What came since a tail, and the tail after it. `more` tells that `limit` cut it short."""

    tail: Tail
    events: Sequence[TailedEvent] = ()
    routings: Sequence[TailedRouting] = ()
    attempts: Sequence[TailedAttempt] = ()
    dead_letters: Sequence[TailedDeadLetter] = ()
    more: bool = False
