"""Which fields of events are masked for whom.

A bus marks paths of ``detail`` as sensitive. Administrators of the bus, people whose grant says so, and keys
with the scope ``events:sensitive`` see them. For everybody else ``masked_paths`` names what is to be masked
wherever events are shown: ``domain.mask.mask`` replaces it in a detail, ``domain.mask.is_masked`` tells
whether a pattern or a search asks about it, which would tell what it is. What was made of a detail, such as
an attempt's body, cannot be searched for it and is masked as a whole. Targets receive events unmasked.
"""

from collections.abc import Collection

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.models import Bus, FormerBus


def masked_paths(caller: Caller, bus_id: int) -> tuple[str, ...]:
    """Return the paths that are masked for a caller in the events of a bus; none if they may see all."""
    if caller.may(Scope.EVENTS_SENSITIVE, bus_id):
        return ()
    # What is marked can differ from what the rulebook knows for a second; here it must not.
    for rows in (Bus.objects.filter(pk=bus_id), FormerBus.objects.filter(pk=bus_id)):
        found = rows.values_list("sensitive", flat=True).first()
        if found is not None:
            return tuple(found)
    return ()


def masked_paths_by_bus(caller: Caller) -> dict[int, tuple[str, ...]]:
    """Return, for each bus that has any, the paths that are masked for a caller: one query, for lists."""
    marked = [
        *Bus.objects.exclude(sensitive=[]).values_list("pk", "sensitive"),
        *FormerBus.objects.values_list("pk", "sensitive"),
    ]
    return {
        bus_id: tuple(paths) for bus_id, paths in marked if not caller.may(Scope.EVENTS_SENSITIVE, bus_id)
    }


def searched_masks(caller: Caller, bus_ids: Collection[int] | None, bus: str = "") -> frozenset[str]:
    """Return the paths that are masked for a caller on any of the buses that a search looks at.

    ``bus`` is the one that the search is for, if it is for one.
    """
    masked = masked_paths_by_bus(caller)
    if bus and masked:
        others = set(Bus.objects.exclude(name=bus).values_list("pk", flat=True))
        # Events are found by the bus's name: a deleted bus may have had it, and marks of its own.
        masked = {bus_id: paths for bus_id, paths in masked.items() if bus_id not in others}
    looked_at = [paths for bus_id, paths in masked.items() if bus_ids is None or bus_id in bus_ids]
    return frozenset(path for paths in looked_at for path in paths)
