"""Many rows into a table by COPY: more than twice as fast as INSERT."""

from collections.abc import Iterable, Sequence

import psycopg
from psycopg import sql


def copy(
    db: psycopg.Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Add rows inside the caller's transaction."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(",").join(map(sql.Identifier, columns))
    )
    with db.cursor() as cursor, cursor.copy(statement) as stream:
        for row in rows:
            stream.write_row(row)
