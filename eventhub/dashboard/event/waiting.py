"""Why a pending delivery waits: its target, the circuit, an earlier delivery of its key, a limit, or time."""

from dataclasses import dataclass
from datetime import UTC, datetime

from eventhub.dashboard.target_facts import TargetFacts
from eventhub.journal.limits import CircuitState
from eventhub.journal.queued import Queued
from eventhub.journal.rows import OutcomeRow
from eventhub.models import Target


@dataclass(frozen=True, slots=True)
class Wait:
    """A sentence without its full stop, with the moment or the event that it speaks of, if there is one."""

    glyph: str
    text: str
    until: datetime | None = None
    since: datetime | None = None  # how long what holds it does so
    head: Queued | None = None  # the place of the delivery that waits behind another
    is_held: bool = False  # by what people may want to change: a switch, the circuit, an earlier delivery


def wait_of(row: OutcomeRow, facts: TargetFacts | None, place: Queued | None, now: datetime) -> Wait:
    """Return why a pending delivery waits; the first reason that holds, as claiming asks for them."""
    if facts is None:
        return Wait("⌫", "is given up with the next look at it: its target was deleted")
    return _held(row, facts.target, place, now) or _limited(facts)


def _held(row: OutcomeRow, target: Target, place: Queued | None, now: datetime) -> Wait | None:
    """Return what holds the delivery itself: its target is not to be asked, its turn has not come."""
    if not target.enabled:
        why = f": {target.disabled_reason}" if target.disabled_reason else ""
        return Wait("❚❚", f"waits because {target.name} is disabled{why}", is_held=True)
    if target.paused:
        return Wait("❚❚", f"waits because {target.name} is paused", is_held=True)
    if place is not None and place.is_behind:
        return Wait("⇥", "is blocked: an earlier delivery of its key goes first", head=place, is_held=True)
    if row.due_at is not None and row.due_at > now and row.attempts:
        return Wait("↻", "waits for its next attempt at", until=row.due_at)
    return None


def _limited(facts: TargetFacts) -> Wait:
    """Return which of the target's limits keeps a delivery that is due."""
    target, state = facts.target, facts.state
    if state.circuit is CircuitState.OPEN:
        probe = datetime.fromtimestamp((state.next_probe_at or 0) / 1_000_000, UTC)
        since = datetime.fromtimestamp((state.opened_at or 0) / 1_000_000, UTC)
        text = f"waits because the circuit of {target.name} is open; the next probe is at"
        return Wait("▲", text, probe, since=since if state.opened_at else None, is_held=True)
    if state.circuit is CircuitState.HALF_OPEN:
        return Wait("◐", f"waits while one attempt probes whether {target.name} is back")
    if state.in_flight >= target.max_in_flight:
        return Wait("⧗", f"waits for one of {target.max_in_flight} places at {target.name}: all are taken")
    if facts.rate_per_second and state.pending > state.in_flight:
        return Wait("⧗", f"waits for its turn: {target.name} takes {facts.rate_per_second:g} a second")
    return Wait("◌", "is due or under way")
