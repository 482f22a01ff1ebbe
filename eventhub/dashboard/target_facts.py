"""How a target fares, in a few facts: circuit, backlog, what is under way, blocked keys with their heads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.dashboard import words
from eventhub.flow.process import NotRunningError, parts
from eventhub.flow.state_seen import state_seen
from eventhub.journal.limits import BlockedKey, TargetState
from eventhub.models import Target


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """A target and its state: the whole of it, which says why deliveries wait, and what of it is shown."""

    target: Target
    state: TargetState
    shown: TargetState
    said: words.Said
    shows_all: bool = True  # not only what is of the reader's buses

    @property
    def pending(self) -> str:
        """Return how many deliveries wait or are under way, as far as they are counted."""
        return _counted(self.shown.pending)

    @property
    def blocked_keys(self) -> str:
        """Return how many FIFO keys are blocked, as far as they are counted."""
        return _counted(self.shown.blocked_keys)

    @property
    def blocked(self) -> list[BlockedKey]:
        """Return the first of the blocked keys."""
        return list(self.shown.blocked)[:5]

    @property
    def rate_per_second(self) -> float | None:
        """Return the most attempts a second that it allows, its own or its API destination's."""
        target = self.target
        own, shared = target.rate_per_second, None
        if target.api_destination is not None:
            shared = target.api_destination.rate_per_second
        return min((rate for rate in (own, shared) if rate), default=None)


def facts_by_name(names: Collection[str], caller: Caller) -> dict[str, TargetFacts]:
    """Return the facts of those targets that exist, by name."""
    targets = Target.objects.select_related("bus", "api_destination").filter(name__in=set(names))
    states = _states() if targets else {}
    return {one.name: _facts(one, states.get(one.pk, TargetState()), caller) for one in targets}


def facts_by_id(target_ids: Collection[int], caller: Caller) -> dict[int, TargetFacts]:
    """Return the facts of those targets that exist, by id."""
    targets = Target.objects.select_related("bus", "api_destination").filter(pk__in=set(target_ids))
    states = _states() if targets else {}
    return {one.pk: _facts(one, states.get(one.pk, TargetState()), caller) for one in targets}


def _states() -> Mapping[int, TargetState]:
    try:
        return parts().journal.target_states()
    except NotRunningError:  # a page rendered outside a role shows what is configured
        return {}


def _facts(target: Target, state: TargetState, caller: Caller) -> TargetFacts:
    return TargetFacts(
        target,
        state,
        state_seen(target.pk, state, caller),
        words.target(enabled=target.enabled, paused=target.paused, circuit=state.circuit),
        caller.buses(Scope.EVENTS_READ) is None,
    )


def _counted(count: int) -> str:
    return "10,000 or more" if count >= 10_000 else f"{count:,}"
