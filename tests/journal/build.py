"""Builders of what goes into a journal; they supply what a test does not care about."""

import random
import time
from typing import Any

from eventhub.domain.identity import event_id
from eventhub.journal.port import NewEvent

SECOND = 1_000_000
_random = random.SystemRandom()  # pytest-randomly seeds the other one alike in each test


def now_us() -> int:
    """Return now in microseconds since 1970."""
    return time.time_ns() // 1000


def new_event(**members: Any) -> NewEvent:
    """Build an event on bus 1."""
    at = members.get("accepted_at") or now_us()
    return NewEvent(
        **{
            "id": event_id(at // 1000, _random.getrandbits(74)),
            "bus_id": 1,
            "bus": "default",
            "source": "shop",
            "detail_type": "order placed",
            "time": at,
            "accepted_at": at,
            "detail": b'{"order": 1}',
            "who": "key:TEST",
            **members,
        }
    )
