"""A bus's stream, resumed after whatever interrupts it: each event at least once, in order.

What was given out counts as read when the next one is asked for, so whoever handles each event before that
loses none, whatever breaks meanwhile.
"""

import http.client
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec

from eventhub.management.client.hub import Hub, HubError, retry_after, said

# Eventhub says something every 15 s; a connection that is silent for longer than two of these is dead.
SILENT_SECONDS = 40.0
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 10.0
# After these ends of its own the server wants to be asked again.
RESUMED = {"stopping", "too-slow", "unavailable"}


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its id in the stream, and its text."""

    id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Remark:
    """What people should know of the stream itself."""

    text: str


class _InterruptedError(Exception):
    """The stream broke off, and may be asked for again ``after_seconds``."""

    def __init__(self, message: str, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


def follow(hub: Hub, *, start: str, pattern: str, form: str = "envelope") -> Iterator[Event | Remark]:
    """Give a bus's events for ever; raises HubError if Eventhub refuses, or if it never answered."""
    stream = _Stream(hub, urlencode({"start": start, "pattern": pattern, "format": form}))
    wait = FIRST_WAIT_SECONDS
    is_told = False
    while True:
        try:
            for one in stream.blocks():
                if is_told:
                    yield Remark("connected again")
                wait, is_told = FIRST_WAIT_SECONDS, False
                if one is not None:
                    yield one
        except (_InterruptedError, OSError, http.client.HTTPException) as error:
            if not stream.has_answered:
                raise HubError(
                    f"no Eventhub answers at {hub.url} ({error}): start it, or say --url"
                ) from error
            if not is_told:
                yield Remark(f"interrupted, trying again: {error or type(error).__name__}")
            is_told = True
            time.sleep(getattr(error, "after_seconds", None) or wait)
            wait = min(LONGEST_WAIT_SECONDS, wait * 2)


class _Stream:
    """Where in the stream its reader is."""

    def __init__(self, hub: Hub, query: str) -> None:
        self._hub = hub
        self._path = f"{hub.path('stream')}?{query}"
        self._last = ""
        self._was_renewed = False
        self.has_answered = False

    def blocks(self) -> Iterator[Event | Remark | None]:
        """Give what one connection brings until it breaks, and None for a sign of life."""
        connection = self._hub.connect(SILENT_SECONDS)
        try:
            more = {"Last_Event_ID": self._last} if self._last else {}
            connection.request("GET", self._path, headers=self._hub.headers(**more))
            answer = connection.getresponse()
            self.has_answered = True
            if answer.status != 200:
                self._refused(answer)
            yield None
            yield from self._read(answer)
        finally:
            connection.close()

    def _read(self, answer: http.client.HTTPResponse) -> Iterator[Event | Remark | None]:
        fields: dict[bytes, bytes] = {}
        while line := answer.readline():
            if stripped := line.rstrip(b"\r\n"):
                name, _, value = stripped.partition(b":")
                value = value.removeprefix(b" ")
                fields[name] = fields[name] + b"\n" + value if name == b"data" and name in fields else value
                continue
            self._was_renewed = False
            kind, data, identifier = (fields.get(name, b"") for name in (b"event", b"data", b"id"))
            fields = {}
            if kind:
                yield self._notice(kind.decode(), data)
            elif data:
                yield Event(identifier.decode(), data)
            if identifier:
                self._last = identifier.decode()
        raise _InterruptedError("the connection ended")

    def _notice(self, kind: str, data: bytes) -> Remark:
        fields = msgspec.json.decode(data, type=dict[str, str])
        if kind != "end":
            event = fields.get("event", "")
            return Remark(f"{kind}{event and f' {event}'}: {fields.get('message', '')}")
        if fields["reason"] in RESUMED:
            raise _InterruptedError(fields["message"])
        if fields["reason"] == "forbidden":
            self._renew(fields["message"], 401)
        raise HubError(fields["message"])

    def _refused(self, answer: http.client.HTTPResponse) -> None:
        text = said(answer)
        if answer.status == 401:
            self._renew(text, answer.status)
        if answer.status == 429 or answer.status >= 500:
            raise _InterruptedError(text, retry_after(answer, FIRST_WAIT_SECONDS))
        raise HubError(text, answer.status)

    def _renew(self, message: str, status: int) -> None:
        """Go on with another key, if ours was made; raises HubError if it was given, or made just now."""
        if self._was_renewed or not self._hub.renew():
            raise HubError(message, status)
        self._was_renewed = True
        raise _InterruptedError("the key ran out: made another")
