"""Statements that carry many rows in one step: fixed sizes, so that each is compiled once."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

SIZES = (128, 64, 32, *range(16, 0, -1))


class Many:
    """A statement with one group of placeholders per row, for a whole run of rows."""

    def __init__(self, before: str, row: str, after: str = "") -> None:
        self._statements = {size: f"{before} {','.join([row] * size)} {after}" for size in SIZES}

    def run(self, db: sqlite3.Connection, rows: Sequence[Iterable[Any]]) -> int:
        """Run it for all rows in as few steps as the sizes allow; return how many rows changed."""
        at, count, changed = 0, len(rows), 0
        for size in SIZES:
            statement = self._statements[size]
            while count - at >= size:
                cursor = db.execute(statement, list(chain.from_iterable(rows[at : at + size])))
                changed += cursor.rowcount
                at += size
        return changed


def insert(table: str, columns: Sequence[str], *, replace: bool = False) -> Many:
    """Return the insert of rows with these columns."""
    verb = "INSERT OR REPLACE" if replace else "INSERT"
    return Many(f"{verb} INTO {table} ({','.join(columns)}) VALUES", f"({','.join('?' * len(columns))})")


def update(table: str, columns: Sequence[str]) -> Many:
    """Return the update of these columns; the first of each row is the ``seq`` to change."""
    sets = ",".join(f"{name}=v.column{number}" for number, name in enumerate(columns, start=2))
    # The rows come first in the join: each finds its row by key.
    return Many(
        f"UPDATE {table} SET {sets} FROM (VALUES",  # noqa: S608 - our names
        f"({','.join('?' * (len(columns) + 1))})",
        f") AS v WHERE {table}.seq = v.column1",
    )


def delete(table: str, column: str = "seq") -> Many:
    """Return the deletion of rows by one column."""
    return Many(f"DELETE FROM {table} WHERE {column} IN (", "?", ")")  # noqa: S608 - our names
