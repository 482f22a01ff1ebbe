"""Dead-letter targets: where a delivery that died is delivered too."""

import json

from tests import receiver as answers
from tests.flow.conftest import House
from tests.receiver import Receiver
from tests.until import until


def test_a_dead_letter_arrives_at_the_dead_letter_target(house: House, receiver: Receiver):
    receiver.answer("/orders", answers.status(503))
    letters = house.webhook("/letters")
    house.rule(house.webhook("/orders", max_attempts=2, dead_letter_target=letters), bus="shop")
    house.start()

    [event] = house.put(bus="shop", detail={"order": 7})

    [received] = receiver.wait_for(1, "/letters")
    assert received.json["detail"] == {"order": 7}
    made = until(lambda: len(house.outcomes(event)) == 2 and house.outcomes(event), what="both outcomes")
    assert [(one.target, one.rule) for one in made] == [("orders", "all"), ("letters", "all")]
    assert received.headers["webhook-id"] == f"{event.id}-{made[1].pk}"


def test_it_gets_the_event_and_not_what_the_rule_made_of_it(house: House, receiver: Receiver):
    receiver.answer("/orders", answers.status(404))
    letters = house.webhook("/letters")
    rule = house.rule(house.webhook("/orders", dead_letter_target=letters))
    rule.links.update(transform={"Input": '{"only": "this"}'})
    house.start()

    [event] = house.put()

    [received] = receiver.wait_for(1, "/letters")
    assert receiver.on("/orders")[0].json == {"only": "this"}
    assert received.json["id"] == str(event.id)


def test_two_targets_that_name_each_other_make_no_circle(house: House, receiver: Receiver):
    receiver.answer("/a", answers.status(404))
    receiver.answer("/b", answers.status(404))
    one = house.webhook("/a")
    other = house.webhook("/b", dead_letter_target=one)
    one.dead_letter_target = other
    one.save()
    house.rule(one)
    house.start()

    [event] = house.put()

    until(lambda: [row.state for row in house.outcomes(event)] == ["dead", "dead"], what="both to be dead")
    assert (len(receiver.on("/a")), len(receiver.on("/b"))) == (1, 1)


def test_a_bus_may_be_the_dead_letter_target(house: House, receiver: Receiver):
    receiver.answer("/orders", answers.status(404))
    house.rule(house.webhook("/orders", dead_letter_target=house.to_bus("lost")))
    house.start()

    [event] = house.put()

    [there] = until(lambda: house.events_on("lost"), what="the event on the other bus")
    assert there.cause_id == event.id
    assert json.loads(there.detail) == {"order": 1}


def test_a_dead_letter_of_an_old_event_has_its_own_time(house: House, receiver: Receiver):
    receiver.answer("/orders", answers.status(503))
    receiver.answer("/letters", answers.status(503), answers.ok())
    letters = house.webhook("/letters", max_age_seconds=60)
    house.rule(house.webhook("/orders", max_age_seconds=60, dead_letter_target=letters))
    event = house.event()
    old = house.event(accepted_at=event.accepted_at - 3600 * 1_000_000)
    house.start()

    house.put(old)

    receiver.wait_for(2, "/letters")
