"""CloudEvents through a running hub: the official library on both sides, and bytes written by hand."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings import http
from cloudevents.core.v1.event import CloudEvent

from tests.bench.api import Api
from tests.receiver import Received, Receiver
from tests.running import Running, running_hub
from tests.until import takes_effect_everywhere

pytestmark = [pytest.mark.whole, pytest.mark.timeout(120)]

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER_TRACE = TRACE.replace("0af7", "1111")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Running]:
    """Run a hub that delivers each event three times: as envelope, and as CloudEvent in two modes."""
    with running_hub(tmp_path_factory.mktemp("clouds")) as hub:
        api = Api(hub)
        for form in ("eventbridge", "cloudevents-structured", "cloudevents-binary"):
            target = {
                "name": form,
                "kind": "webhook",
                "url": receiver.url(f"/{form}"),
                "payload_format": form,
            }
            api.post("/api/targets", target)
        pattern = {"source": [{"exists": True}]}
        targets = ["eventbridge", "cloudevents-structured", "cloudevents-binary"]
        api.post("/api/rules", {"bus": "default", "name": "all", "pattern": pattern, "targets": targets})
        takes_effect_everywhere()
        yield hub


def post(hub: Running, headers: dict[str, str], body: bytes) -> str:
    answer = httpx.post(
        f"{hub.url}/api/buses/default/cloudevents",
        headers={"Authorization": f"Bearer {hub.key}", **headers},
        content=body,
    )
    assert answer.status_code == 202, answer.text
    identifier: str = answer.json()["entries"][0]["id"]
    return identifier


def delivered(receiver: Receiver, identifier: str) -> tuple[Any, Received, Received]:
    """Return the envelope, and the requests in structured and in binary mode, of the newest event."""
    found = {}
    for form in ("eventbridge", "cloudevents-structured", "cloudevents-binary"):

        def mine(one: Received) -> bool:
            return one.headers["webhook-id"].startswith(identifier)

        with receiver._arrived:
            assert receiver._arrived.wait_for(
                lambda form=form, mine=mine: any(map(mine, receiver.on(f"/{form}"))), 20
            )
        found[form] = next(filter(mine, receiver.on(f"/{form}")))
    envelope, structured, binary = found.values()
    return envelope.json, structured, binary


OBJECT = {"amount": 120, "text": "é ✓"}


@pytest.mark.parametrize(
    ("mode", "media_type", "data"),
    [
        ("binary", "application/json", OBJECT),
        ("binary", "text/plain; charset=utf-8", "naïve"),
        ("binary", "image/png", b"\x89PNG\x00\xff"),
        ("structured", "application/json", OBJECT),
        # In binary mode the library writes this list as Python, not as JSON.
        ("structured", "application/json", [1, None, "x"]),
        ("structured", "text/plain; charset=utf-8", "naïve"),
        ("structured", "image/png", b"\x89PNG\x00\xff"),
    ],
)
def test_the_official_library_reads_what_it_sent(
    hub: Running, receiver: Receiver, mode: str, media_type: str, data: Any
) -> None:
    event = CloudEvent(
        {
            "id": f"{mode}-{media_type}-{type(data).__name__}",
            "source": "/shop/käse",
            "type": "order.placed",
            "specversion": "1.0",
            "time": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "subject": "Café € 100%",
            "datacontenttype": media_type,
            "traceparent": OTHER_TRACE,
            "partitionkey": "p 1",
        },
        data,
    )
    write = http.to_binary_event if mode == "binary" else http.to_structured_event
    message = write(event)
    identifier = post(hub, {**message.headers, "traceparent": TRACE}, message.body)

    envelope, structured, binary = delivered(receiver, identifier)

    assert (envelope["source"], envelope["detail-type"]) == ("/shop/käse", "order.placed")
    for got in (
        http.from_structured_event(http.HTTPMessage(dict(structured.headers), structured.body)),
        http.from_binary_event(http.HTTPMessage(_named(binary), binary.body)),
    ):
        assert got.get_attributes() == event.get_attributes()
        assert got.get_data() == data
    for request in (structured, binary):
        assert request.headers["traceparent"] == TRACE


def _named(request: Received) -> dict[str, str]:
    """Return the headers of a CloudEvent: others that begin with ce- there are none."""
    return {
        name: value for name, value in request.headers.items() if name.startswith(("ce-", "content-type"))
    }


@pytest.mark.parametrize(
    ("lines", "body", "wanted"),
    [
        # Lower-case hexadecimal digits, needless encoding, one round of decoding.
        (["ce-id: %6f-1", "ce-subject: a%2525%e2%82%ac"], b"{}", {"id": "o-1", "subject": "a%25€"}),
        # Quotation marks around a value, and an escape within them.
        (["ce-id: o-2", 'ce-subject: "say \\"hi\\"%20now"'], b"{}", {"id": "o-2", "subject": 'say "hi" now'}),
        # Names of headers in any case; a percent sign that encodes nothing stands for itself.
        (["CE-ID: o-3", "Ce-Subject: 100%"], b"{}", {"id": "o-3", "subject": "100%"}),
        # Bytes of UTF-8 that are not encoded at all.
        (["ce-id: o-4", "ce-subject: é"], b"{}", {"id": "o-4", "subject": "é"}),
    ],
)
def test_bytes_by_hand(
    hub: Running, receiver: Receiver, lines: list[str], body: bytes, wanted: dict[str, str]
) -> None:
    head = [
        "POST /api/buses/default/cloudevents HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {hub.key}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "ce-specversion: 1.0",
        "ce-source: /by-hand",
        "ce-type: t",
        *lines,
    ]
    with socket.create_connection(("127.0.0.1", hub.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
        answer = connection.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 202"), answer
    identifier = json.loads(answer.partition(b"\r\n\r\n")[2])["entries"][0]["id"]

    _, structured, _ = delivered(receiver, identifier)

    assert {name: structured.json[name] for name in wanted} == wanted


def test_invalid_utf8_by_hand_is_refused(hub: Running) -> None:
    answer = httpx.post(
        f"{hub.url}/api/buses/default/cloudevents",
        headers={
            "Authorization": f"Bearer {hub.key}",
            "ce-specversion": "1.0",
            "ce-id": "x",
            "ce-source": "/s",
            "ce-type": "t",
            "ce-subject": "%C0%A0",
        },
    )

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "ce-subject"
