"""An event's state as lists say it."""

from uuid import UUID

from eventhub.dashboard import words
from eventhub.journal.port import OutcomeState, RoutingState
from eventhub.journal.position import Position
from eventhub.live.rows import Leg, Row


def row(*states: OutcomeState, settled_at: int | None) -> Row:
    legs = {at: Leg(at, at, at, state) for at, state in enumerate(states)}
    return Row(
        UUID(int=1),
        accepted_at=0,
        bus_id=1,
        bus="default",
        source="shop",
        detail_type="Order Placed",
        position=Position(0, 1),
        routing=RoutingState.MATCHED,
        matched=len(states),
        legs=legs,
        settled_at=settled_at,
    )


def test_once_all_is_done_a_dead_event_says_how_many_of_how_many() -> None:
    states = (OutcomeState.DEAD, OutcomeState.DELIVERED, OutcomeState.DELIVERED)

    assert words.result(row(*states, settled_at=7)).word == "dead 1/3"


def test_what_is_still_tried_does_not_count_as_dead() -> None:
    states = (OutcomeState.DEAD, OutcomeState.PENDING, OutcomeState.DELIVERED)

    assert words.result(row(*states, settled_at=None)).word == "dead"
