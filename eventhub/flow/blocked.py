"""The blocked keys of a target, as far as a caller may see them: a key is a value of an event."""

from dataclasses import replace

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths_by_bus
from eventhub.domain.mask import MARK
from eventhub.journal.limits import BlockedKey, TargetState
from eventhub.journal.rows import EventRow


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
