"""What searching needs of SQLite: statements that give one row, and are cut short when the time is up."""

import sqlite3
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from eventhub.journal.position import Position
from eventhub.journal.search.dialect import Ordered, Parameters, Span, TimeUp
from eventhub.journal.sqlite.connections import as_json

_STEPS = 20_000  # of SQLite's machine between two looks at the clock: a millisecond or so
_decode = msgspec.json.Decoder(list[list[Any]]).decode


class SqliteSearch:
    """``search.dialect.Engine`` on a reading connection."""

    position_order = "e.seq DESC"
    retried = (
        "(SELECT e.id AS event_id FROM delivery d CROSS JOIN event e ON e.seq = d.event_seq WHERE d.failed)"
    )

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def rows(
        self, statement: str, parameters: Sequence[object], *, columns: int, seconds: float | None = None
    ) -> list[Any]:
        """Return rows, which come as one JSON text; see the package for why."""
        names = ", ".join(f"c{number}" for number in range(columns))
        whole = f"SELECT json_group_array(json_array({names})) FROM ({statement})"  # noqa: S608 - our own text
        if seconds is None:
            return _decode(self._db.execute(whole, tuple(parameters)).fetchone()[0])
        deadline = time.monotonic() + seconds
        self._db.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        try:
            return _decode(self._db.execute(whole, tuple(parameters)).fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise TimeUp from error
            raise
        finally:
            self._db.set_progress_handler(None, 0)

    def id(self, event_id: UUID) -> object:
        """Return 32 digits."""
        return event_id.hex

    def read_id(self, stored: Any) -> UUID:
        """Return the id of 32 digits."""
        return UUID(hex=stored)

    def text(self, column: str) -> str:
        """Return the column: text is compared by its bytes."""
        return column

    def glob(self, column: str, pieces: Sequence[str]) -> tuple[str, str]:
        """Return GLOB, which tells letters' case apart; what it has beside the star is put in brackets."""
        escaped = (
            "".join(f"[{letter}]" if letter in "*?[" else letter for letter in piece) for piece in pieces
        )
        return f"{column} GLOB ?", "*".join(escaped)

    def among(self, column: str, ids: Sequence[UUID]) -> tuple[str, Parameters]:
        """Return look-ups of a JSON array's ids."""
        text = as_json([event_id.hex for event_id in ids]).decode()
        return f"{column} IN (SELECT value FROM json_each(?))", (text,)  # noqa: S608 - our columns

    def contains(self, column: str) -> str:
        """Return a search for the text as it is."""
        return f"instr({column}, ?) > 0"

    def like(self, column: str) -> str:
        """Return LIKE, which is blind to the case of ASCII's letters."""
        return f"{column} LIKE ? ESCAPE '\\'"

    def span(self, span: Span) -> Ordered:
        """Return equalities: without statistics these are preferred to any other index."""
        parts = [f"{column} = ?" for column, _value in span.prefix]
        values = tuple(value for _column, value in span.prefix)
        where = " AND ".join([*parts, f"{span.column} >= ?", f"{span.column} < ?"])
        return Ordered(where, (*values, span.low.hex, span.high.hex), f"{span.column} DESC")

    def bus_span(self, bus_id: int, above: Position | None, below: Position | None) -> Ordered:
        """Return an equality and numbers."""
        low, high = above.seq if above else 0, below.seq if below else 2**63 - 1
        return Ordered("e.bus_id = ? AND e.seq > ? AND e.seq < ?", (bus_id, low, high), "e.seq DESC")

    def between(self, column: str, first: UUID, last: UUID) -> str:
        """Return nothing that matters: there is one table."""
        return f"{column} BETWEEN '{first.hex}' AND '{last.hex}'"

    def beside(self, position: Position, *, below: bool) -> tuple[str, Parameters]:
        """Return a comparison of numbers: xid is 0."""
        return f"e.seq {'<' if below else '>'} ?", (position.seq,)
