import pytest

from eventhub.domain.cloudevent import read_structured
from eventhub.domain.payload import Payload, PayloadFormat, render
from tests.domain.build import envelope


@pytest.mark.parametrize(
    ("form", "payload"),
    [
        ("eventbridge", Payload(envelope().as_bytes())),
        ("detail", Payload(b'{"total":1.50}', "application/json")),
    ],
)
def test_event_is_rendered_as_it_is(form: str, payload: Payload):
    assert render(PayloadFormat(form), envelope(), {}) == payload


def test_structured_cloudevent_says_so():
    payload = render(PayloadFormat.CLOUDEVENTS_STRUCTURED, envelope(), {})

    assert payload.content_type == "application/cloudevents+json; charset=UTF-8"
    assert read_structured(payload.body, "default").detail == b'{"total":1.50}'


def test_binary_cloudevent_has_headers():
    payload = render(PayloadFormat.CLOUDEVENTS_BINARY, envelope(), {})

    assert payload.body == b'{"total":1.50}'
    assert ("ce-type", "order%20placed") in payload.headers


def test_content_type_is_empty_where_nothing_is_known_of_the_data():
    attributes = {"specversion": "1.0", "id": "1", "data-as": "none"}

    assert render(PayloadFormat.CLOUDEVENTS_BINARY, envelope(detail=b"{}"), attributes).content_type == ""
