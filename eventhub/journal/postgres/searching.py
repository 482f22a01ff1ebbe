"""What searching needs of PostgreSQL: statements under a time-out of their own."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg

from eventhub.journal.position import START, Position
from eventhub.journal.search.dialect import Ordered, Parameters, Span, TimeUp

_LAST = 2**63 - 1
# Whatever reads more than it has to: what is asked is in the order of an index, and a page is full soon. How
# many rows a comparison of rows leaves the planner does not know; it takes them for few and would sort them.
PLANS = ("enable_sort", "enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_hashagg")


class PostgresSearch:
    """``search.dialect.Engine`` on a connection in autocommit mode; ``close`` it before it is given back."""

    position_order = "e.xid DESC, e.seq DESC"
    retried = "(SELECT event_id FROM delivery WHERE failed)"

    def __init__(self, db: psycopg.Connection) -> None:
        self._db = db
        self._limited = False
        self._db.execute("".join(f"SET {name} = off; " for name in PLANS).encode())

    def close(self) -> None:
        """Leave the connection as it was."""
        self._unlimit()
        self._db.execute("".join(f"SET {name} = on; " for name in PLANS).encode())

    def _unlimit(self) -> None:
        while self._limited:
            # It stands under the time-out itself, and may be cut short on a busy machine.
            with suppress(psycopg.errors.QueryCanceled):
                self._db.execute("SET statement_timeout = 0")
                self._limited = False

    def rows(
        self, statement: str, parameters: Sequence[object], *, columns: int, seconds: float | None = None
    ) -> list[Any]:
        """Return rows."""
        self._unlimit()
        if seconds is not None:
            self._db.execute(f"SET statement_timeout = {max(1, round(seconds * 1000))}".encode())
            self._limited = True
        text = statement.replace("%", "%%").replace("?", "%s").encode()
        try:
            # Planned for its values each time: a plan for any value may read a partition whole.
            return self._db.execute(text, tuple(parameters), prepare=False).fetchall()
        except psycopg.errors.QueryCanceled as error:
            raise TimeUp from error

    def id(self, event_id: UUID) -> object:
        """Return it as it is."""
        return event_id

    def read_id(self, stored: Any) -> UUID:
        """Return it as it is."""
        found: UUID = stored
        return found

    def text(self, column: str) -> str:
        """Return the column in the collation of the indexes."""
        return f'{column} COLLATE "C"'

    def glob(self, column: str, pieces: Sequence[str]) -> tuple[str, str]:
        """Return LIKE."""
        escaped = (piece.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for piece in pieces)
        return f"{column} LIKE ?", "%".join(escaped)

    def among(self, column: str, ids: Sequence[UUID]) -> tuple[str, Parameters]:
        """Return look-ups in the days that have them."""
        return f"{column} = ANY (?) AND {column} BETWEEN ? AND ?", (list(ids), min(ids), max(ids))

    def contains(self, column: str) -> str:
        """Return a search for the text as it is."""
        return f"strpos({column}, ?) > 0"

    def like(self, column: str) -> str:
        """Return ILIKE; of ASCII's letters alone it is several times faster."""
        return f'{column} COLLATE "C" ILIKE ?'

    def span(self, span: Span) -> Ordered:
        """Return comparisons of rows: an equality would let the plan walk another index in the same order.

        What it knows of a value's share says nothing of where in time its rows are. The ids alone stand
        beside, for they tell which days have any.
        """
        columns = [column for column, _value in span.prefix]
        values = tuple(value for _column, value in span.prefix)
        where = f"{span.column} >= ? AND {span.column} < ?"
        parameters: Parameters = (span.low, span.high)
        if columns:
            row = f"({', '.join([*columns, span.column])})"
            marks = f"({', '.join('?' * (len(columns) + 1))})"
            where = f"{row} >= {marks} AND {row} < {marks} AND {where}"
            parameters = (*values, span.low, *values, span.high, *parameters)
        return Ordered(where, parameters, ", ".join(f"{column} DESC" for column in [*columns, span.column]))

    def bus_span(self, bus_id: int, above: Position | None, below: Position | None) -> Ordered:
        """Return comparisons of rows, for the same reason."""
        low, high = above or START, below or Position(_LAST, _LAST)
        row = "(e.bus_id, e.xid, e.seq)"
        return Ordered(
            f"{row} > (?, ?, ?) AND {row} < (?, ?, ?)",
            (bus_id, low.xid, low.seq, bus_id, high.xid, high.seq),
            "e.bus_id DESC, e.xid DESC, e.seq DESC",
        )

    def between(self, column: str, first: UUID, last: UUID) -> str:
        """Return a comparison that tells which days are asked."""
        return f"{column} BETWEEN '{first}' AND '{last}'"

    def beside(self, position: Position, *, below: bool) -> tuple[str, Parameters]:
        """Return a comparison of pairs."""
        return f"(e.xid, e.seq) {'<' if below else '>'} (?, ?)", (position.xid, position.seq)
