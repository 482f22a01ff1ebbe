"""The test action: one attempt, by the same code and guard as a delivery, that leaves nothing behind."""

import pytest

from eventhub.domain.addresses import AddressGuard
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.flow.testing import test_target as attempt
from eventhub.journal.rows import AttemptRow
from eventhub.models import Target
from eventhub.targets.verdict import Decision
from tests import receiver as answers
from tests.flow.conftest import House
from tests.receiver import Receiver

HERE = AddressGuard(loopback_allowed=True)


def test_a_target_is_tested_by_a_sample_event(house: House, receiver: Receiver):
    result = attempt(house.webhook("/orders", payload_format="detail"), guard=HERE)

    [received] = receiver.on("/orders")
    assert received.json["message"].startswith("A test from Eventhub")
    assert (result.verdict.decision, result.status) == (Decision.DELIVERED, 200)
    assert received.headers["webhook-id"]
    assert not AttemptRow.objects.using("journal").exists()


def test_it_shows_what_the_receiver_says(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(422, body=b"no such order"))

    result = attempt(house.webhook(), house.event(detail={"order": 7}), guard=HERE)

    assert receiver.requests[0].json["detail"] == {"order": 7}
    assert result.verdict.reason.startswith("receiver answered 422")
    assert result.response["body"] == "no such order"


def test_it_asks_the_same_guard(house: House, receiver: Receiver):
    result = attempt(house.webhook(), guard=AddressGuard())

    assert result.verdict.reason.startswith("not reached: 127.0.0.1 is a loopback address")
    assert receiver.connections == 0


def test_a_target_need_not_be_saved(house: House, receiver: Receiver):
    result = attempt(Target(name="new", kind="webhook", url=receiver.url("/new")), guard=HERE)

    assert result.status == 200


def test_a_bus_gets_the_event(house: House):
    process.install(Parts(house.journal, house.keeper))
    try:
        result = attempt(house.to_bus("marketing"))
    finally:
        process.uninstall()

    [there] = house.events_on("marketing")
    assert result.verdict.decision is Decision.DELIVERED
    assert (there.source, there.cause_id) == ("eventhub.test", None)


@pytest.mark.parametrize("kind", ["nonsense"])
def test_what_cannot_be_made_says_why(house: House, kind: str):
    result = attempt(house.webhook(kind=kind))

    assert result.verdict.decision is Decision.GIVE_UP
    assert "nonsense" in result.verdict.reason


def test_consent_is_asked_for_in_the_name_of_the_public_address(house: House, receiver: Receiver):
    receiver.answers = lambda received: answers.answered(
        200, b"", {"WebHook-Allowed-Origin": received.headers["webhook-request-origin"]}
    )

    result = attempt(house.webhook("/asked", config={"handshake": True}), guard=HERE)

    asked, delivered = receiver.on("/asked")
    assert (asked.method, delivered.method) == ("OPTIONS", "POST")
    assert asked.headers["webhook-request-origin"] == "127.0.0.1"
    assert result.verdict.decision is Decision.DELIVERED
