"""Redacting in the file: no byte of what was there stays in it.

SQLite leaves deleted content in its pages until they are used anew. While it redacts, the connection
overwrites with zeros what it deletes (``secure_delete``); afterwards the free pages go back to the disk, and
the log, which holds the pages as they were, is emptied. A reader that still looks at an older moment keeps
the log from that.
"""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from eventhub.domain.redaction import Mark
from eventhub.journal.redacting import Dialect, Done, apply
from eventhub.journal.sqlite.committer import Committer
from eventhub.journal.sqlite.numbers import Numbers

TRIES, WAIT_SECONDS = 40, 0.05  # for readers of an older moment to end
PAGES = 1000  # given back at once: a few milliseconds, in which accepting waits


def dialect(db: sqlite3.Connection, numbers: Numbers | None = None) -> Dialect:
    """Return how the shared statements run here."""
    return Dialect(
        run=lambda text, *values: db.execute(text, values),
        among="IN (SELECT value FROM json_each(?))",
        listed=lambda ids: msgspec.json.encode([one.hex for one in ids]).decode(),
        stored=lambda one: one.hex,
        number=numbers.take if numbers else None,
    )


def apply_redaction(
    db: sqlite3.Connection, numbers: Numbers, event_ids: Sequence[UUID], mark: Mark, now: int
) -> Done:
    """Redact, overwriting what goes."""
    before = db.execute("PRAGMA secure_delete").fetchone()[0]
    db.execute("PRAGMA secure_delete = ON").fetchone()
    try:
        return apply(dialect(db, numbers), event_ids, mark, now)
    finally:
        db.execute(f"PRAGMA secure_delete = {int(before)}").fetchone()


def wipe(committer: Committer, path: Path, free_pages: int) -> str:
    """Give free pages and the log back; return what could not be, or nothing."""
    for _ in range(free_pages // PAGES + 1):
        committer.give_back(PAGES, empty_log=False)
    log = path.with_name(path.name + "-wal")
    for _ in range(TRIES):
        committer.give_back(1, empty_log=True)
        if not log.exists() or log.stat().st_size == 0:
            return ""
        time.sleep(WAIT_SECONDS)
    return "the write-ahead log still holds it, because something reads an older moment: repeat the redaction"
