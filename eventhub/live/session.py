"""One socket's side of the hub: its subscriptions, its credits, and the frames it gets.

A session keeps no news. It remembers, for each subscription, the tick up to which its page knows the channel,
and fetches the part from there whenever a frame may be sent.
"""

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.live.filtered_channel import FilteredChannel
from eventhub.live.frames import CloseCode, frame, snap_message
from eventhub.live.picture import AnyChannel
from eventhub.live.rows_channel import RowsChannel

MAX_INFLIGHT = 2
SLOW_SECONDS = 15.0
HEARTBEAT_SECONDS = 5.0
HIDDEN_HZ = 1
_STEP = 2**20
_ROWS = RowsChannel | FilteredChannel  # not for a page that nobody sees


@dataclass(slots=True)
class Subscription:
    """A channel as one page knows it: up to tick ``at``; ``why`` it needs a snap first, if it does."""

    channel: AnyChannel
    at: int
    why: str | None


@dataclass(slots=True)
class Session:
    """A socket as the hub sees it. ``send`` and ``close`` must not block."""

    caller: Caller
    send: Callable[[str], None]
    close: Callable[[CloseCode, str], None]
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    visible: bool = True
    hz: int = 10
    greeted: bool = False  # nothing is sent before its `hello`
    _sent: int = 0  # the number of the newest snap or frame
    _acknowledged: int = 0
    _unacknowledged: deque[tuple[int, float]] = field(default_factory=deque)
    _framed_at: float = 0.0
    _counted_at: float = 0.0  # of the newest snap or frame
    _closed: bool = False

    def may_watch(self, bus_id: int) -> bool:
        """Tell whether the caller may watch a bus."""
        return self.caller.may(Scope.EVENTS_READ, bus_id)

    def subscribe(self, number: int, subscription: Subscription, now: float) -> None:
        """Add or replace a subscription."""
        self.unsubscribe(number, now)
        subscription.channel.watchers += 1
        self.subscriptions[number] = subscription

    def unsubscribe(self, number: int, now: float) -> bool:
        """Drop a subscription; False if there is none of that number."""
        subscription = self.subscriptions.pop(number, None)
        if subscription is not None:
            subscription.channel.watchers -= 1
            subscription.channel.unwatched_at = now
        return subscription is not None

    def acknowledge(self, number: int) -> bool:
        """Give credits back for all frames up to one; False if ``number`` is of none that went out."""
        numbers = [sent for sent, _ in self._unacknowledged]
        if number not in numbers:
            return 0 < number <= self._acknowledged  # said before
        self._acknowledged = number
        for _ in range(numbers.index(number) + 1):
            self._unacknowledged.popleft()
        return True

    @property
    def has_news(self) -> bool:
        """Tell whether a frame waits for a credit or for its time."""
        return any(sub.why or sub.channel.last > sub.at for sub in self._served())

    def flush(self, tick: int, now: float) -> None:
        """Send what is new, if there is a credit and its time has come; close a socket that does not read."""
        if self._closed or not self.greeted:
            return
        if self._unacknowledged and now - self._unacknowledged[0][1] > SLOW_SECONDS:
            self._closed = True
            self.close(CloseCode.SLOW, "no acknowledgement for 15 s")
            return
        for number, sub in self.subscriptions.items():
            if sub.why and self._may_send():
                self._send_snap(number, sub, now)
        # A tenth early is on time: ticks are not exact, and the next would be too late.
        due = now - self._framed_at >= 0.9 / (self.hz if self.visible else HIDDEN_HZ)
        if due and self._may_send():
            self._send_frame(tick, now)

    def _may_send(self) -> bool:
        return len(self._unacknowledged) < MAX_INFLIGHT

    def _served(self) -> list[Subscription]:
        subs = self.subscriptions.values()
        return [sub for sub in subs if self.visible or not isinstance(sub.channel, _ROWS)]

    def _send_snap(self, number: int, sub: Subscription, now: float) -> None:
        assert sub.why is not None
        count = self._count(now)
        self.send(snap_message(number, sub.channel, count, now, sub.why))
        sub.at, sub.why = sub.channel.last, None

    def _send_frame(self, tick: int, now: float) -> None:
        parts = []
        served = self._served()
        for number, sub in self.subscriptions.items():
            if sub.why or sub.channel.last <= sub.at or sub not in served:
                continue
            part = sub.channel.part(sub.at)
            if part is None:
                sub.why = sub.channel.why_not(sub.at)
            else:
                parts.append((number, part))
                sub.at = sub.channel.last
        if parts or now - self._counted_at >= HEARTBEAT_SECONDS:
            span = min(now - self._framed_at, HEARTBEAT_SECONDS)
            self.send(frame(self._count(now), tick, now, span, parts))
            self._framed_at = now
        for number, sub in self.subscriptions.items():
            if sub.why and self._may_send():
                self._send_snap(number, sub, now)

    def _count(self, now: float) -> int:
        # Not to be guessed: whoever acknowledges frames without reading them would fill our memory.
        self._sent += 1 + secrets.randbelow(_STEP)
        self._counted_at = now
        self._unacknowledged.append((self._sent, now))
        return self._sent
