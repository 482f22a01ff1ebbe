"""What every channel does: keep its changes by tick, and tell what changed since a tick that one knows."""

from abc import ABC, abstractmethod
from collections import deque
from typing import Generic, Protocol, TypeVar

KEPT_SECONDS = 60.0
KEPT_WEIGHT = 100_000  # entries of all changes that a channel keeps


class Change(Protocol):
    """What one tick changed in a channel."""

    @property
    def tick(self) -> int:
        """Return the hub's tick."""

    @property
    def at(self) -> float:
        """Return when, in seconds."""

    @property
    def weight(self) -> int:
        """Return how many entries it holds."""


C = TypeVar("C", bound=Change)


class Channel(ABC, Generic[C]):
    """A stream of changes that sockets subscribe to; equal subscriptions share one channel and its texts."""

    name: str

    def __init__(self, tick: int) -> None:
        self.last = tick  # the tick of the newest change
        self.watchers = 0
        self.unwatched_at = 0.0
        self._oldest = tick  # changes after this tick are still known
        self._changes: deque[C] = deque()
        self._weight = 0
        self._parts: dict[int, str | None] = {}

    def record(self, change: C) -> None:
        """Keep a change, and forget those that are too old or too many."""
        self._changes.append(change)
        self._weight += change.weight
        self.last = change.tick
        self._parts.clear()
        while self._weight > KEPT_WEIGHT or self._changes[0].at < change.at - KEPT_SECONDS:
            gone = self._changes.popleft()
            self._weight -= gone.weight
            self._oldest = gone.tick
            if not self._changes:
                break

    def part(self, since: int) -> str | None:
        """Return the members of the part that leads from tick ``since`` to now; None if only a snap can.

        Encoded once for all who know the same tick.
        """
        if since not in self._parts:
            known = self._oldest <= since <= self.last
            members = self._merge(since, [c for c in self._changes if c.tick > since]) if known else None
            self._parts[since] = None if members is None else f'"c":[{since},{self.last}]{members}'
        return self._parts[since]

    def why_not(self, since: int) -> str:
        """Return why ``part`` gave None."""
        return "topo" if self._oldest <= since <= self.last else "too-old"

    @abstractmethod
    def snap(self) -> str:
        """Return the members of a snap after ``why``, each with a comma before it."""

    @abstractmethod
    def _merge(self, since: int, changes: list[C]) -> str | None:
        """Return the members of a part after ``c``, each with a comma before it."""
