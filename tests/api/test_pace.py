"""A key that may ask so often, and no oftener, at every door."""

import json

import pytest
from django.test import Client

from eventhub.access.keys import mint, ring
from eventhub.access.pace import Pace
from eventhub.access.scopes import Scope
from eventhub.api.ingest import ingest
from eventhub.models import ApiKey, Bus
from tests.api.door import Call, Doors
from tests.api.test_put_events import client, error_of

EVENT = json.dumps({"source": "shop", "detail-type": "sold", "detail": {}}).encode()


def test_a_pace_lets_a_second_through_at_once_and_then_its_rate(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    pace = Pace(4.0)

    assert [pace.wait_seconds() for _ in range(4)] == [0.0] * 4
    assert pace.wait_seconds() == pytest.approx(0.25)
    now += 0.25
    assert pace.wait_seconds() == 0.0
    assert pace.wait_seconds() == pytest.approx(0.25)
    now += 60
    assert sum(pace.wait_seconds() == 0.0 for _ in range(10)) == 4


def test_the_doors_for_events_say_when_to_come_again(doors: Doors):
    key, secret = mint("till", [Scope.EVENTS_PUT], rate_per_second=0.5)
    headers = {"authorization": f"Bearer {key.pk}.{secret}", "content-type": "application/json"}
    call = Call(ingest, "/api/buses/default/events", headers, [EVENT])

    first, second = doors.answers([call, call])

    assert sorted([first.status, second.status]) == [202, 429]
    refused = max(first, second, key=lambda one: one.status)
    assert refused.headers["retry-after"] == "2"
    assert refused.json["type"] == "urn:eventhub:problem:too-fast"
    assert len(doors.stored()) == 1


def test_eventbridges_door_answers_in_awss_words(doors: Doors):
    key, secret = mint("till", [Scope.ADMIN], rate_per_second=0.5)
    events = client(doors, key.pk, secret)
    events.list_rules()

    assert error_of(events.list_rules) == {
        "Code": "ThrottlingException",
        "Message": "Rate exceeded",
        "Status": 400,
    }


@pytest.mark.django_db
def test_the_resources_say_when_to_come_again():
    key, secret = mint("reader", [Scope.RULES_READ], rate_per_second=0.5)
    headers = {"Authorization": f"Bearer {key.pk}.{secret}"}
    ring.refresh()
    ring._followed = True
    try:
        answers = [Client().get("/api/buses", headers=headers) for _ in range(2)]
        Bus.objects.create(name="other")  # what is spent stays so when the keys are read again
        ring.refresh()
        answers.append(Client().get("/api/buses", headers=headers))
        ApiKey.objects.update(rate_per_second=None)
        ring.refresh()
        answers.append(Client().get("/api/buses", headers=headers))
    finally:
        ring._followed = False

    assert [one.status_code for one in answers] == [200, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "2"
    assert answers[1].json()["type"] == "urn:eventhub:problem:too-fast"
