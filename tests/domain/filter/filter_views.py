"""Events as filters see them, with what a test does not care about supplied."""

from typing import Any

from eventhub.domain.filter import EventView, LegView


def view(*legs: LegView, **members: Any) -> EventView:
    """Build an event; with legs it was matched."""
    return EventView(
        **{
            "id": "019a5a3b000070008000000000000000",
            "bus": "orders",
            "source": "shop.web",
            "type": "order.paid",
            "accepted_at": 1_000_000_000,
            "routing": "matched" if legs else "unmatched",
            "legs": legs,
            **members,
        }
    )


def leg(state: str = "delivered", *, rule: str = "paid", target: str = "crm", **members: Any) -> LegView:
    """Build a match."""
    return LegView(rule, target, state, **members)
