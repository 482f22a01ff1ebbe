"""A page without a socket: a session of the hub that reads, acknowledges and shows what it gets."""

import json
from typing import Any

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import READ_SCOPES
from eventhub.live.frames import CloseCode
from eventhub.live.hub import Hub
from eventhub.live.messages import Refusal, Sub
from eventhub.live.session import Session
from tests.live.page import Page

ANN = Caller(CallerKind.USER, "ann", READ_SCOPES)


class Watcher:
    """Joins a hub; ``pages`` are its subscriptions by number."""

    def __init__(self, hub: Hub, caller: Caller = ANN) -> None:
        self.hub = hub
        self.session = Session(caller, self._take, self._closed)
        self.pages: dict[int, Page] = {}
        self.frames: list[dict[str, Any]] = []
        self.texts: list[str] = []
        self.closed: CloseCode | None = None
        self.reads = True
        self.welcome: dict[str, Any] = {}
        hub.join(self.session)

    def _take(self, text: str) -> None:
        message = json.loads(text)
        self.texts.append(text)
        if message["t"] == "welcome":
            self.welcome = message
        if message["t"] == "snap":
            self.pages[message["id"]].snap(message)
        if message["t"] == "d":
            self.frames.append(message)
            for part in message["s"]:
                self.pages[part["id"]].part(part)
        if self.reads and "n" in message:
            self.session.acknowledge(message["n"])

    def _closed(self, code: CloseCode, _reason: str) -> None:
        self.closed = code

    async def greet(self) -> None:
        """Say hello."""
        await self.hub.greet(self.session)

    async def subscribe(self, number: int, channel: str, **members: Any) -> Page:
        """Subscribe, and return what the subscription shows."""
        page = self.pages[number] = members.pop("page", None) or Page()
        refusal = await self.hub.subscribe(self.session, Sub(id=number, ch=channel, **members))
        assert refusal is None, refusal
        return page

    async def refused(self, channel: str, **members: Any) -> Refusal:
        """Subscribe in vain."""
        refusal = await self.hub.subscribe(self.session, Sub(id=99, ch=channel, **members))
        assert refusal is not None
        return refusal

    def leave(self) -> None:
        """Go."""
        self.hub.leave(self.session)
