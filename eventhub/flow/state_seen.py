"""How a target fares, as far as a caller may see it: of a shared one, what is of their buses."""

from dataclasses import replace

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths_by_bus
from eventhub.domain.mask import MARK
from eventhub.journal.limits import BlockedKey, TargetState
from eventhub.journal.queued import pending_on
from eventhub.journal.rows import EventRow


def state_seen(target_id: int, state: TargetState, caller: Caller) -> TargetState:
    """Return the state with what is pending and blocked on the caller's buses alone.

    Who sees some buses only is told of no attempts under way (0), for they may be of any bus. Whether
    the circuit is open is said to all, for it keeps their deliveries waiting, too.
    """
    blocked = blocked_seen(state, caller)
    bus_ids = caller.buses(Scope.EVENTS_READ)
    if bus_ids is None:
        return replace(state, blocked=blocked)
    pending, oldest_at = pending_on(target_id, bus_ids)
    return replace(
        state,
        failures=0,
        in_flight=0,
        pending=pending,
        oldest_pending_at=oldest_at,
        blocked_keys=len(blocked),
        blocked=blocked,
    )


def blocked_seen(state: TargetState, caller: Caller) -> list[BlockedKey]:
    """Return those of events on the caller's buses; masked where anything of the event is."""
    if not state.blocked:
        return []
    events = EventRow.objects.filter(id__in={one.event_id for one in state.blocked})
    buses = dict(seen.on_buses(events, caller, Scope.EVENTS_READ).values_list("id", "bus_id"))
    masked = masked_paths_by_bus(caller)
    return [
        replace(one, key=MARK) if buses[one.event_id] in masked else one
        for one in state.blocked
        if one.event_id in buses
    ]
