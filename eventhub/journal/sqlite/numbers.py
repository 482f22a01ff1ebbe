"""Numbers of rows: given in memory by the one writer, and never twice."""

import sqlite3

TABLES = ("event", "routing", "outcome", "attempt", "dead_letter")


class Numbers:
    """The next number of each table. A rolled-back transaction leaves a gap, which nobody minds."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def load(self, db: sqlite3.Connection) -> None:
        """Continue after the highest number that is in a table or was in it before pruning."""
        for table in TABLES:
            highest = db.execute(f"SELECT coalesce(max(seq), 0) FROM {table}").fetchone()[0]  # noqa: S608 - our names
            noted = db.execute("SELECT value FROM meta WHERE name = ?", (f"seq:{table}",)).fetchone()
            self._next[table] = max(highest, int(noted[0]) if noted else 0) + 1

    def take(self, table: str, count: int) -> int:
        """Take ``count`` numbers; return the first."""
        first = self._next[table]
        self._next[table] = first + count
        return first

    def note(self, db: sqlite3.Connection) -> None:
        """Write down how far numbers were given, in the transaction that deletes rows."""
        db.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)",
            [(f"seq:{table}", str(number - 1)) for table, number in self._next.items()],
        )
