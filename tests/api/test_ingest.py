"""Posting events to the REST door."""

import json
from typing import Any

import pytest

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.api.ingest import ingest
from eventhub.models import ApiKey, Bus
from tests.api.door import Answer, Call, Doors

ENTRY: dict[str, Any] = {"source": "shop", "detail-type": "order placed", "detail": {"order": 17}}


def token(*scopes: Scope, buses: tuple[Bus, ...] = ()) -> str:
    key, secret = mint("shop", scopes or [Scope.EVENTS_PUT], buses=buses)
    return f"{key.pk}.{secret}"


def post(
    doors: Doors, body: Any, *, bus: str = "default", bearer: str | None = None, **options: Any
) -> Answer:
    return doors.answer(call(body, bus=bus, bearer=bearer, **options))


def call(
    body: Any,
    *,
    bus: str = "default",
    bearer: str | None = None,
    headers: dict[str, str] | None = None,
    is_cut: bool = False,
) -> Call:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Call(
        ingest,
        f"/api/buses/{bus}/events",
        {
            "authorization": f"Bearer {token() if bearer is None else bearer}",
            "content-type": "application/json",
            **(headers or {}),
        },
        [data[start : start + 65_536] for start in range(0, len(data), 65_536)],
        is_cut,
    )


def entry_error(doors: Doors, entry: Any) -> dict[str, str]:
    """Post one entry that must be rejected, between two good ones that must not suffer."""
    raw = entry if isinstance(entry, bytes) else json.dumps(entry).encode()
    good = json.dumps(ENTRY).encode()

    answer = post(doors, b"[" + good + b",\n" + raw + b"," + good + b"]")

    assert answer.status == 202, answer.body
    first, error, last = answer.json["entries"]
    assert answer.json["failed"] == 1
    assert [str(event.id) for event in doors.everything()] == [first["id"], last["id"]]
    return error["error"]


def test_one_object_becomes_one_event(doors: Doors) -> None:
    body = (
        b'{"source": "shop", "detail-type": "order placed", "time": "2026-01-02T04:04:05.25+01:00",\n'
        b' "resources": ["arn:x", "caf\xc3\xa9"], "id": "order-17", "detail": {"sum": 12.50, "big": 1e400 } }'
    )
    bearer = token()

    answer = post(doors, body, bearer=bearer)

    [event] = doors.stored()
    assert answer.status == 202
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {"entries": [{"id": str(event.id)}], "failed": 0}
    assert (event.source, event.detail_type, event.key) == ("shop", "order placed", "order-17")
    assert event.detail == b'{"sum": 12.50, "big": 1e400 }'
    assert json.loads(event.resources) == ["arn:x", "café"]
    assert event.time == 1_767_323_045_250_000
    assert event.who == f"key:{bearer.partition('.')[0]}"
    assert event.id.version == 7
    assert event.id.int >> 80 == event.accepted_at // 1000


def test_time_is_the_moment_of_acceptance_unless_given(doors: Doors) -> None:
    post(doors, {**ENTRY, "time": None, "id": None, "resources": None})

    [event] = doors.stored()
    assert event.time == event.accepted_at


def test_thousand_entries_are_answered_and_kept_in_order(doors: Doors) -> None:
    entries = [{**ENTRY, "detail": {"order": number}} for number in range(1000)]

    answer = post(doors, entries)

    events = doors.stored()
    assert [entry["id"] for entry in answer.json["entries"]] == [str(event.id) for event in events]
    assert [json.loads(event.detail)["order"] for event in events] == list(range(1000))


def test_requests_of_the_same_moment_get_each_their_own_answer(doors: Doors) -> None:
    bearer = token()
    calls = [call([{**ENTRY, "source": f"s{number}"}] * 3, bearer=bearer) for number in range(50)]

    answers = doors.answers(calls)

    sources = {str(event.id): event.source for event in doors.stored()}
    for number, answer in enumerate(answers):
        assert [sources[entry["id"]] for entry in answer.json["entries"]] == [f"s{number}"] * 3


def test_same_id_from_the_same_source_is_the_same_event(doors: Doors) -> None:
    first = post(doors, {**ENTRY, "id": "order-17"}).json["entries"][0]

    again = post(doors, [{**ENTRY, "id": "order-17"}, {**ENTRY, "id": "order-17", "source": "other"}]).json

    assert again["entries"][0] == {"id": first["id"], "duplicate": True}
    assert "duplicate" not in again["entries"][1]
    assert again["failed"] == 0
    assert len(doors.stored()) == 2


def test_content_type_may_be_left_out_or_say_its_charset(doors: Doors) -> None:
    bare = call(ENTRY)
    del bare.headers["content-type"]

    assert doors.answer(bare).status == 202
    assert post(doors, ENTRY, headers={"content-type": 'Application/JSON; charset="UTF-8"'}).status == 202


def test_all_entries_may_fail_and_the_request_still_be_answered(doors: Doors) -> None:
    answer = post(doors, [{}, 1])

    assert answer.status == 202
    assert answer.json["failed"] == 2
    assert doors.everything() == []


@pytest.mark.parametrize(
    ("change", "code", "path", "said"),
    [
        ({"source": ""}, "missing", "source", "source is required"),
        ({"detail-type": ""}, "missing", "detail-type", "detail-type is required"),
        ({"source": 7}, "wrong-type", "source", "wanted a string, found a number"),
        ({"detail-type": None}, "wrong-type", "detail-type", "wanted a string, found null"),
        ({"detail": "{}"}, "malformed-detail", "detail", "a JSON object was wanted, got string"),
        ({"detail": [1]}, "malformed-detail", "detail", "a JSON object was wanted, got array"),
        ({"detail": None}, "malformed-detail", "detail", "a JSON object was wanted, got null"),
        ({"time": 1767323045}, "wrong-type", "time", "wanted a string, found a number"),
        ({"time": "yesterday"}, "bad-time", "time", "wanted RFC 3339"),
        ({"time": "2026-01-02T03:04:05"}, "bad-time", "time", "with an offset or Z"),
        ({"time": "1969-12-31T23:59:59Z"}, "bad-time", "time", "1970 to 9999"),
        ({"time": "9999-12-31T23:59:59-05:00"}, "bad-time", "time", "1970 to 9999"),
        ({"resources": "arn"}, "wrong-type", "resources", "wanted an array of strings, found a string"),
        ({"resources": ["a", {}]}, "wrong-type", "resources[1]", "wanted a string, found an object"),
        ({"resources": ["a", "b" * 2049]}, "too-long", "resources[1]", "at most 2048 characters, found 2049"),
        ({"id": 5}, "wrong-type", "id", "wanted a string, found a number"),
        ({"id": ""}, "missing", "id", "must not be empty"),
        ({"id": "x" * 257}, "too-long", "id", "at most 256"),
        ({"source": "s" * 257}, "too-long", "source", "at most 256 characters, found 257"),
        ({"detail-type": "t" * 129}, "too-long", "detail-type", "at most 128 characters, found 129"),
        ({"source": "a\0b"}, "bad-character", "source", "NUL"),
        ({"detail-type": "a\0b"}, "bad-character", "detail-type", "NUL"),
        ({"id": "a\0b"}, "bad-character", "id", "NUL"),
        ({"resources": ["a\0b"]}, "bad-character", "resources[0]", "NUL"),
        ({"source": "aws.s3"}, "reserved-source", "source", "needs an administrator"),
        ({"detailType": "x"}, "unknown-member", "detailType", "known are source, detail-type, detail, time"),
        ({"detail": {"text": "x" * 262_144}}, "too-large", "", "less than 262144 bytes, found 262"),
    ],
)
def test_wrong_entry_is_told_where_and_spoils_no_other(
    doors: Doors, change: dict[str, Any], code: str, path: str, said: str
) -> None:
    error = entry_error(doors, {**ENTRY, **change})

    assert (error["code"], error["path"]) == (code, path)
    assert said in error["message"]


@pytest.mark.parametrize(
    ("repeated", "member"),
    [
        (b'"source": "other"', "source"),
        (b'"detail": {"a": "b:c"}', "detail"),
        (b'"time": null, "time": "2026-01-02T03:04:05+00:00"', "time"),
        (b'"id": "a:b", "id": null', "id"),
        (b'"resources": [":"], "resources": null', "resources"),
        # Neither an escaped name nor a colon that is written escaped hides it.
        (b'"sour\\u0063e": "other"', "source"),
        (b'"id": "a\\u003ab\\u003Ac", "source": "other"', "source"),
    ],
)
@pytest.mark.parametrize("others", [0, 300])  # read in one piece, or element by element
def test_member_twice_in_one_entry_is_rejected(
    doors: Doors, repeated: bytes, member: str, others: int
) -> None:
    good = json.dumps({**ENTRY, "detail": {"x": "y" * 300}}).encode()
    body = (
        b"[" + b",".join([json.dumps(ENTRY).encode()[:-1] + b"," + repeated + b"}", *[good] * others]) + b"]"
    )

    answer = post(doors, body).json

    error = answer["entries"][0]["error"]
    assert (error["code"], error["path"]) == ("repeated-member", member)
    assert "twice" in error["message"]
    assert answer["failed"] == 1
    assert len(doors.stored()) == others


@pytest.mark.parametrize(
    "entry",
    [
        {**ENTRY, "source": "a:b", "detail-type": "c:d", "resources": ["arn:aws:s3", ":"], "id": "::"},
        {**ENTRY, "time": None, "resources": None, "id": None},
        {**ENTRY, "time": "2026-01-02T03:04:05.123+05:30", "detail": {"a:b": ["c:d", {"e": ":"}]}},
        {**ENTRY, "source": "caf\u00e9:1"},
    ],
)
def test_colons_in_an_entry_are_not_taken_for_a_member_twice(doors: Doors, entry: dict[str, Any]) -> None:
    assert post(doors, entry).json["failed"] == 0


@pytest.mark.parametrize("member", ["source", "detail-type", "detail"])
def test_entry_without_a_required_member_is_rejected(doors: Doors, member: str) -> None:
    error = entry_error(doors, {name: value for name, value in ENTRY.items() if name != member})

    assert (error["code"], error["path"]) == ("missing", member)
    assert f"{member} is required" in error["message"]


@pytest.mark.parametrize(
    ("detail", "path", "said"),
    [
        (b'{"a": {"b": 1, "b": 2}}', "detail.a.b", "the same key twice in one object (byte 15 of detail)"),
        (b'{"a": "\xff"}', "detail", "not valid UTF-8 (byte 7 of detail)"),
        (b'{"a": "\xc0\xa0"}', "detail", "not valid UTF-8"),
        (b'{"a":' * 1001 + b"1" + b"}" * 1001, "detail", "nested deeper than 1000 levels"),
        (b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", "detail", "nested deeper than 1000 levels"),
    ],
)
def test_detail_that_readers_could_not_agree_on_is_rejected(
    doors: Doors, detail: bytes, path: str, said: str
) -> None:
    error = entry_error(doors, b'{"source":"shop","detail-type":"t","detail":' + detail + b"}")

    assert (error["code"], error["path"]) == ("malformed-detail", path)
    assert said in error["message"]


def test_source_that_is_not_utf8_is_rejected(doors: Doors) -> None:
    error = entry_error(doors, b'{"source":"\xff","detail-type":"t","detail":{}}')

    assert (error["code"], error["path"]) == ("bad-character", "source")


@pytest.mark.parametrize("entry", [1, "x", None, True, [], [[1]]])
def test_entry_that_is_no_object_is_rejected(doors: Doors, entry: Any) -> None:
    assert "wanted an entry, a JSON object" in entry_error(doors, entry)["message"]


def test_detail_of_a_thousand_levels_is_kept_unchanged(doors: Doors) -> None:
    detail = b'{"a": "]\\"[", "b":' + b"[ " * 999 + b"]" * 999 + b"}"
    entry = b'{"resources": ["r"], "source":"shop","detail-type":"t","detail":' + detail + b"}"

    alone = post(doors, entry)
    in_array = post(doors, b"[" + entry + b"," + json.dumps(ENTRY).encode() + b"]")

    assert (alone.json["failed"], in_array.json["failed"]) == (0, 0)
    assert [event.detail for event in doors.stored()] == [detail, detail, b'{"order": 17}']
    assert doors.stored()[0].resources == b'["r"]'


def test_unknown_bus_is_an_error_of_the_entry(doors: Doors) -> None:
    answer = post(doors, ENTRY, bus="nowhere")

    assert answer.status == 202
    assert answer.json["entries"] == [
        {"error": {"code": "unknown-bus", "message": "there is no bus 'nowhere'", "path": ""}}
    ]
    assert doors.everything() == []


def test_disabled_key_is_refused(doors: Doors) -> None:
    bearer = token()
    ApiKey.objects.update(enabled=False)

    assert post(doors, ENTRY, bearer=bearer).status == 401


def test_administrators_key_may_stand_in_for_an_aws_service(doors: Doors) -> None:
    answer = post(doors, {**ENTRY, "source": "aws.s3"}, bearer=token(Scope.ADMIN))

    assert answer.json["failed"] == 0
    assert [event.source for event in doors.stored()] == ["aws.s3"]
