"""A reader that is cut off again and again, and goes on from where it was, as our pages do."""

import asyncio
import json
import urllib.parse
import urllib.request
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live.page import Page
from tests.live.reading import open_socket
from tests.running import Running

AWAY = (ConnectionClosed, InvalidStatus, OSError)


class Returning:
    """Counts events over many connections: parts by their totals, what a snap skipped by loading it."""

    def __init__(self, hub: Running) -> None:
        self.hub = hub
        self.page = Page()
        self.epoch = ""
        self.position: str | None = None  # of the newest event that is counted
        self.counted = self.loaded = 0

    async def stay(self, frames: int) -> None:
        """Connect, take so many frames, and break the connection off without a word."""
        try:
            async with asyncio.timeout(30):
                await self._stay(frames)
        except AWAY:
            return

    async def _stay(self, frames: int) -> None:
        async with open_socket(self.hub) as connection:
            await connection.send('{"t":"hello"}')
            while frames > 0:
                message = json.loads(await connection.recv())
                if message["t"] == "welcome":
                    await connection.send(json.dumps(self._ask(message["epoch"])))
                    continue
                await self._take(message)
                frames -= 1
                await connection.send(json.dumps({"t": "ack", "n": message["n"]}))
            connection.transport.abort()

    def _ask(self, epoch: str) -> dict[str, Any]:
        asked: dict[str, Any] = {"t": "sub", "id": 1, "ch": "rows"}
        if self.page.to is not None and epoch == self.epoch:
            asked["cur"] = f"{epoch}:{self.page.to}"
        self.epoch = epoch
        return asked

    async def _take(self, message: dict[str, Any]) -> None:
        if message["t"] == "snap":
            newest = message["pos"]
            if self.position is not None and newest != self.position:
                missed = await asyncio.to_thread(self._between, self.position, newest)
                self.counted += missed
                self.loaded += missed
            self.page.snap(message)
            self.position = newest
        for part in message.get("s", ()):
            before = self.page.seen
            self.page.part(part)
            self.counted += self.page.seen - before
            self.position = part.get("pos", self.position)

    def _between(self, after: str, newest: str) -> int:
        """Return how many events there are behind ``after``, up to ``newest``, as a page loads a gap."""
        asked = urllib.parse.urlencode({"after": after, "before": newest, "order": "oldest", "limit": 1000})
        path, count = f"/api/events?{asked}", 1  # the newest itself
        while path:
            request = urllib.request.Request(
                self.hub.url + path, headers={"Authorization": f"Bearer {self.hub.key}"}
            )
            with urllib.request.urlopen(request, timeout=20) as answer:
                found = json.load(answer)
            count += len(found["items"])
            path = found["next"]
        return count
