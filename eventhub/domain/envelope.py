"""The envelope: an event's JSON as patterns see it and as targets receive it by default.

Shape and member order as EventBridge delivers it: ``version "0", id, detail-type, source, account,
time (YYYY-MM-DDTHH:MM:SSZ), region, resources[], detail{}``; a replayed event's has
``replay-name`` before ``detail``. The producer's own bytes of ``detail`` go in unchanged.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from eventhub.domain import jsontext


@dataclass(frozen=True, slots=True)
class Envelope:
    """The members of an envelope, as stored: ``time`` in microseconds since 1970, JSON parts as bytes."""

    id: UUID
    source: str
    detail_type: str
    time: int
    resources: bytes  # a JSON array of strings
    detail: bytes  # a JSON object, the producer's own text
    account: str
    region: str
    replay_name: str = ""  # of the replay that put the event on its bus again

    def as_bytes(self) -> bytes:
        """Return the envelope as JSON."""
        return b"".join(
            (
                b'{"version":"0","id":"',
                str(self.id).encode(),
                b'","detail-type":',
                _encode(self.detail_type),
                b',"source":',
                _encode(self.source),
                b',"account":',
                _encode(self.account),
                b',"time":"',
                utc_seconds(self.time).encode(),
                b'","region":',
                _encode(self.region),
                b',"resources":',
                self.resources,
                b',"replay-name":' + _encode(self.replay_name) if self.replay_name else b"",
                b',"detail":',
                self.detail,
                b"}",
            )
        )

    def decoded(self) -> dict[str, Any]:
        """Return what a pattern is matched against."""
        replayed = {"replay-name": self.replay_name} if self.replay_name else {}
        return {
            "version": "0",
            "id": str(self.id),
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": utc_seconds(self.time),
            "region": self.region,
            "resources": jsontext.decode(self.resources),
            **replayed,
            "detail": jsontext.decode(self.detail),
        }


def utc_seconds(moment: int) -> str:
    """Return a moment (microseconds since 1970) as an envelope's ``time``: UTC, whole seconds.

    >>> utc_seconds(1_767_323_045_999_999)
    '2026-01-02T03:04:05Z'
    """
    return _second(moment // 1_000_000)


# Events of one moment share their second; each is rendered for matching and for every delivery, 5 µs a time.
@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_encode = msgspec.json.Encoder().encode
