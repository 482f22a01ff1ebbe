"""One event as a row of the stream: what happened to it so far, told in one word and a few numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from eventhub.domain.mask import mask_reason
from eventhub.journal.counted import shown
from eventhub.journal.port import (
    Feed,
    OutcomeState,
    Position,
    RoutingState,
    TailedAttempt,
    TailedDeadLetter,
    TailedEvent,
    TailedRouting,
)

_NEWS = ("matched", "state", "delivered", "of", "ms")
COLUMNS = ("id", "at", "bus", "source", "detail-type", *_NEWS, "pos", "key", "lost", "tries")

_MADE = frozenset({OutcomeState.PENDING, OutcomeState.DELIVERED, OutcomeState.DEAD})
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Leg:
    """One match of the event: where its delivery stands."""

    delivery_id: int
    rule_id: int
    target_id: int | None
    state: OutcomeState
    attempts: int = 0
    status: int | None = None
    error: str = ""
    settled_at: int | None = None  # for good


@dataclass(slots=True, eq=False)
class Row:
    """An event and its legs. What takes news returns whether the row changed; old news change nothing."""

    id: UUID
    accepted_at: int
    bus_id: int
    bus: str
    source: str
    detail_type: str
    position: Position
    key: str | None = None
    routing: RoutingState | None = None
    matched: int | None = None
    legs: dict[int, Leg] = field(default_factory=dict)
    settled_at: int | None = None
    born: int = 0  # the tick in which it was listed
    _text: str | None = None
    _update: str | None = None

    def routed(self, news: TailedRouting) -> bool:
        """Take what routing made of the event."""
        if self.routing is not None:
            return False
        self.routing = news.state
        self.matched = len({rule_id for _, rule_id, _, _ in news.outcomes})
        for delivery_id, rule_id, target_id, state in news.outcomes:
            self.legs.setdefault(delivery_id, Leg(delivery_id, rule_id, target_id, state))
        if not any(leg.state is OutcomeState.PENDING for leg in self.legs.values()):
            self.settled_at = news.routed_at
        return self._changed()

    def attempted(self, news: TailedAttempt) -> bool:
        """Take an attempt."""
        leg = self.legs.get(news.delivery_id)
        if leg is None or news.number <= leg.attempts:
            return False
        leg.attempts, leg.state, leg.status, leg.error = news.number, news.state, news.status, news.error
        leg.settled_at = None if news.state is OutcomeState.PENDING else news.ended_at
        self._settle(news.ended_at)
        return self._changed()

    def given_up(self, news: TailedDeadLetter) -> bool:
        """Take a dead letter; only one without an attempt brings something new."""
        leg = self.legs.get(news.delivery_id)
        if leg is None or leg.state is OutcomeState.DEAD:
            return False
        leg.state, leg.error, leg.settled_at = OutcomeState.DEAD, news.reason, news.at
        self._settle(news.at)
        return self._changed()

    def _settle(self, at: int) -> None:
        if any(leg.state is OutcomeState.PENDING for leg in self.legs.values()):
            self.settled_at = None
        else:
            self.settled_at = max(at, self.settled_at or 0)

    def _changed(self) -> bool:
        self._text = self._update = None
        return True

    @property
    def state(self) -> str:
        """Return the word for where the event stands: the worst of its legs."""
        if self.routing is None:
            return OutcomeState.PENDING.value
        if self.routing is not RoutingState.MATCHED:
            return self.routing.value
        states = {leg.state for leg in self.legs.values()}
        if OutcomeState.DEAD in states:
            return OutcomeState.DEAD.value
        if OutcomeState.PENDING in states:
            retrying = any(leg.attempts for leg in self.legs.values() if leg.state is OutcomeState.PENDING)
            return "retrying" if retrying else OutcomeState.PENDING.value
        return OutcomeState.DELIVERED.value if OutcomeState.DELIVERED in states else "not-made"

    @property
    def delivered(self) -> int:
        """Return how many of the deliveries made are delivered."""
        return sum(leg.state is OutcomeState.DELIVERED for leg in self.legs.values())

    @property
    def of(self) -> int:
        """Return how many deliveries were made."""
        return sum(leg.state in _MADE for leg in self.legs.values())

    @property
    def lost(self) -> int:
        """Return how many rules matched of which a delivery was given up."""
        return len({leg.rule_id for leg in self.legs.values() if leg.state is OutcomeState.DEAD})

    @property
    def tries(self) -> int:
        """Return the most attempts of one delivery."""
        return max((leg.attempts for leg in self.legs.values()), default=0)

    @property
    def took_ms(self) -> float | None:
        """Return the ms from acceptance until nothing was left to do; None while there is."""
        return None if self.settled_at is None else shown((self.settled_at - self.accepted_at) / 1000)

    @property
    def text(self) -> str:
        """Return the row as the socket carries it, the columns in order."""
        if self._text is None:
            row = (str(self.id), self.accepted_at // 1000, self.bus, self.source, self.detail_type)
            stand = (self.matched, self.state, self.delivered, self.of, self.took_ms, str(self.position))
            self._text = _encode((*row, *stand, self.key, self.lost, self.tries)).decode()
        return self._text

    @property
    def update(self) -> str:
        """Return what can change of the row, as the socket carries it."""
        if self._update is None:
            stand = (str(self.id), self.matched, self.state, self.delivered, self.of, self.took_ms)
            self._update = _encode((*stand, self.lost, self.tries)).decode()
        return self._update

    @property
    def summary(self) -> str:
        """Return the event and its legs, as the ``event`` channel carries them to all: errors are masked."""
        legs = [
            (leg.delivery_id, leg.rule_id, leg.target_id, leg.state, leg.attempts, leg.status, error)
            for leg in self.legs.values()
            for error in [mask_reason(leg.error)]
        ]
        return _encode(
            {
                "id": str(self.id),
                "at": self.accepted_at // 1000,
                "bus": self.bus,
                "source": self.source,
                "detail-type": self.detail_type,
                "matched": self.matched,
                "state": self.state,
                "delivered": self.delivered,
                "of": self.of,
                "ms": self.took_ms,
                "deliveries": legs,
            }
        ).decode()


def row_of(event: TailedEvent) -> Row:
    """Return the row of an event that was just accepted."""
    return Row(
        id=event.id,
        accepted_at=event.accepted_at,
        bus_id=event.bus_id,
        bus=event.bus,
        source=event.source,
        detail_type=event.detail_type,
        position=event.position,
        key=event.key,
    )


def take_news(rows: Mapping[UUID, Row], feed: Feed) -> dict[UUID, Row]:
    """Tell rows what a feed has of them; return those that changed."""
    touched: dict[UUID, Row] = {}
    for routing in feed.routings:
        row = rows.get(routing.event_id)
        if row is not None and row.routed(routing):
            touched[row.id] = row
    for attempt in feed.attempts:
        row = rows.get(attempt.event_id)
        if row is not None and row.attempted(attempt):
            touched[row.id] = row
    for letter in feed.dead_letters:
        row = rows.get(letter.event_id)
        if row is not None and row.given_up(letter):
            touched[row.id] = row
    return touched


def listed(texts: Iterable[str]) -> str:
    """Return JSON values as a JSON array."""
    return f"[{','.join(texts)}]"
