"""What the two engines write differently."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from eventhub.journal.position import Position

Parameters = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Rows with these values in columns, whose event's id is ``low <= id < high``."""

    column: str  # of the event's id
    low: UUID
    high: UUID
    prefix: tuple[tuple[str, object], ...] = ()  # column, value: an index begins with them


class Ordered(NamedTuple):
    """A condition, its parameters, and what to order by so that no other index will do."""

    where: str
    parameters: Parameters
    order: str


class TimeUp(Exception):  # noqa: N818 - reads as the event it is
    """A statement was cut short: the time was up."""


class Engine(Protocol):
    """Runs statements, written with ``?``, and says what its SQL calls things."""

    position_order: str  # of e, the newest first
    retried: str  # a table of the events with pending deliveries that failed, with a column event_id

    def rows(
        self, statement: str, parameters: Sequence[object], *, columns: int, seconds: float | None = None
    ) -> list[Any]:
        """Return the rows of a statement whose columns are named c0, c1 …

        Raises TimeUp when it takes longer than ``seconds``.
        """

    def id(self, event_id: UUID) -> object:
        """Return an event's id as it is stored."""

    def read_id(self, stored: Any) -> UUID:
        """Return the id that was stored."""

    def text(self, column: str) -> str:
        """Return a text column as indexes have it."""

    def glob(self, column: str, pieces: Sequence[str]) -> tuple[str, str]:
        """Return a condition that the column is these pieces with anything between; and its parameter."""

    def among(self, column: str, ids: Sequence[UUID]) -> tuple[str, Parameters]:
        """Return a condition that the column is one of these events' ids; there is one at least."""

    def contains(self, column: str) -> str:
        """Return a condition, with one parameter, that a column holds a text."""

    def like(self, column: str) -> str:
        r"""Return a condition, with one parameter of ``%``, ``_`` and ``\``, whatever the case of letters."""

    def span(self, span: Span) -> Ordered:
        """Return the rows of a span, by the index that has its prefix and then the ids, newest first."""

    def bus_span(self, bus_id: int, above: Position | None, below: Position | None) -> Ordered:
        """Return the rows e of a bus strictly between two positions, by the index of buses, newest first."""

    def between(self, column: str, first: UUID, last: UUID) -> str:
        """Return a condition, without parameters, that the column is an id from one to another."""

    def beside(self, position: Position, *, below: bool) -> tuple[str, Parameters]:
        """Return a condition that e is before (below) or after a position."""
