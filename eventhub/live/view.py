"""Which buses a reader of the live view is shown."""

from typing import NamedTuple

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope


class View(NamedTuple):
    """The buses shown, and all that the reader may see; None for every bus; and the group that is open.

    Readers with equal views share their channels. ``seen`` matters beside ``shown`` because a target may
    forward to a bus: one that the reader does not see is not drawn.
    """

    shown: frozenset[int] | None = None
    seen: frozenset[int] | None = None
    opened: str = ""  # key of a group of rules whose members are drawn one by one, while there are groups

    def shows(self, bus_id: int) -> bool:
        """Tell whether what happens on a bus is shown."""
        return self.shown is None or bus_id in self.shown

    def sees(self, bus_id: int) -> bool:
        """Tell whether the reader may know of a bus."""
        return self.seen is None or bus_id in self.seen


EVERY_BUS = View()


def view_of(caller: Caller, bus_id: int | None = None, opened: str = "") -> View:
    """Return a caller's view of one bus, which they may see, or of all that they may see."""
    seen = caller.buses(Scope.EVENTS_READ)
    return View(seen if bus_id is None else frozenset({bus_id}), seen, opened)
