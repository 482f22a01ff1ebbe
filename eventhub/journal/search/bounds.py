"""Between which events a search looks: as ids, as positions, and how many numbers that is."""

from dataclasses import dataclass
from uuid import UUID

from eventhub.domain.filter.terms import AnyOf, Moment, Node, Term, conjuncts
from eventhub.domain.identity import accepted_ms, earliest_id
from eventhub.journal.position import Position
from eventhub.journal.search.dialect import Engine
from eventhub.journal.searching import Search

# Positions follow the moments of acceptance, but for the time that a commit may take.
SLACK_MS = 10_000
_LAST_ID = UUID(int=2**128 - 1)
_FIRST_ID = UUID(int=0)
_LAST_MS = 2**48 - 1
_ID_DIGITS = 32
_OF_ONE_MOMENT = 1000  # events that share a millisecond: as many as a request may have entries


@dataclass(frozen=True, slots=True)
class Key:
    """A candidate's place in the order of its driver: by id, or by position."""

    id: UUID
    position: Position | None = None

    def as_cursor(self) -> str:
        """Return it for outside."""
        return f"i{self.id.hex}" if self.position is None else f"p{self.position}"


@dataclass(frozen=True, slots=True)
class End:
    """An event at an end of a range."""

    id: UUID
    position: Position


@dataclass(frozen=True, slots=True)
class Bounds:
    """``low <= id < high``; the largest number of an event within, and how many numbers there are."""

    low: UUID
    high: UUID
    top: int = 0
    total: int = 0

    def scanned(self, reached: Key | None, engine: Engine) -> int:
        """Return how many of them were decided when this one was reached."""
        if reached is None:
            return 0
        position = reached.position or position_at(reached.id, engine)
        if position is None:
            return self.total
        return min(max(0, self.top - position.seq + 1), self.total)

    def start(self, cursor: str, engine: Engine, *, by_position: bool) -> Key | None:
        """Return the key that a cursor names, in the order that is wanted; raises ValueError."""
        if not cursor:
            return None
        try:
            read = UUID(hex=cursor[1:]) if cursor[0] == "i" else Position.parse(cursor[1:])
        except ValueError:
            raise ValueError(f"{cursor!r:.60} is no cursor") from None
        if isinstance(read, UUID) and len(cursor) == _ID_DIGITS + 1:
            return Key(read, position_at(read, engine) if by_position else None)
        if isinstance(read, Position) and cursor == f"p{read}" and max(read.xid, read.seq) < 2**63:
            return Key(_FIRST_ID, read) if by_position else Key(id_at(read, engine) or _FIRST_ID)
        raise ValueError(f"{cursor!r:.60} is no cursor")

    @property
    def wide(self) -> tuple[UUID, UUID]:
        """Return the bounds with room for what positions have in another order."""
        low, high = accepted_ms(self.low) - SLACK_MS, accepted_ms(self.high) + SLACK_MS
        return earliest(low - SLACK_MS), earliest(high + SLACK_MS)

    def positions(self, engine: Engine) -> tuple[Position | None, Position | None]:
        """Return positions that all of them are strictly between; exact ids are for others to compare."""
        above = _nearest(engine, earliest(accepted_ms(self.low) - SLACK_MS), older=True)
        below = _nearest(engine, earliest(accepted_ms(self.high) + SLACK_MS), older=False)
        return above.position if above else None, below.position if below else None


def bounds_of(node: Node | None, asked: Search, engine: Engine) -> Bounds:
    """Return what the moments, the id and the positions of a search leave to be looked at."""
    low, high = _FIRST_ID, _LAST_ID
    for part in conjuncts(node):
        if not isinstance(part, Term):
            continue
        first, last = _of_term(part, asked.now)
        low, high = max(low, first), min(high, last)
    if asked.before is not None:
        event_id = id_at(asked.before, engine)
        if event_id is not None:
            high = min(high, earliest(accepted_ms(event_id) + SLACK_MS))
    if asked.after is not None:
        event_id = id_at(asked.after, engine)
        if event_id is not None:
            low = max(low, earliest(accepted_ms(event_id) - SLACK_MS))
    top, bottom = (_number(engine, low, high, newest=newest) for newest in (True, False))
    if top is None or bottom is None:
        return Bounds(low, high)
    return Bounds(low, high, top, max(1, top - bottom + 1))


def _of_term(term: Term, now: int) -> tuple[UUID, UUID]:
    if isinstance(term.test, Moment):
        at = term.test.microseconds(now)
        if term.word == "after":
            return earliest(at // 1000), _LAST_ID
        return _FIRST_ID, earliest(-(-at // 1000))
    if term.word == "id" and isinstance(term.test, AnyOf):
        digits = [value.pieces[0] for value in term.test.values]
        first = min(int(text.ljust(_ID_DIGITS, "0"), 16) for text in digits)
        last = max(int(text.ljust(_ID_DIGITS, "f"), 16) for text in digits)
        return UUID(int=first), UUID(int=min(last + 1, 2**128 - 1))
    return _FIRST_ID, _LAST_ID


def earliest(ms: int) -> UUID:
    """Return the earliest id of a moment, of any moment."""
    return _LAST_ID if ms > _LAST_MS else earliest_id(max(0, ms))


def _end(engine: Engine, low: UUID, high: UUID, *, newest: bool) -> End | None:
    order = "DESC" if newest else "ASC"
    found = engine.rows(
        "SELECT id AS c0, xid AS c1, seq AS c2 FROM event WHERE id >= ? AND id < ?"
        f" ORDER BY id {order} LIMIT 1",
        (engine.id(low), engine.id(high)),
        columns=3,
    )
    return None if not found else End(engine.read_id(found[0][0]), Position(*found[0][1:]))


def _number(engine: Engine, low: UUID, high: UUID, *, newest: bool) -> int | None:
    """Return the largest or the smallest number there is: those of one moment are in no order."""
    order, most = ("DESC", "max") if newest else ("ASC", "min")
    ((number,),) = engine.rows(
        f"SELECT {most}(seq) AS c0 FROM (SELECT seq FROM event WHERE id >= ? AND id < ?"
        f" ORDER BY id {order} LIMIT {_OF_ONE_MOMENT}) e",
        (engine.id(low), engine.id(high)),
        columns=1,
    )
    return None if number is None else int(number)


def _nearest(engine: Engine, event_id: UUID, *, older: bool) -> End | None:
    if older:
        return _end(engine, _FIRST_ID, event_id, newest=True)
    return _end(engine, event_id, _LAST_ID, newest=False)


def position_at(event_id: UUID, engine: Engine) -> Position | None:
    """Return the position of an event, or of the next older one if it is gone."""
    end = _end(engine, _FIRST_ID, UUID(int=min(event_id.int + 1, 2**128 - 1)), newest=True)
    return None if end is None else end.position


def id_at(position: Position, engine: Engine) -> UUID | None:
    """Return the id of the event at a position, or of the one before it if that is gone."""
    sql, parameters = engine.beside(Position(position.xid, min(position.seq + 1, 2**63 - 1)), below=True)
    found = engine.rows(
        f"SELECT e.id AS c0 FROM event e WHERE {sql} ORDER BY {engine.position_order} LIMIT 1",
        parameters,
        columns=1,
    )
    return None if not found else engine.read_id(found[0][0])
