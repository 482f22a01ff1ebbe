"""Requests that the REST door refuses as a whole: a clear problem document, and nothing stored."""

import json
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from eventhub.access.scopes import Scope
from eventhub.api import gate
from eventhub.journal.port import Appended, JournalUnavailable, NewEvent
from eventhub.models import Bus
from tests.api.door import Answer, Doors
from tests.api.test_ingest import ENTRY, call, post, token

GOOD = json.dumps(ENTRY).encode()


def refusal(doors: Doors, answer: Answer, status: int) -> dict[str, Any]:
    """Check the shape of a problem document and that nothing was stored; return it."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json
    assert set(document) == {"type", "title", "status", "detail", "errors"}
    assert document["status"] == status
    assert document["type"].startswith("urn:eventhub:problem:")
    assert doors.everything() == []
    return document


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "wanted one entry, or an array of them, found an empty body"),
        (b"  ", "found an empty body"),
        (b"[", "was wanted, got the end of the text (byte 1; line 1, byte 2 of it)"),
        (b"[" + GOOD + b",\n" + GOOD[:-1] + b"]", "(byte 1"),
        (b'{"source": "shop",\n "detail": tru}', "got tru (byte 30; line 2, byte 12 of it)"),
        (b'{"source": "shop"} x', "the end of the text was wanted"),
        (b"[" + GOOD + b",]", "a JSON value was wanted, got ']'"),
        (b"\xef\xbb\xbf" + GOOD, "a JSON value was wanted"),
        (b"\xff", "the text is not valid UTF-8 (byte 0"),
        (b'{"\xff": 1}', "the text is not valid UTF-8 (byte 2"),
        (b"{'source': 'shop'}", "a name in quotes was wanted"),
        (b'{"detail": ' + b"[" * 5000, "was wanted, got the end of the text"),
        (b"[" * 200_000, "nested deeper than 10000 levels (byte 10000)"),
        (b"[" * 9000, "was wanted, got the end of the text"),
        (b"[" + GOOD * 2000 + b"]", "JSON is malformed: expected ',' or ']' (byte "),
        (b"[" + b"1," * 1_000_000 + b"1]", "wanted an array of 1 to 1000 entries, found more"),
        (b'{"detail": ' + b"[" * 1500 + b"]" * 1501 + b"}", "was wanted, got"),
        (b"[]", "wanted one entry, or an array of 1 to 1000, found 0"),
        (b"[" + b",".join([GOOD] * 1001) + b"]", "an array of 1 to 1000 entries, found more"),
    ],
)
def test_body_that_is_not_json_is_refused_with_its_place(doors: Doors, body: bytes, said: str) -> None:
    document = refusal(doors, post(doors, body), 400)

    assert document["type"] == "urn:eventhub:problem:malformed"
    assert said in document["detail"]


@pytest.mark.parametrize("body", [b"1", b'"text"', b"null", b"tru"])
def test_body_of_another_kind_stores_nothing(doors: Doors, body: bytes) -> None:
    answer = post(doors, body)

    assert answer.status in {202, 400}
    assert b"wanted" in answer.body
    assert doors.everything() == []


def test_missing_credentials_are_asked_for(doors: Doors) -> None:
    bare = call(ENTRY)
    del bare.headers["authorization"]

    answer = doors.answer(bare)

    assert "Authorization: Bearer <id>.<secret>" in refusal(doors, answer, 401)["detail"]
    assert answer.headers["www-authenticate"] == 'Bearer realm="eventhub"'


@pytest.mark.parametrize("bearer", ["", "x", "EHAAAAAAAAAAAAAAAAAA.wrong", "é.é"])
def test_wrong_credentials_are_refused(doors: Doors, bearer: str) -> None:
    answer = post(doors, ENTRY, bearer=bearer)

    assert refusal(doors, answer, 401)["type"] == "urn:eventhub:problem:unauthenticated"
    assert "invalid_token" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("scope", sorted(set(Scope) - {Scope.EVENTS_PUT, Scope.ADMIN}))
def test_key_without_the_scope_is_refused(doors: Doors, scope: Scope) -> None:
    assert (
        "lacks the scope events:put" in refusal(doors, post(doors, ENTRY, bearer=token(scope)), 403)["detail"]
    )


@pytest.mark.parametrize("scope", [Scope.EVENTS_PUT, Scope.ADMIN])
def test_key_with_the_scope_is_served(doors: Doors, scope: Scope) -> None:
    assert post(doors, ENTRY, bearer=token(scope)).json["failed"] == 0


@pytest.mark.parametrize("scope", [Scope.EVENTS_PUT, Scope.ADMIN])
@pytest.mark.parametrize("bus", ["default", "nowhere"])
def test_key_of_one_bus_is_refused_on_another_without_telling_whether_it_exists(
    doors: Doors, scope: Scope, bus: str
) -> None:
    mine = Bus.objects.create(name="mine")
    bearer = token(scope, buses=(mine,))

    answer = post(doors, ENTRY, bus=bus, bearer=bearer)

    assert f"may not put events on bus '{bus}'" in refusal(doors, answer, 403)["detail"]
    assert post(doors, ENTRY, bus="mine", bearer=bearer).json["failed"] == 0


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/cloudevents+json",
        "application/json; charset=latin1",
    ],
)
def test_other_content_types_are_refused(doors: Doors, content_type: str) -> None:
    document = refusal(doors, post(doors, ENTRY, headers={"content-type": content_type}), 415)

    assert document["detail"] == f"Wanted Content-Type: application/json in UTF-8, found {content_type}."


def test_compressed_body_is_refused(doors: Doors) -> None:
    document = refusal(doors, post(doors, ENTRY, headers={"content-encoding": "gzip"}), 415)

    assert "found Content-Encoding: gzip" in document["detail"]


def test_length_that_is_too_large_is_refused_before_the_body(doors: Doors) -> None:
    too_long = call(b"", headers={"content-length": str(gate.MAX_REQUEST_BYTES + 1)})

    assert f"at most {gate.MAX_REQUEST_BYTES} bytes" in refusal(doors, doors.answer(too_long), 413)["detail"]


def test_body_without_a_length_is_counted(doors: Doors) -> None:
    refusal(doors, post(doors, b" " * (gate.MAX_REQUEST_BYTES + 1)), 413)


def test_body_cut_off_stores_nothing(doors: Doors) -> None:
    document = refusal(doors, post(doors, [ENTRY] * 3, is_cut=True), 400)

    assert document["type"] == "urn:eventhub:problem:cut-off"


def test_body_of_another_length_than_stated_stores_nothing(doors: Doors) -> None:
    answer = post(doors, GOOD, headers={"content-length": str(len(GOOD) + 7)})

    assert f"says {len(GOOD) + 7} bytes, the body has {len(GOOD)}" in refusal(doors, answer, 400)["detail"]


class FullDisk:
    """A journal that can make nothing durable; only what the door asks of it."""

    def append(self, events: Sequence[NewEvent]) -> "Future[list[Appended]]":
        refused: Future[list[Appended]] = Future()
        refused.set_exception(JournalUnavailable("the disk is full"))
        return refused


def test_full_disk_answers_503_and_says_when_to_try_again(doors: Doors) -> None:
    real, doors.journal = doors.journal, FullDisk()  # type: ignore[assignment]  # what it lacks is not asked for

    answer = post(doors, [ENTRY, {}])

    doors.journal = real
    assert "the disk is full" in refusal(doors, answer, 503)["detail"]
    assert answer.headers["retry-after"] == "1"
