"""Trying a transform on a stored event in a page."""

import json
from uuid import UUID, uuid4

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from eventhub.journal.rows import OutcomeRow
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import RuleTarget
from tests.dashboard.test_pages import signed_in, text_of
from tests.live.world import World


@pytest.fixture
def world(journal: SqliteJournal) -> World:
    return World(journal)


@pytest.fixture
def event(world: World) -> UUID:
    (event_id,) = world.accept(detail=b'{"order": 1.50}')
    world.route((world.paid, world.mail))
    return event_id


def tried(event: UUID, transform: str, form: str = "eventbridge", status: int = 200) -> str:
    given = {"transform": transform, "payload_format": form, "rule": "paid"}
    response = signed_in(staff=False).post(f"/events/{event}/preview", given)
    assert response.status_code == status
    return str(response.content, "utf-8")


def test_the_form_shows_the_envelope_before_and_after(event: UUID) -> None:
    text = text_of(signed_in(), f"/events/{event}/preview")

    assert text.count("order placed") == 3  # the way back, before, after


def test_a_deliverys_own_transform_is_where_trying_begins(event: UUID) -> None:
    RuleTarget.objects.filter(rule__name="paid").update(transform={"InputPath": "$.detail.order"})
    delivery = OutcomeRow.objects.get().seq

    text = text_of(signed_in(), f"/events/{event}/preview?delivery={delivery}")

    assert "&quot;InputPath&quot;: &quot;$.detail.order&quot;" in text
    assert ">1.50</pre>" in text


def test_a_transform_shows_what_it_makes(event: UUID) -> None:
    template = {"InputTransformer": {"InputTemplate": '{"by": "<aws.events.rule-name>"}'}}

    assert "{&quot;by&quot;:&quot;paid&quot;}</pre>" in tried(event, json.dumps(template))
    assert "<dt>ce-source</dt>" in tried(event, "", "cloudevents-binary")


def test_what_would_not_be_sent_says_why(event: UUID) -> None:
    template = {"InputPathsMap": {"x": "$.detail"}, "InputTemplate": '{"a": "<x>"}'}

    text = tried(event, json.dumps({"InputTransformer": template}))

    assert "✕ Nothing would be sent: the result is not JSON" in text


@pytest.mark.parametrize(
    ("transform", "form", "said"),
    [
        ("{", "eventbridge", "the transform is not JSON"),
        ("[" * 60_000, "eventbridge", "the transform is not JSON"),
        ("", "xml", "wanted a format, found &#x27;xml&#x27;"),
        ("x" * 70_000, "eventbridge", "wanted at most 65536 characters"),
    ],
)
def test_what_cannot_be_tried_is_refused(event: UUID, transform: str, form: str, said: str) -> None:
    assert said in tried(event, transform, form, status=400)


def test_a_transform_that_could_not_be_saved_says_where_it_is_wrong(event: UUID) -> None:
    assert "wanted" in tried(event, '{"InputPth": "$.detail"}')


def test_an_event_that_is_not_there_is_not_found(journal: SqliteJournal) -> None:
    assert signed_in().get(f"/events/{uuid4()}/preview").status_code == 404


def test_trying_needs_a_token_against_forgery(event: UUID) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.create(username="ada"))

    assert client.post(f"/events/{event}/preview", {"transform": ""}).status_code == 403
