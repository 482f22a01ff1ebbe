"""When a delivery is tried again, given up, and what a receiver may say to it; against a real receiver."""

import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from eventhub.models import Target
from tests import receiver as answers
from tests.flow.conftest import House
from tests.receiver import Receiver
from tests.until import until


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_these_statuses_are_tried_again(house: House, receiver: Receiver, status: int):
    receiver.answer("/", answers.status(status), answers.ok())
    house.rule(house.webhook())
    house.start()

    [event] = house.put()

    assert house.outcome(event, "delivered").attempts == 2


@pytest.mark.parametrize("status", [300, 301, 304, 307, 308, 400, 401, 403, 404, 405, 409, 410, 413, 422])
def test_these_statuses_are_given_up(house: House, receiver: Receiver, status: int):
    receiver.answer("/", answers.answered(status, b"", {"Location": receiver.url("/elsewhere")}))
    house.rule(house.webhook())
    house.start()

    [event] = house.put()

    house.outcome(event, "dead")
    letter = house.dead_letter(event)
    assert (letter.reason_class, letter.status, letter.attempts) == ("receiver", status, 1)
    assert [one.path for one in receiver.requests] == ["/"]


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(house: House, receiver: Receiver, form: str):
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    receiver.answer("/", answers.status(503, retry_after=90 if form == "seconds" else moment))
    house.rule(house.webhook())
    house.start()

    [event] = house.put()

    attempt = until(lambda: house.attempts(event), what="an attempt")[0]
    wait = (attempt.next_at - attempt.ended_at).total_seconds()
    assert wait == pytest.approx(90, abs=3)


def test_a_retry_after_of_a_month_is_cut(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(503, retry_after=30 * 86_400))
    house.rule(house.webhook())
    house.start()

    [event] = house.put()

    attempt = until(lambda: house.attempts(event), what="an attempt")[0]
    assert (attempt.next_at - attempt.ended_at).total_seconds() == 6 * 3600


def test_a_short_retry_after_does_not_shorten_the_schedule(house: House, receiver: Receiver):
    house.schedule = (60.0, 60.0)
    receiver.answer("/", answers.status(503, retry_after=1))
    house.rule(house.webhook())
    house.start()

    [event] = house.put()

    attempt = until(lambda: house.attempts(event), what="an attempt")[0]
    assert 60 <= (attempt.next_at - attempt.ended_at).total_seconds() <= 66


def test_the_standard_webhooks_schedule_begins_with_five_seconds(house: House, receiver: Receiver):
    house.schedule = None
    receiver.answer("/", answers.status(503))
    house.rule(house.webhook(schedule="standard-webhooks"))
    house.start()

    [event] = house.put()

    attempt = until(lambda: house.attempts(event), what="an attempt")[0]
    assert 5 <= (attempt.next_at - attempt.ended_at).total_seconds() <= 5.5


def test_a_spent_schedule_is_the_end(house: House, receiver: Receiver):
    house.schedule = (0.02, 0.02)
    receiver.answer("/", answers.status(503))
    house.rule(house.webhook())
    house.start()

    [event] = house.put()

    house.outcome(event, "dead")
    assert house.dead_letter(event).attempts == 3
    assert house.dead_letter(event).reason.endswith("attempt 3 was the last of the schedule")


def test_a_name_that_does_not_resolve_is_the_networks_fault(house: House):
    house.rule(house.webhook(url="http://nowhere.invalid/", name="nowhere", max_attempts=1))
    house.start()

    [event] = house.put()

    house.outcome(event, "dead")
    assert house.dead_letter(event).reason_class == "network"


def test_a_closed_port_is_the_networks_fault_and_tried_again(house: House):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    house.rule(house.webhook(url=f"http://127.0.0.1:{port}/", name="closed", max_attempts=2))
    house.start()

    [event] = house.put()

    house.outcome(event, "dead")
    assert (house.dead_letter(event).reason_class, house.dead_letter(event).attempts) == ("network", 2)


def test_an_answer_that_drips_ends_with_the_total_time_out(house: House, receiver: Receiver):
    receiver.answer("/", answers.drip(b"drip" * 1000, every=0.05))
    house.rule(house.webhook(max_attempts=1, timeout_seconds=1))
    house.start()

    [event] = house.put()

    house.outcome(event, "dead")
    [attempt] = house.attempts(event)
    assert house.dead_letter(event).reason_class == "network"
    assert 0.9 <= (attempt.ended_at - attempt.started_at).total_seconds() <= 2


def test_a_410_disables_the_target_with_its_reason_and_the_rest_waits(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(410))
    target = house.webhook(max_in_flight=1)
    house.rule(target)
    house.start()

    [event] = house.put()
    house.outcome(event, "dead")
    until(lambda: not Target.objects.get(pk=target.pk).enabled, what="the target to be disabled")
    [later] = house.put()
    house.routing(later)

    reason = Target.objects.get(pk=target.pk).disabled_reason
    assert reason == "receiver answered 410 Gone: it wants no more requests"
    assert [one.state for one in house.outcomes(later)] == ["pending"]
    assert len(receiver.requests) == 1


def test_a_410_to_an_address_that_was_corrected_meanwhile_disables_nothing(house: House, receiver: Receiver):
    receiver.answer("/old", answers.answered(410, after=0.4))
    target = house.webhook("/old")
    house.rule(target)
    house.start()
    [event] = house.put()
    receiver.wait_for(1, "/old")

    target.url = receiver.url("/new")
    target.save()
    house.outcome(event, "dead")
    house.put()

    receiver.wait_for(1, "/new")
    assert Target.objects.get(pk=target.pk).enabled


def test_the_age_of_the_event_bounds_the_tries(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(503))
    house.schedule = (5.0,) * 10
    house.rule(house.webhook(max_age_seconds=60))
    event = house.event(accepted_at=time.time_ns() // 1000 - 58 * 1_000_000)
    house.start()

    house.put(event)

    house.outcome(event, "dead")
    assert "later than 60 s" in house.dead_letter(event).reason
