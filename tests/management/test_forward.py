"""``manage.py forward`` beside a running hub and a real receiver."""

import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from standardwebhooks import Webhook

from tests.management.command import running
from tests.management.test_tail import of, put
from tests.receiver import Receiver, ok, status
from tests.running import Running

pytestmark = [pytest.mark.whole, pytest.mark.timeout(120)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def test_each_event_is_posted_and_its_answer_told(hub: Running, receiver: Receiver) -> None:
    receiver.answer("/hook?a=1", ok(), status(500), ok())
    [before] = put(hub, 0, source="hooked")
    with running(
        hub, "forward", "--to", receiver.url("/hook?a=1"), "--since", before, "--pattern", of("hooked")
    ) as forward:
        ids = put(hub, 1, 2, 3, source="hooked")
        lines = forward.lines(3)
        assert forward.interrupt() == 0

    got = receiver.on("/hook?a=1")
    assert [one.json["id"] for one in got] == ids
    assert [one.method for one in got] == ["POST"] * 3
    assert got[0].headers["content-type"] == "application/json"
    assert len({one.headers["webhook-id"] for one in got}) == 3
    assert int(got[0].headers["webhook-timestamp"]) > 1_700_000_000
    assert [line.partition("→ ")[2].split(" in ")[0] for line in lines] == [
        "✓ 200 OK",
        "✕ 500 Internal Server Error",
        "✓ 200 OK",
    ]
    assert "hooked numbered →" in lines[0]


def test_a_server_that_is_away_is_waited_for_and_loses_nothing(hub: Running) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    [before] = put(hub, 0, source="absent")
    to = f"http://127.0.0.1:{port}/hook"
    with running(hub, "forward", "--to", to, "--since", before, "--pattern", of("absent")) as forward:
        put(hub, *range(1, 31), source="absent")
        forward.said("trying again until it does")
        with Receiver(port=port) as receiver:
            first = [one.json["detail"]["n"] for one in receiver.wait_for(30)]
            forward.lines(30)
        put(hub, 31, source="absent")
        with Receiver(port=port) as receiver:
            second = [one.json["detail"]["n"] for one in receiver.wait_for(1)]
        assert forward.interrupt() == 0

    assert first == list(range(1, 31))
    assert second == [31]


def test_a_signature_passes_the_receivers_own_library(hub: Running, receiver: Receiver) -> None:
    secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    options = [
        "--to",
        receiver.url("/signed"),
        "--secret",
        secret,
        "--since",
        "1h",
        "--pattern",
        of("signed"),
    ]
    put(hub, 1, source="signed")
    with running(hub, "forward", *options) as forward:
        forward.lines(1)

    [one] = receiver.on("/signed")
    assert Webhook(secret).verify(one.body, dict(one.headers))["source"] == "signed"


@pytest.mark.parametrize("form", ["detail", "cloudevents-structured", "cloudevents-binary"])
def test_formats_are_those_of_targets(hub: Running, receiver: Receiver, form: str) -> None:
    event = {
        "specversion": "1.0",
        "id": "o 1",
        "source": f"/{form}",
        "type": "t",
        "ext": "é",
        "data": {"n": 1.50},
    }
    httpx.post(
        f"{hub.url}/api/buses/default/cloudevents",
        headers={"Authorization": f"Bearer {hub.key}", "Content-Type": "application/cloudevents+json"},
        content=json.dumps(event),
    ).raise_for_status()
    options = ["--to", receiver.url("/f"), "--format", form, "--since", "1h", "--pattern", of(f"/{form}")]
    with running(hub, "forward", *options) as forward:
        forward.lines(1)

    [one] = receiver.on("/f")
    match form:
        case "detail":
            assert one.body == b'{"n": 1.5}'
        case "cloudevents-structured":
            assert one.json == event
            assert one.headers["content-type"].startswith("application/cloudevents+json")
        case "cloudevents-binary":
            named = {name: value for name, value in one.headers.items() if name.startswith("ce-")}
            assert named == {
                "ce-specversion": "1.0",
                "ce-id": "o%201",
                "ce-source": f"/{form}",
                "ce-type": "t",
                "ce-ext": "%C3%A9",
            }
            assert (one.headers["content-type"], one.json) == ("application/json", {"n": 1.5})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--to", "localhost:3000"], "--to: wanted an address such as"),
        (["--to", "http://localhost:1/", "--secret", "whsec_x"], "--secret: wanted"),
        (["--to", "http://localhost:1/", "--timeout", "0"], "--timeout: wanted seconds"),
    ],
)
def test_what_cannot_be_done_is_said(hub: Running, options: list[str], said: str) -> None:
    with running(hub, "forward", *options) as forward:
        assert forward.ended() == 1
    assert said in forward.err[-1]
