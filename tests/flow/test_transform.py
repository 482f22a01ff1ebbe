"""What targets get of an event: transforms and formats, delivered and previewed."""

import json

import pytest

from eventhub.domain.transform import TransformError
from eventhub.flow.preview import preview
from eventhub.flow.stored import stored_event
from tests.flow.conftest import House
from tests.receiver import Receiver

TEMPLATE = {
    "InputTransformer": {
        "InputPathsMap": {"order": "$.detail.order"},
        "InputTemplate": '{"order": <order>, "rule": <aws.events.rule-name>}',
    }
}


@pytest.mark.parametrize(
    ("transform", "body"),
    [
        ({"Input": '{"ping": true}'}, {"ping": True}),
        ({"InputPath": "$.detail"}, {"order": 7}),
        (TEMPLATE, {"order": 7, "rule": "all"}),
    ],
    ids=["constant", "path", "template"],
)
def test_a_target_gets_what_the_rule_makes_of_the_event(
    house: House, receiver: Receiver, transform: dict[str, object], body: object
):
    rule = house.rule(house.webhook())
    rule.links.update(transform=transform)
    house.start()

    [event] = house.put(detail={"order": 7})

    [received] = receiver.wait_for(1)
    assert received.json == body
    house.outcome(event, "delivered")
    stored = stored_event(event.id)
    assert stored is not None
    shown = preview(stored, transform, rule="all")
    assert json.loads(shown.before)["id"] == str(event.id)
    assert shown.after is not None
    assert shown.after.body == received.body


def test_a_changed_transform_takes_effect_without_a_new_pattern(house: House, receiver: Receiver):
    rule = house.rule(house.webhook())
    house.start()
    house.put()
    receiver.wait_for(1)

    rule.links.update(transform={"Input": "1"})
    house.keeper.refresh()
    house.put()

    assert receiver.wait_for(2)[1].body == b"1"


@pytest.mark.parametrize("payload_format", ["detail", "cloudevents-structured", "cloudevents-binary"])
def test_a_target_gets_the_format_that_it_asks_for(house: House, receiver: Receiver, payload_format: str):
    house.rule(house.webhook(payload_format=payload_format))
    house.start()

    [event] = house.put(detail={"order": 7})

    [received] = receiver.wait_for(1)
    if payload_format == "cloudevents-structured":
        assert received.json["data"] == {"order": 7}
        assert received.headers["content-type"].startswith("application/cloudevents+json")
    else:
        assert received.json == {"order": 7}
    if payload_format == "cloudevents-binary":
        assert received.headers["ce-id"] == str(event.id)


def test_an_event_that_the_template_cannot_take_is_a_dead_letter_of_ours(house: House, receiver: Receiver):
    rule = house.rule(house.webhook())
    template = {"InputPathsMap": {"name": "$.detail.name"}, "InputTemplate": '{"name": "<name>"}'}
    rule.links.update(transform={"InputTransformer": template})
    house.start()

    [event] = house.put(detail={"name": 'say "hello"'})

    house.outcome(event, "dead")
    letter = house.dead_letter(event)
    assert (letter.reason_class, letter.attempts) == ("ours", 1)
    assert "the result is not JSON" in letter.reason
    assert receiver.requests == []
    assert preview(event, {"InputTransformer": template}).fault == letter.reason


def test_a_preview_of_no_transform_says_what_is_wrong_with_it(house: House):
    with pytest.raises(TransformError, match="InputPath"):
        preview(house.event(), {"InputPath": "detail"})


def test_a_transform_that_cannot_be_read_sends_nothing(house: House, receiver: Receiver):
    rule = house.rule(house.webhook(max_attempts=1))
    rule.links.update(transform={"InputPath": "nonsense"})
    house.start()

    [event] = house.put()

    house.outcome(event, "dead")
    assert house.dead_letter(event).reason_class == "ours"
    assert receiver.requests == []
