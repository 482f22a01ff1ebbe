"""Opening the file: one connection that writes, and a pool of read-only ones."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec

from eventhub.journal.port import JournalUnavailable

STATEMENTS = 256  # more than we have, so that none is compiled twice


def writer(path: Path) -> sqlite3.Connection:
    """Open the writing connection; the caller owns the journal."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=STATEMENTS)
    db.execute("PRAGMA synchronous=FULL")
    # 16 MiB of log between checkpoints: each writes changed pages once, however often they changed meanwhile.
    db.execute("PRAGMA wal_autocheckpoint=4000")
    db.execute("PRAGMA journal_size_limit=33554432")
    db.execute("PRAGMA cache_size=-16000")
    db.execute("PRAGMA temp_store=MEMORY")
    return db


def reader(path: Path) -> sqlite3.Connection:
    """Open a connection that can neither write nor checkpoint."""
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS,
    )


class Readers:
    """A pool of read-only connections: one per thread that reads at the same moment."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._closed = True

    def open(self) -> None:
        """Begin to lend."""
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection; what is read in one statement is one moment's state."""
        with self._lock:
            if self._closed:
                raise JournalUnavailable("the journal is closed")
            db = self._idle.pop() if self._idle else None
        db = db or reader(self._path)
        try:
            yield db
        finally:
            self._give_back(db)

    def _give_back(self, db: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(db)
                return
        db.close()

    def close(self) -> None:
        """Close what is idle now, and the rest when it is given back."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()


def one_json(db: sqlite3.Connection, statement: str, *values: object) -> bytes:
    """Run a statement whose one row holds one JSON text, and return that; one step, whatever it holds."""
    text: str = db.execute(statement, values).fetchone()[0]
    return text.encode()


as_json = msgspec.json.Encoder().encode
