"""Everybody at the doors before Django, and on the socket: who is let in, and what they see there."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.db import connections

from eventhub import asgi
from eventhub.access.keys import ring
from eventhub.api.cloudevents import cloudevents
from eventhub.api.ingest import ingest
from eventhub.api.stream import Streams, stream
from eventhub.flow import process
from eventhub.flow.accept import Acceptor
from eventhub.flow.process import Parts
from eventhub.journal.sqlite import SqliteJournal
from eventhub.live.hub import Hub
from tests.access.estate import OURS, SECRETS, THEIRS, Estate, Visitor
from tests.api.door import Doors
from tests.api.test_put_events import client
from tests.live.socket import Socket

# What is done with a bus before Django: the door, the letter of the scope, and what is sent.
DOORS: dict[tuple[str, str], tuple[Any, str, bytes, str]] = {
    ("POST", "events"): (
        ingest,
        "p",
        b'{"source": "shop", "detail-type": "sold", "detail": {}}',
        "application/json",
    ),
    ("POST", "cloudevents"): (
        cloudevents,
        "p",
        b'{"specversion": "1.0", "id": "1", "source": "shop", "type": "sold"}',
        "application/cloudevents+json",
    ),
    ("GET", "stream"): (stream, "e", b"", ""),
}
# Operations of EventBridge, one of each need.
OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "put_events": (
        "p",
        "bus",
        {"Entries": [{"EventBusName": "<bus>", "Source": "s", "DetailType": "t", "Detail": "{}"}]},
    ),
    "list_rules": ("r", "bus", {"EventBusName": "<bus>"}),
    "disable_rule": ("w", "bus", {"EventBusName": "<bus>", "Name": "<bus>-rule"}),
    "list_connections": ("r", "every", {}),
    "remove_permission": ("a", "bus", {"EventBusName": "<bus>", "RemoveAllPermissions": True}),
}


@pytest.fixture
def estate(journal: SqliteJournal) -> Estate:
    return Estate(journal)


def test_every_door_before_django_is_in_the_table() -> None:
    assert {where: door for where, (door, *_) in DOORS.items()} == asgi._HOT


async def status_of(app: Any, method: str, path: str, headers: dict[str, str], body: bytes) -> int:
    """Return the status of a request whose sender goes after the answer has begun."""
    begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    bodies = [{"type": "http.request", "body": body}]

    async def receive() -> dict[str, Any]:
        if bodies:
            return bodies.pop()
        await begun
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and not begun.done():
            begun.set_result(message["status"])

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": raw}
    await asyncio.wait_for(app(scope, receive, send), 10)
    return await begun


def cookie_of(visitor: Visitor) -> str:
    found = visitor.client.cookies.get("sessionid")
    return found.value if found else ""


def test_everybody_at_the_doors(estate: Estate) -> None:
    everybody = [*estate.people(), *estate.programs()]

    async def main() -> list[str]:
        faults: list[str] = []
        streams = Streams(estate.journal)
        acceptor = Acceptor(estate.journal, estate.keeper, asyncio.get_running_loop())
        process.install(Parts(estate.journal, estate.keeper, acceptor, None, streams))
        try:
            for (method, what), (door, letter, body, content_type) in DOORS.items():
                for visitor in everybody:
                    for half in (OURS, THEIRS):
                        headers = {"content-type": content_type} if content_type else {}
                        if visitor.token:
                            headers["authorization"] = f"Bearer {visitor.token}"
                        elif cookie := cookie_of(visitor):
                            headers["cookie"] = f"sessionid={cookie}"
                        status = await status_of(door, method, f"/api/buses/{half}/{what}", headers, body)
                        # The doors that take events know keys alone: no page can be made to post there.
                        known = what == "stream" or bool(visitor.token)
                        wanted = known and visitor.may(letter, "bus", half)
                        if status not in ({200, 202} if wanted else {401, 403, 404}):
                            faults.append(f"{visitor.name}: {method} {what} ({half}): {status}")
        finally:
            streams.stop()
            streams.close()
            process.uninstall()
            await asyncio.to_thread(connections.close_all)
        return faults

    assert asyncio.run(main()) == []


def test_every_key_at_eventbridges_door(estate: Estate) -> None:
    doors, faults = Doors(estate.journal), []
    for visitor in estate.programs():
        key_id, _, secret = visitor.token.partition(".")
        events = client(doors, key_id, secret)
        for name, (letter, where, arguments) in OPERATIONS.items():
            for half in (OURS, THEIRS):
                asked = json.loads(json.dumps(arguments).replace("<bus>", half))
                said = ""
                try:
                    getattr(events, name)(**asked)
                except ClientError as error:
                    said = error.response["Error"]["Code"]
                if said != ("" if visitor.may(letter, where, half) else "AccessDeniedException"):
                    faults.append(f"{visitor.name}: {name} ({half}): {said or 'let in'}")

    assert faults == []


@pytest.fixture
def hub(estate: Estate) -> Iterator[Hub]:
    hub = Hub(estate.journal, estate.keeper)
    process.install(Parts(estate.journal, estate.keeper, None, hub))
    yield hub
    process.uninstall()


CHANNELS: list[dict[str, Any]] = [
    {"ch": "flow"},
    {"ch": "rows"},
    *({"ch": channel, "bus": half} for channel in ("flow", "rows") for half in (OURS, THEIRS)),
    *({"ch": "event", "ev": half} for half in (OURS, THEIRS)),
]


def test_everybody_on_the_socket(estate: Estate, hub: Hub) -> None:
    everybody = [*estate.people(), *estate.programs()]
    ring.refresh()

    async def main() -> list[str]:
        try:
            return [fault for visitor in everybody for fault in await faults_on_socket(estate, visitor)]
        finally:
            await hub.stop()
            await asyncio.to_thread(connections.close_all)

    assert asyncio.run(main()) == []


async def faults_on_socket(estate: Estate, visitor: Visitor) -> list[str]:
    faults = []
    origin = {"origin": None} if visitor.token else {}
    async with Socket(cookie_of(visitor), bearer=visitor.token, **origin) as socket:
        if not visitor.may("e", "any", OURS):
            code = await socket.closed()
            signed_in = visitor.token or visitor.name != "anonymous"
            return [] if code == (4003 if signed_in else 4001) else [f"{visitor.name}: closed by {code}"]
        await socket.say(t="hello")
        await socket.hear()
        for number, asked in enumerate(CHANNELS, start=1):
            half = asked.get("bus") or asked.get("ev")
            event = {"ev": str(estate.names[half]["event"])} if asked["ch"] == "event" else {}
            await socket.say(t="sub", id=number, **asked | event)
            answer = await socket.hear()
            while answer["t"] == "d":
                answer = await socket.hear()
            let_in = answer["t"] == "snap"
            if let_in:
                await socket.say(t="ack", n=answer["n"])
            text = json.dumps(answer)
            if let_in != (half is None or visitor.may("e", "bus", half)):
                faults.append(f"{visitor.name}: {asked}: {text[:200]}")
            if let_in and not visitor.sees_theirs and THEIRS in text:
                faults.append(f"{visitor.name}: {asked} shows {text[max(0, text.index(THEIRS) - 60) :][:90]}")
            if any(secret.decode() in text for secret in SECRETS.values()):
                faults.append(f"{visitor.name}: {asked} shows a masked field")
    return faults
