"""The rows of a table as they stand in the place, whatever the engine."""

import sqlite3
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.journal.conformance.conftest import Place


def rows(place: Place, table: str) -> list[dict[str, Any]]:
    """Return all rows of a table."""
    if place.engine == "sqlite":
        db = sqlite3.connect(f"file:{place.address}?mode=ro", uri=True)
        try:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(f"SELECT * FROM {table}")]
        finally:
            db.close()
    with psycopg.connect(place.address, row_factory=dict_row) as db:
        return db.execute(f"SELECT * FROM {table}".encode()).fetchall()
