"""A key that may put events of some sources only, at every door; and one whose secret was rotated."""

import json
from datetime import UTC, datetime

import pytest

from eventhub.access.keys import mint
from eventhub.access.rotation import rotate_key
from eventhub.access.scopes import Scope
from eventhub.api.cloudevents import cloudevents
from eventhub.api.ingest import ingest
from tests.api.door import Answer, Call, Doors
from tests.api.test_put_events import ENTRY, client, error_of

SOURCES = ["shop.*", "till"]


@pytest.fixture
def bearer(doors: Doors) -> str:
    key, secret = mint("till", [Scope.EVENTS_PUT], sources=SOURCES)
    return f"Bearer {key.pk}.{secret}"


def post(doors: Doors, bearer: str, *sources: str) -> Answer:
    entries = [{"source": source, "detail-type": "sold", "detail": {}} for source in sources]
    headers = {"authorization": bearer, "content-type": "application/json"}
    return doors.answer(Call(ingest, "/api/buses/default/events", headers, [json.dumps(entries).encode()]))


def test_each_entry_is_held_against_the_sources_of_the_key(doors: Doors, bearer: str) -> None:
    answer = post(doors, bearer, "shop.web", "other", "till", "shopping")

    assert answer.status == 202
    assert answer.json["failed"] == 2
    assert answer.json["entries"][1]["error"] == {
        "code": "forbidden-source",
        "message": "this key may not put events of source 'other'",
        "path": "source",
    }
    assert [event.source for event in doors.stored()] == ["shop.web", "till"]


def test_an_administrators_key_is_held_against_its_sources_too(doors: Doors) -> None:
    key, secret = mint("till", [Scope.ADMIN], sources=["till"])

    answer = post(doors, f"Bearer {key.pk}.{secret}", "aws.s3", "till")

    assert answer.json["entries"][0]["error"]["code"] == "forbidden-source"
    assert answer.json["failed"] == 1


@pytest.mark.parametrize(("source", "status"), [("shop.web", 202), ("/shop", 403)])
def test_cloudevents_are_held_against_them(doors: Doors, bearer: str, source: str, status: int) -> None:
    event = {"specversion": "1.0", "id": "o-7", "source": source, "type": "sold"}
    headers = {"authorization": bearer, "content-type": "application/cloudevents+json"}

    answer = doors.answer(
        Call(cloudevents, "/api/buses/default/cloudevents", headers, [json.dumps(event).encode()])
    )

    assert answer.status == status, answer.body
    assert len(doors.stored()) == (status == 202)


def test_eventbridge_says_it_in_awss_words(doors: Doors) -> None:
    key, secret = mint("till", [Scope.EVENTS_PUT], sources=SOURCES)

    answer = client(doors, key.pk, secret).put_events(Entries=[ENTRY, {**ENTRY, "Source": "till"}])

    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0] == {
        "ErrorCode": "NotAuthorizedForSourceException",
        "ErrorMessage": "Not authorized for the source.",
    }
    assert [event.source for event in doors.stored()] == ["till"]


def test_both_secrets_of_a_rotated_key_sign_while_they_overlap(doors: Doors) -> None:
    key, old = mint("till", [Scope.EVENTS_PUT])
    _, new = rotate_key(key.pk, overlap_seconds=60, now=datetime.now(UTC))

    for secret in (old, new):
        assert client(doors, key.pk, secret).put_events(Entries=[ENTRY])["FailedEntryCount"] == 0

    _, newest = rotate_key(key.pk, overlap_seconds=0, now=datetime.now(UTC))
    for secret in (old, new):
        refused = error_of(client(doors, key.pk, secret).put_events, Entries=[ENTRY])
        assert refused["Code"] == "InvalidSignatureException"
    assert client(doors, key.pk, newest).put_events(Entries=[ENTRY])["FailedEntryCount"] == 0
