"""The bus kind: putting an event on another bus of this installation, and when that is a loop.

A rule on bus A that feeds B and one on B that feeds A would turn one event into endless ones. So an event
carries how many buses it passed, and their names; routing makes no delivery to a bus for an event that
passed ``HOP_LIMIT`` of them, and records it with the way it went. The limit is on buses passed and not on
seeing a bus twice, because a chain that comes back once, for events of another type, is sound.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from eventhub.targets.kind import Kind

HOP_LIMIT = 8
# In an event's attributes: the names of the buses it passed. CloudEvents attributes have no hyphen.
PASSED = "buses-passed"


class BusKind(Kind):
    """Delivers within this installation: flow puts the event there as it settles the delivery."""

    name = "bus"
    title = "Bus"
    summary = "Puts each event on another bus of this installation, in one transaction with its delivery."
    given = ("bus",)

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return the bus's name."""
        return f"bus {settings.get('bus', '')}"


def passed(attributes: Mapping[str, object]) -> list[str]:
    """Return the names of the buses that an event passed before the one it is on."""
    names = attributes.get(PASSED)
    return [str(name) for name in names] if isinstance(names, list) else []


def loop(hops: int, way: Sequence[str]) -> str | None:
    """Say why an event may not be put on another bus, or None if it may; ``way`` ends with its own bus.

    >>> loop(2, ["default", "marketing", "default"]) is None
    True
    >>> loop(8, ["a", "b", "a"])
    'passed 8 buses, which is the limit: a → b → a'
    """
    if hops < HOP_LIMIT:
        return None
    return f"passed {hops} buses, which is the limit: {' → '.join(way)}"
