"""The pages about CloudEvents, keys and limits: examples are executed, figures held against the code."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.api import gate
from eventhub.api.carried import with_key
from eventhub.api.cloudevents import cloudevents
from eventhub.api.eventbridge import put_events
from eventhub.api.gate import RefusedError
from eventhub.api.stream import reader, streams
from eventhub.api.submitted import MAX_ENTRIES
from eventhub.domain import entry, jsontext
from eventhub.domain.cloudevent import MAX_BATCH, write_binary, write_structured
from eventhub.domain.cloudevent.attributes import MAX_ATTRIBUTES_BYTES
from eventhub.domain.entry import Entry
from eventhub.flow import accept
from eventhub.flow.payload import envelope_of
from eventhub.journal.columns import KEY_SECONDS
from eventhub.live import hub
from eventhub.live.frames import CloseCode
from eventhub.server.limits import Limits
from tests.api.door import Call, Doors
from tests.api.test_ingest import ENTRY, post, token


def page(name: str) -> str:
    return html.unescape(Path(f"templates/docs/events/{name}.html").read_text(encoding="utf-8"))


def examples(name: str, kind: str = "example") -> list[str]:
    return re.findall(rf'<pre class="{kind}"><code>(.*?)</code></pre>', page(name), re.DOTALL)


def row(identifier: str) -> str:
    found = re.search(rf'<tr id="{identifier}">(.*?)</tr>', page("limits"))
    assert found, identifier
    return found[1]


def request(example: str) -> tuple[dict[str, str], bytes]:
    head, _, body = example.partition("\n\n")
    lines = [line.partition(": ") for line in head.splitlines()]
    return {name.lower(): value for name, _, value in lines}, body.encode()


@pytest.mark.parametrize("example", examples("cloudevents"))
def test_example_of_cloudevents_is_accepted_and_goes_out_as_it_came(doors: Doors, example: str) -> None:
    headers, body = request(example)

    bearer = {"authorization": f"Bearer {token()}"}
    answer = doors.answer(Call(cloudevents, "/api/buses/default/cloudevents", headers | bearer, [body]))

    assert (answer.status, answer.json["failed"]) == (202, 0)
    stored = [(envelope_of(event), jsontext.decode(event.attributes)) for event in doors.stored()]
    if "ce-id" in headers:
        [(envelope, attributes)] = stored
        written, content_type, data = write_binary(envelope, attributes)
        assert dict(written) | {"content-type": content_type} == headers
        assert data == body
    else:
        given: Any = json.loads(body)
        assert [json.loads(write_structured(*one)) for one in stored] == (
            given if isinstance(given, list) else [given]
        )


def test_example_of_a_key_is_answered_as_the_page_says(doors: Doors) -> None:
    [example], [first], [again] = examples("once"), examples("once", "first"), examples("once", "again")

    made = post(doors, example.encode()).json
    told = post(doors, example.encode()).json

    identifier = made["entries"][0]["id"]
    for answer, text in ((made, first), (told, again)):
        shown = json.loads(text)
        shown["entries"][0]["id"] = identifier
        assert answer == shown


def test_figures_about_keys_are_those_of_the_code() -> None:
    assert f"{KEY_SECONDS // 3600} hours from" in page("once")
    assert f"at most {entry.MAX_KEY} characters" in page("once")


@pytest.mark.parametrize(
    ("identifier", "figures"),
    [
        ("entry-bytes", [262_144]),
        ("request-entries", [MAX_ENTRIES, put_events.MAX_ENTRIES]),
        ("texts", [entry.MAX_SOURCE, entry.MAX_DETAIL_TYPE, entry.MAX_RESOURCE]),
        ("depth", [jsontext.MAX_DEPTH]),
        ("attributes", [MAX_ATTRIBUTES_BYTES]),
        ("key", [entry.MAX_KEY, 252]),
        ("body", [gate.MAX_REQUEST_BYTES]),
        ("body", [Limits().max_body_bytes]),
        ("chunked", [Limits().max_chunked_bytes]),
        ("bodies", [Limits().max_bodies_bytes]),
        ("header", [Limits().max_header_bytes, Limits().max_headers]),
        ("header-seconds", [Limits().header_seconds]),
        ("body-rate", [Limits().min_body_rate, Limits().body_grace_seconds]),
        ("idle", [Limits().idle_seconds]),
        ("stalled", [Limits().stalled_seconds]),
        ("connections", [Limits().max_connections]),
        ("streams", [streams.MAX_READERS_EACH, streams.MAX_READERS]),
        ("stream-slow", [reader.STALLED_SECONDS]),
        ("sockets", [hub.MAX_SESSIONS_EACH, hub.MAX_SESSIONS, hub.MAX_SUBSCRIPTIONS, CloseCode.OVERLOAD]),
        ("waiting", [accept.MAX_WAITING_BYTES]),
    ],
)
def test_limit_is_that_of_the_code(identifier: str, figures: list[float]) -> None:
    for figure in figures:
        assert f"{figure:,.0f}" in row(identifier) or f"{figure:.0f}" in row(identifier)
    assert MAX_BATCH == MAX_ENTRIES


def test_what_is_told_beyond_is_what_the_page_says(doors: Doors) -> None:
    assert post(doors, [ENTRY] * (MAX_ENTRIES + 1)).status == 400
    beyond = {
        "entry-bytes": {"detail": {"text": "x" * 262_144}},
        "texts": {"source": "s" * (entry.MAX_SOURCE + 1)},
        "key": {"id": "k" * (entry.MAX_KEY + 1)},
    }
    for identifier, members in beyond.items():
        [told] = post(doors, {**ENTRY, **members}).json["entries"]
        assert f"<code>{told['error']['code']}</code>" in row(identifier)
    deep = b'{"source": "s", "detail-type": "t", "detail": {"a": %b%b}}' % (b"[" * 1000, b"]" * 1000)
    [told] = post(doors, deep).json["entries"]
    assert f"<code>{told['error']['code']}</code>" in row("depth")
    lone = Entry("default", "s", "t", b"{}")
    assert with_key([lone], {b"idempotency-key": b"k" * 252})[0].key  # type: ignore[union-attr]  # no rejection
    with pytest.raises(RefusedError):
        with_key([lone], {b"idempotency-key": b"k" * 253})


def test_a_key_with_a_rate_is_told_when_to_come_again(doors: Doors) -> None:
    key, secret = mint("slow", [Scope.EVENTS_PUT], rate_per_second=0.5)

    answers = [post(doors, ENTRY, bearer=f"{key.pk}.{secret}") for _ in range(2)]

    assert [answer.status for answer in answers] == [202, 429]
    assert int(answers[1].headers["retry-after"]) >= 1
    assert "429 with <code>Retry-After</code>" in row("rate")
