"""The narrow port of the journal: what every engine offers, and the values that pass through it.

Moments (``…_at``, ``time``) are integers: microseconds since 1970 UTC. Durations end in their unit.
Every method may be called from any thread. Methods that write return only after the commit (``append``
resolves its future then), raise ``JournalUnavailable`` if it could not be made durable, and never leave
half of their work behind.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from eventhub.domain.fault import ReasonClass as ReasonClass  # noqa: PLC0414 - said again here for our users

UNKNOWN_BUS = 0  # the bus_id of events whose bus does not exist: kept, and routed to nowhere, visibly


class JournalUnavailable(Exception):  # noqa: N818 - reads as the state it is
    """Nothing can be made durable now: the disk is full or the database is lost. Doors answer 503."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the log. Compared as a pair; on SQLite ``xid`` is 0. Opaque outside: ``str`` and ``parse``.

    >>> Position.parse(str(Position(3, 41)))
    Position(xid=3, seq=41)
    """

    xid: int
    seq: int

    def __str__(self) -> str:
        return f"{self.xid:x}-{self.seq:x}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read a position back; raises ValueError for anything that ``str`` does not write."""
        xid, _, seq = text.partition("-")
        return cls(int(xid, 16), int(seq, 16))


START = Position(0, 0)


class Hint(StrEnum):
    """What there may be more of. A hint is safe to lose: a scan each second finds what it missed."""

    EVENTS = "events"  # there may be events to route, and news for the live view
    DELIVERIES = "deliveries"  # there may be due deliveries


class RoutingState(StrEnum):
    """What routing made of an event."""

    MATCHED = "matched"  # at least one rule's pattern holds, whatever became of its deliveries
    UNMATCHED = "unmatched"  # no rule's pattern holds
    UNROUTABLE = "unroutable"  # routing raised three times; `error` says what
    UNKNOWN_BUS = "unknown-bus"  # its bus does not exist (any more)


class OutcomeState(StrEnum):
    """Where one delivery stands."""

    PENDING = "pending"  # due now or later, perhaps under a lease
    DELIVERED = "delivered"  # the target took it
    DEAD = "dead"  # given up: there is a dead letter
    RULE_DISABLED = "rule-disabled"  # matched, but the rule was disabled: not made
    TOO_COMPLEX = "too-complex"  # matching ran out of steps: not made
    NO_TARGET = "no-target"  # matched, but the rule has no target: not made
    LOOP = "loop"  # not made: the event passed too many buses already


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An entry that passed all checks, ready to become an event."""

    id: UUID
    bus_id: int  # UNKNOWN_BUS if `bus` does not exist
    bus: str
    source: str
    detail_type: str
    time: int
    accepted_at: int
    resources: bytes = b"[]"  # a JSON array of strings
    detail: bytes = b"{}"  # a JSON object: the producer's own text
    attributes: bytes = b"{}"  # a JSON object: CloudEvents attributes, trace header, …
    key: str | None = None  # idempotency key within (bus, source)
    who: str = ""  # "key:<id>" or "user:<name>"
    cause_id: UUID | None = None  # the event whose delivery put this one on its bus
    hops: int = 0  # buses passed before this one


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of one new event: its id, or the id of the first event with its key."""

    id: UUID
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the journal holds it."""

    position: Position
    event: NewEvent


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """One match of a rule for one target; becomes an outcome, and a delivery if `state` is PENDING."""

    rule_id: int
    rule: str
    rule_version: int
    target_id: int | None
    target: str
    state: OutcomeState = OutcomeState.PENDING
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Routing:
    """What routing made of one event."""

    stored: StoredEvent
    state: RoutingState
    routed_at: int
    matched: int = 0  # rules whose pattern holds
    error: str = ""
    deliveries: Sequence[NewDelivery] = ()


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """One rule as routing saw it; a ruleset is the list of them."""

    rule_id: int
    rule: str
    version: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class RoutedBatch:
    """A run of one bus's events, routed under one ruleset: commits whole, or not at all."""

    bus_id: int
    holder: str  # who holds the cursor
    read_from: Position  # the cursor's value that was read
    reached: Position
    ruleset_id: int
    routings: Sequence[Routing]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery under a lease: everything that is needed to attempt it."""

    delivery_id: int  # the same number as its outcome's
    lease_id: int  # fencing token
    stored: StoredEvent
    rule_id: int
    rule: str
    rule_version: int
    target_id: int
    target: str
    attempts: int  # made so far
    first_at: int | None  # of the first attempt
    routed_at: int
    due_at: int  # when it became due


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, as it is kept."""

    number: int  # 1 for the first
    started_at: int
    ended_at: int
    status: int | None = None  # of the answer, if there was one
    error: str = ""  # empty on success
    reason_class: ReasonClass | None = None  # None on success
    phases: Mapping[str, float] = field(
        default_factory=dict
    )  # milliseconds: dns, connect, tls, send, first_byte, body
    request: Mapping[str, object] = field(default_factory=dict)  # method, url, headers (masked), body, cut
    response: Mapping[str, object] = field(default_factory=dict)  # status, headers, body (≤ 64 KiB), cut


@dataclass(frozen=True, slots=True)
class Settled:
    """How an attempt leaves its delivery: delivered, due again at `due_at`, or dead."""

    claimed: Claimed
    state: OutcomeState  # DELIVERED, PENDING (try again) or DEAD
    attempt: Attempt | None = None  # None where nothing was tried (target deleted)
    due_at: int | None = None  # for PENDING
    reason_class: ReasonClass | None = None  # for DEAD
    reason: str = ""  # why it is tried again or dead
    entries: Sequence[NewEvent] = ()  # of a bus target: accepted in the same transaction


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


@dataclass(frozen=True, slots=True)
class Health:
    """Figures for /readyz and the pages."""

    writable: bool
    reason: str  # why not writable; empty if it is
    size_bytes: int
    free_bytes: int | None  # None where the engine cannot know
    unrouted: int  # events beyond their bus's cursor, counted to 10,000 and no further
    oldest_unrouted_at: int | None
    pending: int  # deliveries, counted to 10,000 and no further
    oldest_pending_at: int | None
    horizon_age_seconds: float  # age of the oldest write transaction in the cluster; 0 on SQLite
    horizon_holder: str  # whose it is, for an administrator to find; empty if there is none


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one round of pruning removed, and whether more is to be removed."""

    events: int
    more: bool


class Journal(Protocol):
    """The durable log and queue. Engines: ``journal.sqlite`` and ``journal.postgres``."""

    def migrate(self) -> None:
        """Bring the tables to the newest form. Takes the engine's lock; a second caller waits."""

    def open(self) -> None:
        """Make ready to work; raises JournalUnavailable if another process owns an embedded journal."""

    def close(self) -> None:
        """Finish what was handed in, then stop."""

    def watch(self, callback: Callable[[Hint], None]) -> None:
        """Call back after commits of this process and (coalesced) others, from any thread; must not block."""

    def append(self, events: Sequence[NewEvent]) -> "Future[list[Appended]]":
        """Make events durable, all or none, claiming their keys first; many calls share one commit.

        An event whose (bus, source, key) was seen within the window is not stored again.
        """

    def ruleset(self, bus_id: int, rules: Sequence[RuleInForce]) -> int:
        """Return the number of this set of rule versions, recording it the first time."""

    def cursor(self, bus_id: int, *, holder: str, lease_seconds: float) -> Position | None:
        """Return how far a bus is routed and hold its cursor; None while another holder has it."""

    def buses(self) -> list[int]:
        """Return the ids of every bus that has a cursor or unrouted events (the backstop scan)."""

    def read(self, bus_id: int, after: Position, limit: int) -> list[StoredEvent]:
        """Return a bus's next events in order, exactly: none that commits later can fall before them."""

    def route(self, batch: RoutedBatch) -> bool:
        """Commit deliveries, outcomes, routing rows and the moved cursor together.

        False, and nothing changed, if the cursor is not at ``read_from`` or held by another.
        """

    def claim(
        self,
        holder: str,
        *,
        now: int,
        lease_seconds: float,
        limit: int,
        per_target: int,
        in_flight: Mapping[int, int],
        waiting: Collection[int],
    ) -> list[Claimed]:
        """Take due deliveries under a lease, fair between targets.

        At most ``limit`` in all and, per target, ``per_target`` less those ``in_flight`` with this holder;
        none of the targets in ``waiting`` (disabled). An expired lease counts as due.
        """

    def settle(self, settled: Sequence[Settled]) -> list[bool]:
        """Record attempts and what became of their deliveries; False where the lease was another's."""

    def release(self, claimed: Sequence[Claimed]) -> None:
        """Give leases back untried (our own stop is not a failed attempt): due at once."""

    def next_due_at(self, waiting: Collection[int]) -> int | None:
        """Return when the next delivery falls due (past or future), or None if none is pending."""

    def head(self) -> Tail:
        """Return the tail that is reached by reading everything there is now."""

    def feed(self, after: Tail, limit: int) -> Feed:
        """Return what was appended since ``after``: exactly, each row once, at most ``limit`` per table."""

    def epoch(self) -> str:
        """Return a name of this journal's life; it changes when the journal is made anew."""

    def health(self) -> Health:
        """Return figures; cheap enough for once a second."""

    def prune(self, *, before: int, max_bytes: int, min_free_bytes: int) -> Pruned:
        """Remove a chunk of the oldest events and their rows, if older than ``before``, or the journal is

        larger than ``max_bytes`` (0: no limit), or less than ``min_free_bytes`` are free. Unrouted events and
        events with pending deliveries stay. Also decides whether ``append`` accepts.
        """
