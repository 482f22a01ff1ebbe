# ruff: noqa: PLC0414 - the values are said again here for our users
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
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from eventhub.domain.fault import ReasonClass as ReasonClass
from eventhub.domain.redaction import Mark
from eventhub.journal.history import History as History
from eventhub.journal.limits import UNSAID as UNSAID
from eventhub.journal.limits import BlockedKey as BlockedKey
from eventhub.journal.limits import Bucket as Bucket
from eventhub.journal.limits import Circuit as Circuit
from eventhub.journal.limits import CircuitState as CircuitState
from eventhub.journal.limits import Limits as Limits
from eventhub.journal.limits import TargetState as TargetState
from eventhub.journal.looking_back import Latencies as Latencies
from eventhub.journal.looking_back import Past as Past
from eventhub.journal.looking_back import Tally as Tally
from eventhub.journal.position import START as START
from eventhub.journal.position import Position as Position
from eventhub.journal.redacted import Candidate as Candidate
from eventhub.journal.redacted import Redaction as Redaction
from eventhub.journal.redacted import Wanted as Wanted
from eventhub.journal.redriving import DeadLetter as DeadLetter
from eventhub.journal.redriving import Redrive as Redrive
from eventhub.journal.redriving import RedriveState as RedriveState
from eventhub.journal.redriving import Selection as Selection
from eventhub.journal.replaying import ArchiveSize as ArchiveSize
from eventhub.journal.replaying import NewReplay as NewReplay
from eventhub.journal.replaying import Replay as Replay
from eventhub.journal.replaying import ReplayState as ReplayState
from eventhub.journal.rolling import ROWS_EACH
from eventhub.journal.rolling import Grain as Grain
from eventhub.journal.rolling import Rolled as Rolled
from eventhub.journal.searching import Found as Found
from eventhub.journal.searching import Lately as Lately
from eventhub.journal.searching import Search as Search
from eventhub.journal.states import OutcomeState as OutcomeState
from eventhub.journal.states import RoutingState as RoutingState
from eventhub.journal.tail import Feed as Feed
from eventhub.journal.tail import Tail as Tail
from eventhub.journal.tail import TailedAttempt as TailedAttempt
from eventhub.journal.tail import TailedDeadLetter as TailedDeadLetter
from eventhub.journal.tail import TailedEvent as TailedEvent
from eventhub.journal.tail import TailedRouting as TailedRouting

NOTHING: Mapping[int, Any] = MappingProxyType({})
UNKNOWN_BUS = 0  # the bus_id of events whose bus does not exist: kept, and routed to nowhere, visibly


class JournalUnavailable(Exception):  # noqa: N818 - reads as the state it is
    """Nothing can be made durable now: the disk is full or the database is lost. Doors answer 503."""


class Hint(StrEnum):
    """What there may be more of. A hint is safe to lose: a scan each second finds what it missed."""

    EVENTS = "events"  # there may be events to route, and news for the live view
    DELIVERIES = "deliveries"  # there may be due deliveries
    OUTCOMES = "outcomes"  # only news for the live view


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
    # The event whose delivery or replay put this one on its bus, or that its producer names as the cause.
    cause_id: UUID | None = None
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
    # Deliveries to the target with the same key go one after the other, as they were routed; ≤ 512 bytes.
    fifo_key: str | None = None
    # Kept with the delivery and told with each claim: why a dead-letter target gets it. Empty for all others.
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Routing:
    """What routing made of one event."""

    stored: StoredEvent
    state: RoutingState
    routed_at: int
    matched: int = 0  # rules whose pattern holds
    error: str = ""
    deliveries: Sequence[NewDelivery] = ()
    archive_ids: Sequence[int] = ()  # archives that keep a copy


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
    fifo_key: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)  # see NewDelivery
    # The policy's budget begins anew with a redrive: with the attempts made till then, and with its moment.
    budget_from: int = 0
    redriven_at: int | None = None
    circuit: Circuit | None = None  # as the claim was told
    probe: bool = False  # the one attempt that an open circuit lets through


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
    # For DEAD: the same event's delivery to the dead-letter target, made in the same transaction.
    successor: NewDelivery | None = None
    # For DEAD: the receiver works and refused this one request, so its circuit is none the worse for it.
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """Figures for /readyz and the pages."""

    writable: bool
    reason: str  # why not writable; empty if it is
    size_bytes: int  # without archives, which retention leaves alone
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


class Journal(History, Protocol):
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
        """Commit deliveries, outcomes, routing rows, archived copies and the moved cursor together.

        False, and nothing changed, if the cursor is not at ``read_from``: somebody else moved it. Who holds
        it does not matter, so that a batch that took longer than the lease is not in vain.
        """

    def claim(
        self,
        holder: str,
        *,
        now: int,
        lease_seconds: float,
        limit: int,
        limits: Mapping[int, Limits],
        in_flight: Mapping[int, int],
        waiting: Collection[int],
    ) -> list[Claimed]:
        """Take due deliveries under a lease, fair between targets, within each target's limits.

        At most ``limit`` in all. A lease lasts as long as its target's limits say, else ``lease_seconds``. A
        target that ``limits`` does not name has the usual ones. What is in flight is the attempts of this
        holder, told in ``in_flight``, and the unexpired leases of all others. An open circuit lets one
        delivery through when its wait is over. None of the targets in ``waiting`` (disabled, paused). An
        expired lease counts as due.
        """

    def settle(self, settled: Sequence[Settled]) -> list[bool]:
        """Record attempts and what became of their deliveries; False where the lease was another's.

        Moves the circuits, makes the successors and lets the next of each FIFO key go, all in the same
        transaction. Failures of the receiver and the network count for the circuit; our own and refusals do
        not.
        """

    def release(self, claimed: Sequence[Claimed]) -> None:
        """Give leases back untried (our own stop is not a failed attempt): due at once."""

    def next_due_at(
        self,
        waiting: Collection[int],
        *,
        holder: str = "",
        limits: Mapping[int, Limits] = NOTHING,
        in_flight: Mapping[int, int] = NOTHING,
    ) -> int | None:
        """Return when the next delivery can be claimed (past or future), or None if none is pending.

        Of a target that has no room for this holder: when another's lease ends, or nothing if all of it is
        the holder's own. Of one with an empty bucket or an open circuit: when that ends.
        """

    def target_states(self) -> Mapping[int, TargetState]:
        """Return how each target fares that has pending deliveries or had failures; once a second is fine."""

    def hasten_probe(self, target_id: int, *, now: int) -> bool:
        """Let an open circuit's next probe go at once; False if it is closed or being probed already."""

    def count_dead_letters(self, selection: Selection) -> int:
        """Return how many dead letters a redrive of the selection would look at."""

    def start_redrive(self, selection: Selection, *, per_second: float, now: int, who: str) -> Redrive:
        """Make a running redrive of the dead letters that are selected now; none that die later join it."""

    def running_redrives(self) -> list[Redrive]:
        """Return the redrives that have work to do, oldest first."""

    def steer_redrive(self, redrive_id: int, state: RedriveState, *, now: int) -> bool:
        """Pause, resume (RUNNING) or cancel; False if it is in no state for that, or not there."""

    def redrive(
        self, redrive_id: int, *, limit: int, now: int, refusal: Callable[[DeadLetter], str]
    ) -> Redrive | None:
        """Make the next dead letters of a redrive pending again, as many as its rate allows by ``now``.

        ``refusal`` says why one cannot be (its target or rule is gone), or nothing; it must not block. The
        delivery keeps its number, attempts and history; its budget begins anew. All of it and the progress
        commit together. Returns the progress; None if it is not running.
        """

    def archive_sizes(self) -> Mapping[int, ArchiveSize]:
        """Return what each archive holds that has, or had, any events."""

    def count_archived(self, archive_id: int, *, since: int, until: int) -> int:
        """Return how many of an archive's events were accepted in ``since <= … < until``."""

    def prune_archive(self, archive_id: int, *, before: int | None) -> bool:
        """Remove a chunk of an archive's events accepted before a moment (None: of all); more to come?"""

    def start_replay(self, order: NewReplay) -> Replay | None:
        """Make a replay; None if there is one of its name."""

    def replays_under_way(self) -> list[Replay]:
        """Return the replays that have work to do, oldest first."""

    def cancel_replay(self, replay_id: int) -> bool:
        """Ask a replay to end: its next step does. False if it is in no state for that, or not there."""

    def replay(
        self,
        replay_id: int,
        *,
        limit: int,
        now: int,
        refusal: str,
        make: Callable[[NewEvent, Replay], NewEvent],
    ) -> Replay | None:
        """Put a replay's next archived events on their bus, as many as its rate allows by ``now``.

        ``make`` gives the event that is put for an archived one; it must not block. Keys of idempotency are
        not asked. With a ``refusal``, which says why it cannot go on, the replay fails. The events and the
        progress commit together. Returns the progress; None if the replay has ended.
        """

    def redactable(self, wanted: Wanted, *, after: UUID, limit: int) -> list[Candidate]:
        """Return the next wanted events beyond an id, in the order of their ids, at most ``limit``.

        Those of archives are among them, also when the journal has forgotten them.
        """

    def caused_by(self, event_ids: Collection[UUID]) -> list[UUID]:
        """Return the events that were made from these: forwarded to another bus, or replayed."""

    def redact(self, event_ids: Sequence[UUID], mark: Mark) -> Redaction:
        """Take personal data out of events and of every copy that is kept of them, in one transaction.

        Their pending deliveries become dead letters, and an attempt under way records nothing. The one
        exception to the immutability of events.
        """

    def wipe(self) -> str:
        """Remove what redacted rows left in the engine's files, as far as it can; say what it cannot."""

    def head(self) -> Tail:
        """Return the tail that is reached by reading everything there is now."""

    def feed(self, after: Tail, limit: int) -> Feed:
        """Return what was appended since ``after``: exactly, each row once, at most ``limit`` per table."""

    def roll_up(self, limit: int = ROWS_EACH) -> Rolled | None:
        """Add what was appended since the last time to the rollups: each row once, with the tail reached.

        At most ``limit`` rows of each table. None while another process is at it.
        """

    def note_gauges(self, at: int, states: Mapping[int, TargetState]) -> None:
        """Note how the targets fare at a second: the highest of each grain stays."""

    def prune_rollups(self, now: int) -> None:
        """Remove rollups that are older, at the second ``now``, than their grain is kept."""

    def epoch(self) -> str:
        """Return a name of this journal's life; it changes when the journal is made anew."""

    def health(self) -> Health:
        """Return figures; cheap enough for once a second."""

    def prune(self, *, before: int, max_bytes: int, min_free_bytes: int) -> Pruned:
        """Remove a chunk of the oldest events and their rows, if older than ``before``, or the journal is

        larger than ``max_bytes`` (0: no limit), or less than ``min_free_bytes`` are free. Unrouted events and
        events with pending deliveries stay, also where a redrive made them so; redrives that ended before
        ``before`` are forgotten. Also decides whether ``append`` accepts.
        """
