"""The columns that both engines write, and the values for them.

An event's id comes as the engine stores it: 32 hexadecimal digits on SQLite, a UUID on PostgreSQL.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from eventhub.journal.limits import BEHIND
from eventhub.journal.port import (
    Attempt,
    NewDelivery,
    NewEvent,
    OutcomeState,
    Routing,
    RuleInForce,
    Settled,
)


def _names(text: str) -> list[str]:
    return text.split()


KEY_SECONDS = 24 * 3600  # how long a key names the same event, unless the settings say otherwise

EVENT = _names(
    "id bus_id bus source detail_type time accepted_at resources detail attributes key who cause_id hops"
)
EVENT_TYPE = _names("bus_id source detail_type first_at last_at events event_id")
# What is known of a type already, and what a batch adds; the example is the newest.
SEEN_AGAIN = (
    "ON CONFLICT (bus_id, source, detail_type) DO UPDATE SET events = event_type.events + excluded.events,"
    " event_id = excluded.event_id, last_at = CASE WHEN excluded.last_at > event_type.last_at"
    " THEN excluded.last_at ELSE event_type.last_at END"
)
ROUTING = _names("event_id bus_id state routed_at ruleset_id matched error")
OUTCOME = _names(
    "seq event_id bus_id bus rule_id rule rule_version target_id target state reason attempts accepted_at"
    " routed_at due_at attributes"
)
OUTCOME_SETTLED = _names("state reason attempts first_at last_at due_at latency_us")
ATTEMPT = _names(
    "event_id delivery_id bus_id rule_id target_id number state started_at ended_at accepted_at status error"
    " reason_class phases request response next_at"
)
DEAD_LETTER = _names(
    "event_id delivery_id bus_id bus rule_id rule target_id target reason_class reason status attempts"
    " first_at last_at dead_at fifo_key"
)

Columns = tuple[object, ...]
_as_json = msgspec.json.Encoder().encode


def event_columns(event: NewEvent, event_id: object, cause_id: object) -> Columns:
    """Return the values of ``EVENT``."""
    return (
        event_id,
        event.bus_id,
        event.bus,
        event.source,
        event.detail_type,
        event.time,
        event.accepted_at,
        event.resources.decode(),
        event.detail.decode(),
        event.attributes.decode(),
        event.key,
        event.who,
        cause_id,
        event.hops,
    )


class Repeats:
    """The events whose keys came again in one commit: how often, and when last."""

    def __init__(self) -> None:
        self._counts: dict[UUID, tuple[int, int]] = {}

    def note(self, event_id: UUID, again: NewEvent) -> None:
        """Count an entry that was not stored because its key is an earlier event's."""
        times, last_at = self._counts.get(event_id, (0, 0))
        self._counts[event_id] = times + 1, max(last_at, again.accepted_at)

    def rows(self) -> list[tuple[UUID, int, int]]:
        """Return event, times and moment of each, by event."""
        return [(event_id, *self._counts[event_id]) for event_id in sorted(self._counts)]


def routing_columns(routing: Routing, ruleset_id: int, event_id: object) -> Columns:
    """Return the values of ``ROUTING``."""
    return (
        event_id,
        routing.stored.event.bus_id,
        routing.state.value,
        routing.routed_at,
        ruleset_id,
        routing.matched,
        routing.error,
    )


def event_type_columns(
    routings: Sequence[Routing], as_stored: Callable[[UUID], object]
) -> list[tuple[int, str, str, int, int, int, object]]:
    """Return the values of ``EVENT_TYPE`` for each source and type of a batch, sorted."""
    found: dict[tuple[str, str], list[NewEvent]] = {}
    for routing in routings:
        event = routing.stored.event
        found.setdefault((event.source, event.detail_type), []).append(event)
    return [
        (
            events[0].bus_id,
            source,
            detail_type,
            min(event.accepted_at for event in events),
            max(event.accepted_at for event in events),
            len(events),
            as_stored(events[-1].id),
        )
        for (source, detail_type), events in sorted(found.items())
    ]


def outcome_columns(
    event: NewEvent, new: NewDelivery, seq: int, event_id: object, *, routed_at: int
) -> Columns:
    """Return the values of ``OUTCOME``."""
    return (
        seq,
        event_id,
        event.bus_id,
        event.bus,
        new.rule_id,
        new.rule,
        new.rule_version,
        new.target_id,
        new.target,
        new.state.value,
        new.reason,
        0,
        event.accepted_at,
        routed_at,
        routed_at if new.state is OutcomeState.PENDING else None,
        _as_json(new.attributes).decode() if new.attributes else "",
    )


class Turns:
    """Which new deliveries wait behind another of their target and key; ``busy`` have one pending."""

    def __init__(self, busy: Iterable[tuple[int, str]]) -> None:
        self._busy = set(busy)

    def due_at(self, new: NewDelivery, at: int) -> int:
        """Return when a new delivery falls due that would be at ``at``, and count it as pending."""
        if new.fifo_key is None or new.target_id is None:
            return at
        turn = (new.target_id, new.fifo_key)
        if turn in self._busy:
            return BEHIND
        self._busy.add(turn)
        return at


def turns_of(deliveries: Iterable[NewDelivery]) -> list[tuple[int, str]]:
    """Return the targets and keys of the deliveries that go in order, each once, sorted."""
    return sorted(
        {
            (new.target_id, new.fifo_key)
            for new in deliveries
            if new.fifo_key is not None and new.target_id is not None
        }
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a settled delivery stands: what its outcome, and its dead letter if it has one, say."""

    attempts: int
    first_at: int | None
    last_at: int | None
    ended_at: int
    final: bool


def standing(settled: Settled, now: int) -> Standing:
    """Return where it stands; ``now`` is the end where nothing was tried."""
    claimed, attempt = settled.claimed, settled.attempt
    return Standing(
        attempts=attempt.number if attempt else claimed.attempts,
        first_at=claimed.first_at or (attempt.started_at if attempt else None),
        last_at=attempt.ended_at if attempt else None,
        ended_at=attempt.ended_at if attempt else now,
        final=settled.state is not OutcomeState.PENDING,
    )


def settled_columns(settled: Settled, at: Standing) -> Columns:
    """Return the values of ``OUTCOME_SETTLED``."""
    return (
        settled.state.value,
        settled.reason,
        at.attempts,
        at.first_at,
        at.last_at,
        None if at.final else settled.due_at,
        at.ended_at - settled.claimed.stored.event.accepted_at if at.final else None,
    )


def attempt_columns(settled: Settled, attempt: Attempt, event_id: object) -> Columns:
    """Return the values of ``ATTEMPT``."""
    claimed = settled.claimed
    event = claimed.stored.event
    return (
        event_id,
        claimed.delivery_id,
        event.bus_id,
        claimed.rule_id,
        claimed.target_id,
        attempt.number,
        settled.state.value,
        attempt.started_at,
        attempt.ended_at,
        event.accepted_at,
        attempt.status,
        attempt.error,
        attempt.reason_class.value if attempt.reason_class else "",
        _as_json(attempt.phases).decode(),
        _as_json(attempt.request).decode(),
        _as_json(attempt.response).decode(),
        settled.due_at,
    )


def dead_letter_columns(settled: Settled, at: Standing, event_id: object) -> Columns:
    """Return the values of ``DEAD_LETTER``."""
    claimed = settled.claimed
    event = claimed.stored.event
    return (
        event_id,
        claimed.delivery_id,
        event.bus_id,
        event.bus,
        claimed.rule_id,
        claimed.rule,
        claimed.target_id,
        claimed.target,
        settled.reason_class.value if settled.reason_class else "",
        settled.reason,
        settled.attempt.status if settled.attempt else None,
        at.attempts,
        at.first_at,
        at.last_at,
        at.ended_at,
        claimed.fifo_key,
    )


def ruleset_columns(rules: Sequence[RuleInForce]) -> tuple[str, str]:
    """Return a ruleset's digest and its JSON: an array of {rule_id, rule, version, enabled} by rule id."""
    text = _as_json(sorted(rules, key=lambda rule: rule.rule_id))
    return hashlib.sha256(text).hexdigest(), text.decode()


def as_routed(state: OutcomeState) -> OutcomeState:
    """Return the state that routing gave: what attempts made of it is told by their own rows."""
    return OutcomeState.PENDING if state in {OutcomeState.DELIVERED, OutcomeState.DEAD} else state
