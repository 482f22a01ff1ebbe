"""Builders of what goes into a journal; they supply what a test does not care about."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from eventhub.domain.identity import event_id
from eventhub.journal.port import (
    Appended,
    Attempt,
    Claimed,
    Journal,
    Limits,
    NewDelivery,
    NewEvent,
    OutcomeState,
    Position,
    ReasonClass,
    RoutedBatch,
    Routing,
    RoutingState,
    RuleInForce,
    Settled,
    StoredEvent,
)

T = TypeVar("T")

SECOND = 1_000_000
DAY = 24 * 3600 * SECOND
_random = random.SystemRandom()  # pytest-randomly seeds the other one alike in each test


def now_us() -> int:
    """Return now in microseconds since 1970."""
    return time.time_ns() // 1000


def new_event(**members: Any) -> NewEvent:
    """Build an event on bus 1."""
    at = members.get("accepted_at") or now_us()
    return NewEvent(
        **{
            "id": event_id(at // 1000, _random.getrandbits(74)),
            "bus_id": 1,
            "bus": "default",
            "source": "shop",
            "detail_type": "order placed",
            "time": at,
            "accepted_at": at,
            "detail": b'{"order": 1}',
            "who": "key:TEST",
            **members,
        }
    )


def append(journal: Journal, *events: NewEvent) -> list[Appended]:
    """Append events and wait for the commit."""
    return journal.append(events).result(timeout=20)


def new_delivery(target_id: int | None = 7, **members: Any) -> NewDelivery:
    """Build a match of rule 3 for a target."""
    return NewDelivery(
        **{
            "rule_id": 3,
            "rule": "big orders",
            "rule_version": 2,
            "target_id": target_id,
            "target": f"target {target_id}",
            **members,
        }
    )


def route(
    journal: Journal, *deliveries: NewDelivery, bus_id: int = 1, holder: str = "router"
) -> list[StoredEvent]:
    """Route everything that waits on a bus, each event to the same deliveries; return the events."""
    after = journal.cursor(bus_id, holder=holder, lease_seconds=30)
    assert after is not None
    events = journal.read(bus_id, after, 10_000)
    if events:
        assert journal.route(batch_of(journal, events, after, *deliveries))
    return events


def batch_of(
    journal: Journal,
    events: Sequence[StoredEvent],
    after: Position,
    *deliveries: NewDelivery,
) -> RoutedBatch:
    """Build the routing of events from a cursor's value on."""
    bus_id = events[0].event.bus_id
    state = RoutingState.MATCHED if deliveries else RoutingState.UNMATCHED
    return RoutedBatch(
        bus_id,
        after,
        events[-1].position,
        journal.ruleset(bus_id, [RuleInForce(3, "big orders", 2, True)]),
        [Routing(event, state, now_us(), min(1, len(deliveries)), deliveries=deliveries) for event in events],
    )


def claim(journal: Journal, **limits: Any) -> list[Claimed]:
    """Claim what is due now."""
    per_target = Limits(limits.pop("per_target", 1000))
    return journal.claim(
        limits.pop("holder", "worker"),
        **{
            "now": now_us(),
            "lease_seconds": 30,
            "limit": 1000,
            "limits": dict.fromkeys(range(100), per_target),
            "in_flight": {},
            "waiting": [],
            **limits,
        },
    )


def attempt(**members: Any) -> Attempt:
    """Build a first attempt that was answered 200 after 5 ms."""
    at = now_us()
    return Attempt(**{"number": 1, "started_at": at - 5000, "ended_at": at, "status": 200, **members})


def delivered(claimed: Claimed, **members: Any) -> Settled:
    """Build the success of a delivery."""
    return Settled(claimed, OutcomeState.DELIVERED, attempt(number=claimed.attempts + 1), **members)


def postponed(claimed: Claimed, due_at: int) -> Settled:
    """Build a failed attempt that is tried again."""
    failed = attempt(
        number=claimed.attempts + 1, status=503, error="answered 503", reason_class=ReasonClass.RECEIVER
    )
    return Settled(claimed, OutcomeState.PENDING, failed, due_at=due_at, reason="answered 503")


def dead(claimed: Claimed, **members: Any) -> Settled:
    """Build a delivery's end among the dead letters."""
    failed = attempt(
        number=claimed.attempts + 1, status=410, error="answered 410", reason_class=ReasonClass.RECEIVER
    )
    return Settled(
        claimed,
        OutcomeState.DEAD,
        **{"attempt": failed, "reason_class": ReasonClass.RECEIVER, "reason": "answered 410 Gone", **members},
    )


def until(condition: Callable[[], T], *, seconds: float = 20.0) -> T:
    """Return the condition's first true value; fail if none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        threading.Event().wait(0.005)
    raise AssertionError(f"not so within {seconds} s")
