"""Redrive: dead letters brought back, at a rate, with progress, and with their history."""

import time

from eventhub.flow.redrive import Redriver
from eventhub.journal.port import ReasonClass, Redrive, RedriveState, Selection
from eventhub.journal.rows import DeadLetterRow
from tests import receiver as answers
from tests.flow.conftest import House
from tests.receiver import Receiver
from tests.until import until


def start_redrive(house: House, selection: Selection, per_second: float = 1000.0) -> Redrive:
    now = time.time_ns() // 1000
    return house.journal.start_redrive(selection, per_second=per_second, now=now, who="user:ada")


def test_a_redriven_delivery_keeps_its_number_and_its_history(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(503))
    house.rule(house.webhook(max_attempts=2))
    house.start()
    [event] = house.put()
    dead = house.outcome(event, "dead")
    receiver.answer("/", answers.status(503), answers.ok())

    start_redrive(house, Selection(ids=[house.dead_letter(event).pk]))

    again = house.outcome(event, "delivered")
    assert (again.pk, again.attempts) == (dead.pk, 4)
    assert [one.number for one in house.attempts(event)] == [1, 2, 3, 4]
    assert len({one.headers["webhook-id"] for one in receiver.requests}) == 1


def test_the_budget_begins_anew(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(503))
    house.rule(house.webhook(max_attempts=2))
    house.start()
    event = house.event(accepted_at=time.time_ns() // 1000 - 48 * 3600 * 1_000_000)
    house.put(event)
    house.outcome(event, "dead")

    start_redrive(house, Selection(target=house.dead_letter(event).target))

    until(lambda: len(house.attempts(event)) == 3, what="its two new attempts")
    until(
        lambda: DeadLetterRow.objects.using("journal").filter(event_id=event.id).count() == 2,
        what="a second dead letter",
    )


def test_a_dry_run_counts_what_a_redrive_would_take(house: House, receiver: Receiver):
    receiver.answer("/a", answers.status(404))
    receiver.answer("/b", answers.reset())
    one, other = house.webhook("/a"), house.webhook("/b", max_attempts=1)
    house.rule(one, other)
    house.start()
    for event in house.put(count=5):
        until(
            lambda event=event: [row.state for row in house.outcomes(event)] == ["dead", "dead"],
            what="both to be dead",
        )

    assert house.journal.count_dead_letters(Selection()) == 10
    assert house.journal.count_dead_letters(Selection(target=one.name)) == 5
    assert house.journal.count_dead_letters(Selection(reason_class=ReasonClass.NETWORK)) == 5
    assert house.journal.count_dead_letters(Selection(status=404)) == 5
    assert len(receiver.requests) == 10


def test_a_redrive_keeps_its_rate_tells_its_progress_and_can_be_paused_and_cancelled(
    house: House, receiver: Receiver
):
    receiver.answer("/", answers.status(404))
    house.rule(house.webhook(circuit_failures=0))
    house.start()
    events = house.put(count=60)
    for event in events:
        house.outcome(event, "dead")
    receiver.answer("/", answers.ok())
    tried = len(receiver.requests)
    now = time.time_ns() // 1000

    made = start_redrive(house, Selection(), per_second=20)
    assert made.total == 60
    receiver.wait_for(tried + 5)
    assert house.journal.steer_redrive(made.id, RedriveState.PAUSED, now=now)
    until(lambda: house.journal.running_redrives() == [], what="it to be paused")
    came = until(lambda: steady(receiver), what="what was under way to arrive")
    assert tried + 5 <= came < tried + 60

    assert house.journal.steer_redrive(made.id, RedriveState.RUNNING, now=time.time_ns() // 1000)
    receiver.wait_for(came + 5)
    assert house.journal.steer_redrive(made.id, RedriveState.CANCELLED, now=time.time_ns() // 1000)
    assert not house.journal.steer_redrive(made.id, RedriveState.RUNNING, now=time.time_ns() // 1000)
    assert house.journal.count_dead_letters(Selection()) > 0


def steady(receiver: Receiver) -> int:
    """Return how many requests came once no more come for a while."""
    count, since = len(receiver.requests), time.monotonic()
    until(lambda: len(receiver.requests) != count or time.monotonic() - since > 0.5, what="half a second")
    return count if len(receiver.requests) == count else 0


def test_what_cannot_be_redriven_is_skipped_with_its_reason(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(404))
    target = house.webhook()
    rule = house.rule(target)
    house.start()
    [event] = house.put()
    house.outcome(event, "dead")
    rule.links.all().delete()
    target.delete()
    redriver = Redriver(house.journal, house.keeper)

    made = start_redrive(house, Selection())
    redriver.start()

    until(lambda: house.journal.running_redrives() == [], what="the redrive to end")
    redriver.stop()
    assert made.total == 1
    assert house.outcomes(event)[0].state == "dead"
