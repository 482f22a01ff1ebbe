"""What tells an event that somebody replayed from others, and what narrows its routing."""

from uuid import uuid4

from eventhub.domain import jsontext
from eventhub.flow.replayed import links_of, replay_of, replayed_by_hand, rules_of
from eventhub.journal.port import NewEvent
from tests.journal.build import new_event


def again(event: NewEvent) -> NewEvent:
    return replayed_by_hand(event, [(4, 9), (3, 8)], by="user:ada", new_id=uuid4(), accepted_at=7)


def test_it_is_the_same_fact_caused_by_the_first() -> None:
    event = new_event(key="order-7", attributes=b'{"subject":"x"}', detail=b'{"amount":1.50}')

    made = again(event)

    assert (made.cause_id, made.key, made.detail, made.accepted_at) == (event.id, None, event.detail, 7)
    assert replay_of(made) == "by-hand"
    assert jsontext.decode(made.attributes)["subject"] == "x"


def test_it_names_the_rules_and_links_that_see_it() -> None:
    made = again(new_event())

    assert rules_of(made) == {3, 4}
    assert links_of(made) == {(3, 8), (4, 9)}


def test_what_an_earlier_replay_said_is_replaced() -> None:
    first = again(new_event())

    second = replayed_by_hand(first, [(5, 5)], by="user:bob", new_id=uuid4(), accepted_at=8)

    assert links_of(second) == {(5, 5)}
    assert jsontext.decode(second.attributes)["replay-by"] == "user:bob"


def test_others_are_not_narrowed() -> None:
    forged = new_event(attributes=b'{"replay-rules":[1],"replay-targets":[[1,1]]}', who="key:K")

    assert links_of(forged) is None
    assert rules_of(forged) is None
