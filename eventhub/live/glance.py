"""The state of everything at a glance: what flows, fails, waits and is lost, on the buses that somebody sees.

Out of the rollups and the targets' states: a handful of bounded questions, cheap enough for a page that is
opened often.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from eventhub.flow.last_hour import MINUTES, past_hour
from eventhub.flow.rulebook import Rulebook
from eventhub.flow.unrouted import unrouted
from eventhub.journal.looking_back import Tally
from eventhub.journal.port import CircuitState, Grain, Journal, Past
from eventhub.journal.queued import pending_on
from eventhub.live.view import View

LATEST_SECONDS = 2  # what happened since may not be rolled up yet
HOURS = 24


@dataclass(frozen=True, slots=True)
class Series:
    """Counts of equal steps, the oldest first, and how many of each failed."""

    counts: list[int]
    failed: list[int]

    @property
    def count(self) -> int:
        """Return the sum."""
        return sum(self.counts)

    @property
    def failures(self) -> int:
        """Return how many failed."""
        return sum(self.failed)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A paused bus and what waits there for routing; ``more`` than that many if there are too many."""

    bus_id: int
    events: int
    more: bool


@dataclass(frozen=True, slots=True)
class Glance:
    """The state at a moment (seconds since 1970); series by the minute of the last hour but where it says."""

    at: int
    accepted: Series
    attempts: Series
    unmatched: Series
    dead: Series  # by the hour of the last day
    accepted_lately: int  # in the last sixty seconds; so the next two
    delivered_lately: int
    failing: list[int]  # ids of targets half of whose attempts of the last minute failed
    opened: list[int]  # ids of targets whose circuit is not closed
    paused: list[Waiting]  # buses
    pending: int  # deliveries

    @property
    def unmatched_share(self) -> float | None:
        """Return the share of the hour's events that no rule matched; None without events."""
        return self.unmatched.count / self.accepted.count if self.accepted.count else None


def read_glance(journal: Journal, rulebook: Rulebook, view: View, now: int) -> Glance:
    """Return the state of a view."""
    hour, at = past_hour(now), now - LATEST_SECONDS
    minute = Past(at - 60, at, Grain.SECOND)
    day = Past(now - now % 3600 - (HOURS - 1) * 3600, now + 1, Grain.HOUR, 3600)

    def series(kind: str, past: Past, steps: int) -> Series:
        return _series(journal.counts(kind, past, by=(), bus_ids=view.shown), past, steps)

    def lately(kind: str) -> tuple[int, int]:
        tallies = journal.counts(kind, minute, by=(), bus_ids=view.shown)
        return sum(one.count for one in tallies), sum(one.failed for one in tallies)

    targets = targets_of(rulebook, view)
    states = {one: state for one, state in journal.target_states().items() if one in targets}
    free = {one for one in targets if rulebook.targets[one].enabled and not rulebook.targets[one].waits}
    tried = journal.counts("attempt", minute, by=("b",), bus_ids=view.shown)
    attempted, failed = lately("attempted")
    waiting = unrouted([bus_id for bus_id in rulebook.paused if view.shows(bus_id)])
    opened = {one for one, state in states.items() if state.circuit is not CircuitState.CLOSED}
    return Glance(
        at=at,
        accepted=series("accepted", hour, MINUTES),
        attempts=series("attempted", hour, MINUTES),
        unmatched=series("unmatched", hour, MINUTES),
        dead=series("dead", day, HOURS),
        accepted_lately=lately("accepted")[0],
        delivered_lately=attempted - failed,
        failing=sorted({one.counted.b for one in tried if one.failed * 2 >= one.count} & free),
        opened=sorted(opened & free),
        paused=[Waiting(bus_id, one.events, one.more) for bus_id, one in waiting.items()],
        pending=sum(
            # Of a shared target, what is of the view's buses.
            state.pending if view.shown is None else pending_on(one, view.shown)[0]
            for one, state in states.items()
            if state.pending
        ),
    )


def targets_of(rulebook: Rulebook, view: View) -> Collection[int]:
    """Return the targets that a view shows: all, or those of rules on its buses."""
    shown: Iterable[int] = rulebook.targets
    if view.shown is not None:
        on_buses = [rulebook.rules[bus_id] for bus_id in view.shown if bus_id in rulebook.rules]
        shown = {target for one in on_buses for rule in one.rules.values() for target in rule.target_ids}
    return {one for one in shown if one in rulebook.targets}


def _series(tallies: Iterable[Tally], past: Past, steps: int) -> Series:
    assert past.step is not None  # of a series
    counts, failed = [0] * steps, [0] * steps
    for one in tallies:
        step = (one.at - past.since) // past.step
        counts[step], failed[step] = one.count, one.failed
    return Series(counts, failed)
