"""The doors as a server drives them: real parts behind, ASGI messages in front."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eventhub.flow import process
from eventhub.flow.accept import Acceptor
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.port import START, UNKNOWN_BUS, Journal, NewEvent
from eventhub.models import Bus

App = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Call:
    """One request; several chunks, or an end before the last one (``is_cut``)."""

    app: App
    path: str
    headers: dict[str, str]
    chunks: Sequence[bytes]
    is_cut: bool = False


class Doors:
    """A process's parts, and requests to its doors."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.keeper = RulebookKeeper()
        self.keeper.refresh()

    def answer(self, call: Call) -> Answer:
        return self.answers([call])[0]

    def answers(self, calls: Sequence[Call]) -> list[Answer]:
        """Make all calls at once on a loop of their own."""

        async def main() -> list[Answer]:
            acceptor = Acceptor(self.journal, self.keeper, asyncio.get_running_loop())
            process.install(process.Parts(self.journal, self.keeper, acceptor))
            try:
                return await asyncio.gather(*map(_call, calls))
            finally:
                process.uninstall()

        self.keeper.refresh()
        return asyncio.run(main())

    def stored(self, bus: str = "default") -> list[NewEvent]:
        """Return the events of a bus, oldest first."""
        bus_id = Bus.objects.get(name=bus).pk if bus else UNKNOWN_BUS
        return [stored.event for stored in self.journal.read(bus_id, START, 10_000)]

    def everything(self) -> list[NewEvent]:
        """Return all events there are."""
        return [
            event for bus in ["", *Bus.objects.values_list("name", flat=True)] for event in self.stored(bus)
        ]


async def _call(call: Call) -> Answer:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in call.chunks
    ]
    messages.append({"type": "http.disconnect"} if call.is_cut else {"type": "http.request"})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": call.path,
        "raw_path": call.path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in call.headers.items()],
    }
    await call.app(scope, receive, send)
    start, *bodies = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    body = b"".join(message.get("body", b"") for message in bodies)
    assert int(headers["content-length"]) == len(body)
    return Answer(start["status"], headers, body)
