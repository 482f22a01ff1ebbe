"""Posting events to a server that comes and goes: on a developer's machine, as a rule."""

import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from eventhub.domain.payload import Payload
from eventhub.domain.signature import SigningSecret, sign
from eventhub.management.client.hub import connection_to

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a post: a status, or why there is none; and after how long."""

    status: int
    reason: str
    milliseconds: float

    @property
    def is_good(self) -> bool:
        """Tell whether it counts as taken. A redirect does not: a delivery would not follow it either."""
        return 200 <= self.status < 300


@dataclass(slots=True)
class Receiver:
    """Where events are forwarded to."""

    url: str
    timeout_seconds: float
    secret: SigningSecret | None = None  # signs as a target's does
    _connection: http.client.HTTPConnection | None = field(default=None)

    def post(self, message_id: str, payload: Payload, on_absence: Callable[[str], None]) -> Answered:
        """Post an event, and again as long as nobody is there to take it.

        ``on_absence`` hears why, once. Who took it and then said nothing in time is not asked again: it may
        have been done, and the next event waits.
        """
        wait = FIRST_WAIT_SECONDS
        while True:
            began = time.monotonic()
            is_kept = self._connection is not None
            try:
                status, reason = self._post(message_id, payload)
            except TimeoutError:
                self.close()
                reason = f"no answer within {self.timeout_seconds:g} s"
                return Answered(0, reason, (time.monotonic() - began) * 1000)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if is_kept:  # the server closed what it kept open: no news of whether it is there
                    continue
                if wait == FIRST_WAIT_SECONDS:
                    on_absence(str(error) or type(error).__name__)
                time.sleep(wait)
                wait = min(LONGEST_WAIT_SECONDS, wait * 2)
            else:
                return Answered(status, reason, (time.monotonic() - began) * 1000)

    def close(self) -> None:
        """Give up the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, message_id: str, payload: Payload) -> tuple[int, str]:
        if self._connection is None:
            self._connection = connection_to(self.url, self.timeout_seconds)
        parts = urlsplit(self.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._connection.request("POST", path, payload.body, self._headers(message_id, payload))
        answer = self._connection.getresponse()
        while answer.read(65_536):
            pass
        return answer.status, answer.reason

    def _headers(self, message_id: str, payload: Payload) -> Mapping[str, str]:
        headers = {"User-Agent": "eventhub-forward", **dict(payload.headers)}
        if payload.content_type:
            headers["Content-Type"] = payload.content_type
        secrets = [] if self.secret is None else [self.secret]
        return headers | dict(sign(message_id, int(time.time()), payload.body, secrets))
