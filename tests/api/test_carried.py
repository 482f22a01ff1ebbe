"""What headers add to the entries of a request: a key, and a trace."""

import json

import pytest

from tests.api.door import Doors
from tests.api.test_ingest import ENTRY, post
from tests.api.test_ingest_refusals import refusal

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def attributes(doors: Doors) -> object:
    [event] = doors.stored()
    return json.loads(event.attributes)


@pytest.mark.parametrize("key", ["order-17", '"order-17"', " order-17 "])
def test_request_with_the_same_key_is_the_same_event(doors: Doors, key: str) -> None:
    first = post(doors, ENTRY, headers={"idempotency-key": "order-17"}).json["entries"][0]

    again = post(doors, ENTRY, headers={"idempotency-key": key}).json["entries"][0]
    entry_itself = post(doors, {**ENTRY, "id": "order-17"}).json["entries"][0]

    assert again == entry_itself == {"id": first["id"], "duplicate": True}
    assert [event.key for event in doors.stored()] == ["order-17"]


def test_each_entry_of_an_array_has_the_key_with_its_place(doors: Doors) -> None:
    entries = [ENTRY, {**ENTRY, "id": "own"}, {**ENTRY, "source": ""}, ENTRY]
    first = post(doors, entries, headers={"idempotency-key": "k"}).json["entries"]

    again = post(doors, entries, headers={"idempotency-key": "k"}).json["entries"]

    assert [event.key for event in doors.stored()] == ["k/0", "own", "k/3"]
    assert [entry.get("duplicate") for entry in again] == [True, True, None, True]
    assert [entry.get("id") for entry in again] == [entry.get("id") for entry in first]


@pytest.mark.parametrize("key", ["", '""', "a b", "é", "x" * 253])
def test_key_that_cannot_be_one_is_refused(doors: Doors, key: str) -> None:
    document = refusal(doors, post(doors, ENTRY, headers={"idempotency-key": key}), 400)

    assert "Idempotency-Key: wanted 1 to 252 printable ASCII characters" in document["detail"]


def test_trace_of_the_request_is_kept_with_each_entry(doors: Doors) -> None:
    post(doors, ENTRY, headers={"traceparent": TRACE, "tracestate": "shop=1,bank=2"})

    assert attributes(doors) == {"trace-parent": TRACE, "trace-state": "shop=1,bank=2"}


@pytest.mark.parametrize(
    "trace",
    [
        "",
        "nonsense",
        TRACE.upper(),
        TRACE.replace("00-", "ff-", 1),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        TRACE + "-" + "x" * 256,
    ],
)
def test_trace_that_is_not_valid_is_ignored(doors: Doors, trace: str) -> None:
    post(doors, ENTRY, headers={"traceparent": trace, "tracestate": "shop=1"})

    assert attributes(doors) == {}


def test_trace_of_a_later_version_and_without_a_sound_state_is_kept(doors: Doors) -> None:
    later = TRACE.replace("00-", "01-", 1) + "-more"

    post(doors, ENTRY, headers={"traceparent": later, "tracestate": "é"})

    assert attributes(doors) == {"trace-parent": later}
