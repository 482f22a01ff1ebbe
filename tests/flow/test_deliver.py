"""Delivering, against a real journal and a real receiver."""

import json
import logging
import threading
import time

import pytest

from eventhub.domain.addresses import AddressGuard
from eventhub.flow.claim import Lanes
from eventhub.journal.port import JournalUnavailable, Settled
from tests import receiver as answers
from tests.flow.conftest import House
from tests.receiver import Receiver
from tests.until import until


def test_a_match_arrives_as_the_envelope(house: House, receiver: Receiver):
    house.rule(house.webhook("/orders"))
    house.start()

    [event] = house.put(detail={"order": 7})

    [received] = receiver.wait_for(1, "/orders")
    assert received.json["id"] == str(event.id)
    assert received.json["detail"] == {"order": 7}
    assert list(received.json) == [
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    ]
    outcome = house.outcome(event, "delivered")
    [attempt] = house.attempts(event)
    assert (outcome.attempts, attempt.number, attempt.status, attempt.error) == (1, 1, 200, "")
    assert received.headers["webhook-id"] == f"{event.id}-{outcome.pk}"


def test_a_failure_is_tried_again_under_the_same_id_until_delivered(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(503), answers.status(429), answers.ok())
    house.rule(house.webhook())
    house.start()

    [event] = house.put()

    outcome = house.outcome(event, "delivered")
    assert outcome.attempts == 3
    assert [(one.number, one.status, one.state) for one in house.attempts(event)] == [
        (1, 503, "pending"),
        (2, 429, "pending"),
        (3, 200, "delivered"),
    ]
    assert house.attempts(event)[0].error == "receiver answered 503 Service Unavailable"
    assert len({one.headers["webhook-id"] for one in receiver.requests}) == 1


def test_after_the_last_attempt_there_is_a_dead_letter_with_its_reason(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(500))
    house.rule(house.webhook(max_attempts=3))
    house.start()

    [event] = house.put()

    house.outcome(event, "dead")
    letter = house.dead_letter(event)
    assert len(receiver.requests) == 3
    assert (letter.reason_class, letter.attempts, letter.status) == ("receiver", 3, 500)
    assert letter.reason == "receiver answered 500 Internal Server Error; attempt 3 of 3 was the last"
    assert house.journal.next_due_at([]) is None


def test_an_event_that_grew_too_old_is_tried_once_and_no_more(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(500))
    house.rule(house.webhook(max_age_seconds=60))
    event = house.event(accepted_at=time.time_ns() // 1000 - 3600 * 1_000_000)
    house.start()

    house.put(event)

    house.outcome(event, "dead")
    assert len(receiver.requests) == 1
    assert "later than 60 s" in house.dead_letter(event).reason


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410])
def test_a_refusal_is_given_up_at_once(house: House, receiver: Receiver, status: int):
    receiver.answer("/", answers.answered(status, b"", {"Location": receiver.url("/elsewhere")}))
    house.rule(house.webhook())
    house.start()

    [event] = house.put()

    house.outcome(event, "dead")
    assert house.dead_letter(event).reason_class == "receiver"
    assert [one.path for one in receiver.requests] == ["/"]


def test_a_time_out_is_the_networks_fault(house: House, receiver: Receiver):
    receiver.answer("/", answers.hang())
    house.rule(house.webhook(max_attempts=1, timeout_seconds=1))
    house.start()

    [event] = house.put()

    house.outcome(event, "dead")
    letter = house.dead_letter(event)
    assert letter.reason_class == "network"
    assert "timed out" in letter.reason


@pytest.mark.parametrize(
    "answer", [answers.reset(), answers.garbage(), answers.cut()], ids=["reset", "garbage", "cut"]
)
def test_a_broken_answer_is_tried_again(house: House, receiver: Receiver, answer: answers.Answer):
    receiver.answer("/", answer, answers.ok())
    house.rule(house.webhook())
    house.start()

    [event] = house.put()

    assert house.outcome(event, "delivered").attempts == 2


def test_a_hanging_target_does_not_slow_another(house: House, receiver: Receiver):
    receiver.answer("/hang", answers.hang())
    house.rule(house.webhook("/hang", timeout_seconds=60), name="hang", pattern='{"source": ["slow"]}')
    house.rule(house.webhook("/quick"), name="quick", pattern='{"source": ["shop"]}')
    house.start()
    house.put(count=500, source="slow")
    receiver.wait_for(32, "/hang")

    began = time.monotonic()
    house.put(count=200)
    receiver.wait_for(200, "/quick")

    assert time.monotonic() - began < 2
    assert len(receiver.on("/hang")) == 32


def test_a_full_lane_is_used_again_as_places_become_free(house: House, receiver: Receiver):
    house.lanes = Lanes(in_all=3)
    house.rule(house.webhook(max_in_flight=2))
    house.start()

    house.put(count=100)

    receiver.wait_for(100)
    assert receiver.connections <= 2


def test_an_event_goes_on_to_another_bus_with_its_cause(house: House, receiver: Receiver):
    house.rule(house.to_bus("marketing"))
    house.rule(house.webhook("/marketing"), bus="marketing")
    house.start()

    [event] = house.put(detail={"account": "new"}, key="k1")

    [received] = receiver.wait_for(1, "/marketing")
    [passed_on] = house.events_on("marketing")
    assert received.json["id"] == str(passed_on.id) != str(event.id)
    assert received.json["detail"] == {"account": "new"}
    assert (passed_on.cause_id, passed_on.hops, passed_on.time) == (
        event.id,
        1,
        house.events_on("default")[0].time,
    )
    assert passed_on.attributes == '{"buses-passed":["default"]}'
    outcome = house.outcome(event, "delivered")
    assert outcome.attempts == 1
    assert json.loads(house.attempts(event)[0].request) == {"method": "PUT", "url": "bus:marketing"}
    assert house.attempts(event)[0].response == f'{{"event":"{passed_on.id}"}}'


def test_two_buses_that_feed_each_other_end_with_a_visible_reason(house: House):
    house.rule(house.to_bus("b"), bus="a")
    house.rule(house.to_bus("a"), bus="b")
    house.start()

    house.put(bus="a")

    last = until(
        lambda: next((one for one in house.events_on("a") if one.hops == 8), None), what="the last hop"
    )
    outcome = until(lambda: house.outcomes(last), what="its outcome")[0]
    assert outcome.state == "loop"
    assert outcome.reason == "passed 8 buses, which is the limit: a → b → a → b → a → b → a → b → a"
    assert len(house.events_on("a")) + len(house.events_on("b")) == 9


def test_loopback_is_refused_where_it_is_not_allowed(house: House, receiver: Receiver):
    house.guard = AddressGuard()
    house.rule(house.webhook())
    house.start()

    [event] = house.put()

    house.outcome(event, "dead")
    letter = house.dead_letter(event)
    assert letter.reason_class == "ours"
    assert letter.reason.startswith("not reached: 127.0.0.1 is a loopback address")
    assert receiver.connections == 0


def test_a_name_that_leads_to_a_private_address_is_refused(house: House, receiver: Receiver):
    house.guard = AddressGuard()
    house.rule(house.webhook(url=f"http://localhost:{receiver.port}/", name="named"))
    house.start()

    [event] = house.put()

    house.outcome(event, "dead")
    assert "is a loopback address" in house.dead_letter(event).reason
    assert receiver.connections == 0


def test_deliveries_to_a_disabled_target_wait_until_it_is_enabled(house: House, receiver: Receiver):
    target = house.webhook("/later", enabled=False)
    house.rule(target, house.webhook("/now"))
    house.start()
    [event] = house.put()
    receiver.wait_for(1, "/now")
    assert receiver.on("/later") == []

    target.enabled = True
    target.save()

    receiver.wait_for(1, "/later")
    assert receiver.on("/later")[0].json["id"] == str(event.id)


@pytest.mark.parametrize("what", ["target", "rule"])
def test_deleting_a_target_or_a_rule_makes_its_deliveries_dead_letters(
    house: House, receiver: Receiver, what: str
):
    house.schedule = (0.5, 0.5)
    receiver.answer("/", answers.status(503))
    target = house.webhook()
    rule = house.rule(target)
    house.start()
    [event] = house.put()
    receiver.wait_for(1)

    if what == "target":
        rule.links.all().delete()
        target.delete()
    else:
        rule.delete()

    house.outcome(event, "dead")
    letter = house.dead_letter(event)
    assert (letter.reason, letter.reason_class) == (f"{what} deleted", "ours")
    assert letter.attempts == 1
    assert len(receiver.requests) == 1


def test_a_target_that_this_process_has_not_heard_of_yet_is_no_deleted_one(house: House, receiver: Receiver):
    house.keeper.poll_seconds = 3600
    house.start()
    house.rule(house.webhook(), bus="brand-new")

    [event] = house.put(bus="brand-new")

    house.outcome(event, "delivered")


def test_stop_gives_back_what_hangs_and_it_is_no_failed_attempt(house: House, receiver: Receiver):
    receiver.answer("/", answers.hang(), answers.ok())
    house.rule(house.webhook(timeout_seconds=60))
    house.start()
    [event] = house.put()
    receiver.wait_for(1)

    house.stop()

    assert house.attempts(event) == []
    house.deliverer = None
    house.start(routes=False)
    assert house.outcome(event, "delivered").attempts == 1


def test_stop_lets_a_slow_answer_arrive(house: House, receiver: Receiver):
    receiver.answer("/", answers.ok(after=0.3))
    house.rule(house.webhook())
    house.start()
    [event] = house.put()
    receiver.wait_for(1)
    assert house.deliverer

    house.deliverer.stop(grace_seconds=5)

    assert house.outcome(event, "delivered", seconds=0.1).attempts == 1


def test_what_waits_is_delivered_after_a_restart(house: House, receiver: Receiver):
    house.rule(house.webhook())
    house.start(delivers=False)
    events = house.put(count=300)
    house.routing(events[-1])

    house.start(routes=False)

    receiver.wait_for(300)
    assert {one.json["id"] for one in receiver.requests} == {str(event.id) for event in events}


def test_results_are_kept_while_the_journal_is_away(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    away = threading.Event()
    real = house.journal.settle
    tried: list[int] = []

    def settle(group: list[Settled]) -> list[bool]:
        if not away.is_set():
            tried.append(len(group))
            raise JournalUnavailable("the disk is full")
        return real(group)

    monkeypatch.setattr(house.journal, "settle", settle)
    house.rule(house.webhook())
    house.start()
    events = house.put(count=20)
    receiver.wait_for(20)
    until(lambda: len(tried) >= 2, what="two tries to settle")

    away.set()

    for event in events:
        assert house.outcome(event, "delivered").attempts == 1
    assert len(receiver.requests) == 20


def test_each_failed_attempt_is_one_line_in_the_log(
    house: House, receiver: Receiver, caplog: pytest.LogCaptureFixture
):
    receiver.answer("/", answers.status(503), answers.ok())
    house.rule(house.webhook())
    house.start()
    with caplog.at_level(logging.INFO, "eventhub.deliver"):
        [event] = house.put()
        house.outcome(event, "delivered")

    [line] = [one for one in caplog.records if one.message == "delivery.attempted"]
    assert line.fields["outcome"] == "retry"
    assert line.fields["status"] == 503
    assert line.fields["next_in"].endswith("s")


def test_an_attempt_shows_what_was_sent_and_what_came_back(house: House, receiver: Receiver):
    receiver.answer("/", answers.answered(404, b'{"no": "such order"}', {"Content-Type": "application/json"}))
    house.rule(house.webhook())
    house.start()

    [event] = house.put()
    house.outcome(event, "dead")

    [attempt] = house.attempts(event)
    request, response = json.loads(attempt.request), json.loads(attempt.response)
    assert request["url"] == receiver.url("/")
    assert request["body"] == "envelope"
    assert response["status"] == 404
    assert response["headers"]["Content-Type"] == "application/json"
    assert response["body"] == '{"no": "such order"}'
    assert json.loads(attempt.phases)["first_byte"] > 0


def test_a_delivery_that_cannot_be_made_does_not_hold_up_the_others(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    from eventhub.domain.envelope import Envelope

    real = Envelope.as_bytes

    def as_bytes(envelope: Envelope) -> bytes:
        if envelope.source == "bad":
            raise ZeroDivisionError("a bug")
        return real(envelope)

    monkeypatch.setattr(Envelope, "as_bytes", as_bytes)
    house.rule(house.webhook(max_attempts=2))
    bad, good = house.event(source="bad"), house.event()
    house.put(bad, good)
    house.start()

    house.outcome(good, "delivered")
    house.outcome(bad, "dead")
    letter = house.dead_letter(bad)
    assert (letter.reason_class, letter.attempts) == ("ours", 2)
    assert letter.reason == "not made: ZeroDivisionError: a bug; attempt 2 of 2 was the last"


def test_a_lost_hint_costs_a_second_and_nothing_else(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(house.journal, "watch", lambda _callback: None)
    house.rule(house.webhook())
    house.start()

    house.put()

    receiver.wait_for(1, seconds=4)


def test_a_result_that_comes_too_late_for_its_lease_is_only_logged(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(house.journal, "settle", lambda group: [False for _ in group])
    house.rule(house.webhook())
    with caplog.at_level(logging.WARNING, "eventhub.deliver"):
        house.start()
        [event] = house.put()
        receiver.wait_for(1)

        until(lambda: [one for one in caplog.records if one.message == "delivery.lease_lost"], what="a line")

    assert [one.state for one in house.outcomes(event)] == ["pending"]


def test_the_trace_of_x_ray_reaches_a_webhook_over_two_buses(house: House, receiver: Receiver) -> None:
    house.rule(house.to_bus("second"), name="on")
    house.rule(house.webhook("/hook"), bus="second", name="out")
    house.start()

    house.put(attributes=b'{"trace-header":"Root=1-5759e988;Sampled=1"}')

    request = until(lambda: receiver.requests, what="a delivery")[0]
    assert request.headers["x-amzn-trace-id"] == "Root=1-5759e988;Sampled=1"


def test_the_trace_of_w3c_reaches_a_webhook_whatever_the_format(house: House, receiver: Receiver) -> None:
    made, sent = (f"00-{digit * 32}-b7ad6b7169203331-01" for digit in "12")
    house.rule(house.webhook("/plain"))
    house.rule(house.webhook("/binary", payload_format="cloudevents-binary"), name="binary")
    house.start()

    house.put(attributes=f'{{"trace-parent":"{sent}","trace-state":"shop=1"}}'.encode())
    [plain] = receiver.wait_for(1, "/plain")
    [binary] = receiver.wait_for(1, "/binary")
    for request in (plain, binary):
        assert (request.headers["traceparent"], request.headers["tracestate"]) == (sent, "shop=1")
    assert binary.headers["ce-traceparent"] == sent

    house.put(
        attributes=f'{{"specversion":"1.0","id":"1","traceparent":"{made}","trace-parent":"{sent}"}}'.encode()
    )
    binary = receiver.wait_for(2, "/binary")[1]
    assert (binary.headers["traceparent"], binary.headers["ce-traceparent"]) == (sent, made)
