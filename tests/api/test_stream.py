"""A bus's stream of a running hub: what comes, from where, and how it ends."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.running import Running, running_hub

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_hub(tmp_path_factory.mktemp("stream")) as hub:
        yield hub


def url(hub: Running, what: str = "stream", bus: str = "default") -> str:
    return f"{hub.url}/api/buses/{bus}/{what}"


def bearer(hub: Running, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {hub.key}", **more}


def put(hub: Running, *numbers: int, source: str) -> list[str]:
    entries = [{"source": source, "detail-type": "numbered", "detail": {"n": n}} for n in numbers]
    answer = httpx.post(url(hub, "events"), headers=bearer(hub), json=entries).raise_for_status().json()
    return [entry["id"] for entry in answer["entries"]]


def blocks(answer: httpx.Response) -> Iterator[dict[str, str]]:
    """Give the fields of each block, as the HTML standard reads them."""
    block: dict[str, str] = {}
    for line in answer.iter_lines():
        if not line:
            yield block
            block = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            block[name] = f"{block[name]}\n{value}" if name in block else value


def events(stream: Iterator[dict[str, str]], count: int) -> list[tuple[str, Any]]:
    """Return the next events: id of the stream, and envelope."""
    found: list[tuple[str, Any]] = []
    while len(found) < count:
        block = next(stream)
        if "data" in block:
            assert "event" not in block, block
            found.append((block["id"], json.loads(block["data"])))
    return found


def open_stream(hub: Running, *, last: str = "", **query: str) -> Any:
    headers = bearer(hub, **({"Last-Event-ID": last} if last else {}))
    return httpx.stream("GET", url(hub), headers=headers, params=query, timeout=20)


def of(source: str) -> str:
    return json.dumps({"source": [source]})


def test_what_is_put_after_the_start_comes_as_an_envelope(hub: Running) -> None:
    put(hub, 0, source="now")
    with open_stream(hub, pattern=of("now")) as answer:
        stream = blocks(answer)
        opening = next(stream)
        ids = put(hub, 1, 2, source="now")
        got = events(stream, 2)

    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "id" in opening
    assert [envelope["id"] for _, envelope in got] == ids
    assert got[0][1]["detail"] == {"n": 1}


def test_last_event_id_goes_on_after_the_last_one_read(hub: Running) -> None:
    with open_stream(hub, pattern=of("again")) as answer:
        stream = blocks(answer)
        next(stream)
        put(hub, 1, 2, 3, source="again")
        first = events(stream, 1)[0]

    with open_stream(hub, last=first[0], pattern=of("again"), start="now") as answer:
        rest = events(blocks(answer), 2)

    assert [envelope["detail"]["n"] for _, envelope in rest] == [2, 3]


def test_a_pattern_lets_only_what_matches_through(hub: Running) -> None:
    first = put(hub, *range(120), source="noise")[0]
    put(hub, 7, source="signal")

    with open_stream(hub, start=first, pattern=of("signal")) as answer:
        [(_, envelope)] = events(blocks(answer), 1)

    assert envelope["detail"] == {"n": 7}


def test_a_filter_lets_only_what_passes_through(hub: Running) -> None:
    first = put(hub, *range(120), source="hum")[0]
    put(hub, 7, 80, source="bell")

    with open_stream(hub, start=first, q="source:bell -detail.n:7") as answer:
        [(_, envelope)] = events(blocks(answer), 1)
    with open_stream(hub, start=first, q="detail.n:>79", pattern=of("bell")) as answer:
        [(_, both)] = events(blocks(answer), 1)

    assert envelope["detail"] == both["detail"] == {"n": 80}


def test_a_stream_can_start_at_a_moment_in_the_past(hub: Running) -> None:
    put(hub, 1, source="past")
    with open_stream(hub, start="2020-01-01T00:00:00Z", pattern=of("past")) as answer:
        assert events(blocks(answer), 1)[0][1]["detail"] == {"n": 1}


def test_a_gap_is_told(hub: Running) -> None:
    put(hub, 1, source="gap")
    with open_stream(hub, last="0-ffffff", pattern=of("gap")) as answer:
        stream = blocks(answer)
        next(stream)
        told = next(stream)
        got = events(stream, 1)

    assert told["event"] == "gap"
    assert got[0][1]["source"] == "gap"


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"start": "yesterday"}, "start"),
        ({"start": "0192f3c7-a1b2-7000-8000-000000000000"}, "start"),
        ({"start": "2026-01-01T00:00:00"}, "start"),
        ({"patern": "{}"}, "patern"),
        ({"pattern": '{"source": "shop"}'}, "source"),
        ({"format": "xml"}, "format"),
        ({"q": "sorce:shop"}, "q"),
        ({"q": "source:shop status:dead"}, "q"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(
    hub: Running, query: dict[str, str], place: str
) -> None:
    answer = httpx.get(url(hub), headers=bearer(hub), params=query)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["path"] for error in answer.json()["errors"]] == [place]


def test_a_stranger_and_an_unknown_bus_are_refused(hub: Running) -> None:
    assert httpx.get(url(hub)).status_code == 401
    assert httpx.get(url(hub, bus="nowhere"), headers=bearer(hub)).status_code == 404


def test_one_caller_has_eight_streams_at_most(hub: Running) -> None:
    with httpx.Client(headers=bearer(hub), timeout=20) as client:
        held = [client.send(client.build_request("GET", url(hub)), stream=True) for _ in range(8)]
        refused = httpx.get(url(hub), headers=bearer(hub))
        for answer in held:
            answer.close()

    assert [answer.status_code for answer in held] == [200] * 8
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "5"


def test_the_servers_end_is_said(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_hub(tmp_path_factory.mktemp("ending")) as hub, open_stream(hub) as answer:
        stream = blocks(answer)
        next(stream)
        hub.process.terminate()
        ends = [block for block in stream if block.get("event") == "end"]

    assert json.loads(ends[0]["data"])["reason"] == "stopping"


def test_sensitive_fields_are_masked_and_nothing_may_ask_for_them(hub: Running) -> None:
    made = {"name": "cards", "sensitive": ["detail.card"]}
    httpx.post(f"{hub.url}/api/buses", headers=bearer(hub), json=made).raise_for_status()
    limits = {"name": "reader", "scopes": ["events:read"], "buses": ["cards"]}
    key = httpx.post(f"{hub.url}/api/keys", headers=bearer(hub), json=limits).raise_for_status().json()
    reader = {"Authorization": f"Bearer {key['id']}.{key['secret']}"}
    entry = {"source": "till", "detail-type": "paid", "detail": {"card": {"number": "4111"}, "sum": 1}}
    of_card = {"pattern": json.dumps({"detail": {"card": {"number": ["4111"]}}})}

    refused = httpx.get(url(hub, bus="cards"), headers=reader, params=of_card)
    asked = [
        httpx.get(url(hub, bus="cards"), headers=reader, params={"q": q}).status_code
        for q in ("detail.card.number:4111", "-detail.card:exists", "4111")
    ]
    got = []
    for headers in (reader, bearer(hub)):
        with httpx.stream("GET", url(hub, bus="cards"), headers=headers, timeout=20) as answer:
            stream = blocks(answer)
            next(stream)
            httpx.post(url(hub, "events", "cards"), headers=bearer(hub), json=[entry]).raise_for_status()
            got += [envelope["detail"] for _, envelope in events(stream, 1)]
    with httpx.stream("GET", url(hub, bus="cards"), headers=bearer(hub), params=of_card) as answer:
        let_in = answer.status_code

    assert refused.status_code == 403
    assert asked == [403, 403, 403]
    assert "detail.card.number is masked for you" in refused.json()["detail"]
    assert got == [{"card": "•••", "sum": 1}, entry["detail"]]
    assert let_in == 200
