"""Connections to the server: a pool for calls, and what a lost one means."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from eventhub.journal.port import JournalUnavailable

CHECKED_AFTER_SECONDS = 1.0  # idle longer than this: see whether the server is still there before use


def connect(dsn: str) -> psycopg.Connection:
    """Open a connection in autocommit mode; raises JournalUnavailable.

    Commits are on the disk before they return, whatever the server's default is.
    """
    try:
        return psycopg.connect(
            dsn,
            autocommit=True,
            connect_timeout=5,
            application_name="eventhub journal",
            options="-c synchronous_commit=on -c timezone=UTC -c jit=off",
        )
    except psycopg.OperationalError as error:
        raise JournalUnavailable(f"the journal's database cannot be reached: {_first_line(error)}") from error


@contextmanager
def trouble() -> Iterator[None]:
    """Turn what the server's loss, or its disk, does to a statement into JournalUnavailable."""
    try:
        yield
    except psycopg.errors.ProgramLimitExceeded:  # a value too long for an index: its own trouble
        raise
    except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction) as error:
        raise JournalUnavailable(f"the journal's database failed: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


class Pool:
    """Connections for calls from any thread: as many as call at the same moment."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._idle: list[tuple[psycopg.Connection, float]] = []
        self._lock = threading.Lock()
        self._closed = True

    def open(self) -> None:
        """Begin to lend."""
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[psycopg.Connection]:
        """Lend a connection; raises JournalUnavailable if the server is away or lost meanwhile."""
        with trouble():
            db = self._take()
            try:
                yield db
            finally:
                self._give_back(db)

    def close(self) -> None:
        """Close what is idle now, and the rest when it is given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for db, _since in idle:
            db.close()

    def _take(self) -> psycopg.Connection:
        while True:
            with self._lock:
                if self._closed:
                    raise JournalUnavailable("the journal is closed")
                db, since = self._idle.pop() if self._idle else (None, 0.0)
            if db is None:
                return connect(self._dsn)
            if time.monotonic() - since < CHECKED_AFTER_SECONDS:
                return db
            try:
                db.execute("SELECT 1")
            except psycopg.OperationalError:
                db.close()
            else:
                return db

    def _give_back(self, db: psycopg.Connection) -> None:
        with self._lock:
            if not self._closed and not db.broken and not db.closed:
                self._idle.append((db, time.monotonic()))
                return
        db.close()
