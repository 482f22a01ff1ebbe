"""A batch's way through the door: retried under the same keys, halved to find what is wrong with it."""

import http.client
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from eventhub.management.client.hub import Hub, HubError, retry_after, said
from eventhub.management.client.lines import Line, keyed

ANSWER_SECONDS = 60.0
FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 5.0
# What is wrong with the request, so that a part of it may be right.
_SPLIT = {400, 413}


class _Error(msgspec.Struct):
    code: str
    message: str
    path: str


class _Entry(msgspec.Struct):
    duplicate: bool = False
    error: _Error | None = None


class _Accepted(msgspec.Struct):
    entries: list[_Entry]


_read = msgspec.json.Decoder(_Accepted).decode


@dataclass(slots=True)
class Putting:
    """Puts lines on a bus. ``on_error`` hears of each line that is not taken, ``on_wait`` of each outage."""

    hub: Hub
    run: str  # names this run's keys
    patience_seconds: float
    on_error: Callable[[int, str], None]
    on_wait: Callable[[str], None]
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    _connection: http.client.HTTPConnection | None = field(default=None)

    def put(self, lines: Sequence[Line]) -> None:
        """Put a batch; raises HubError if Eventhub refuses us, or is away for longer than our patience."""
        entries = []
        for line in lines:
            try:
                entries.append((line.number, keyed(line.text, f"{self.run}:{line.number}")))
            except ValueError as error:
                self._reject(line.number, str(error))
        if entries:
            self._put(entries)

    def close(self) -> None:
        """Give up the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _put(self, entries: Sequence[tuple[int, bytes]]) -> None:
        status, text = self._answered(b"[" + b",".join(entry for _, entry in entries) + b"]")
        if status == 202:
            self._count(entries, _read(text).entries)
        elif status in _SPLIT and len(entries) > 1:
            half = len(entries) // 2
            self._put(entries[:half])
            self._put(entries[half:])
        elif status in _SPLIT:
            self._reject(entries[0][0], text.decode())
        else:
            raise HubError(text.decode(), status)

    def _count(self, entries: Sequence[tuple[int, bytes]], results: Sequence[_Entry]) -> None:
        for (number, _), result in zip(entries, results, strict=True):
            if result.error is None:
                self.accepted += 1
                self.duplicates += result.duplicate
            elif result.error.code == "unknown-bus":
                raise HubError(result.error.message)
            else:
                where = f"{result.error.path}: " if result.error.path else ""
                self._reject(number, f"{where}{result.error.message} ({result.error.code})")

    def _reject(self, number: int, reason: str) -> None:
        self.rejected += 1
        self.on_error(number, reason)

    def _answered(self, body: bytes) -> tuple[int, bytes]:
        """Return the door's answer: 202 with its body, or another status with what it says."""
        until = time.monotonic() + self.patience_seconds
        wait = FIRST_WAIT_SECONDS
        is_told = was_renewed = False
        while True:
            try:
                answer = self._request(body)
                if answer.status == 202:
                    return 202, answer.read()
                reason, asked = said(answer), retry_after(answer, wait)
                if answer.status == 401 and not was_renewed and self.hub.renew():
                    was_renewed = True
                    continue
                if answer.status != 429 and answer.status < 500:
                    return answer.status, reason.encode()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                reason, asked = f"{self.hub.url}: {error or type(error).__name__}", wait
            if time.monotonic() + asked > until:
                raise HubError(f"given up after {self.patience_seconds:g} s: {reason}")
            if not is_told:
                self.on_wait(f"trying again: {reason}")
                is_told = True
            time.sleep(asked)
            wait = min(LONGEST_WAIT_SECONDS, wait * 2)

    def _request(self, body: bytes) -> http.client.HTTPResponse:
        if self._connection is None:
            self._connection = self.hub.connect(ANSWER_SECONDS)
        headers = self.hub.headers(Content_Type="application/json")
        self._connection.request("POST", self.hub.path("events"), body, headers)
        return self._connection.getresponse()
