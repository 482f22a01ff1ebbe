"""Hints between processes: NOTIFY, coalesced, and LISTEN. Safe to lose."""

import logging
import threading
from collections.abc import Callable, Collection

import psycopg

from eventhub.journal.port import Hint, JournalUnavailable
from eventhub.journal.postgres.connections import connect

log = logging.getLogger("eventhub.journal")

CHANNEL = "eventhub_journal"
EVERY_SECONDS = 0.02
AGAIN_SECONDS = 1.0  # after a lost connection


class Hints:
    """Two threads: one tells the other processes, one hears them."""

    def __init__(self, dsn: str, tell: Callable[[Collection[Hint]], None]) -> None:
        self._dsn = dsn
        self._tell = tell  # this process's watchers
        self._untold: set[Hint] = set()
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._stopping = threading.Event()
        self._own_pid = 0  # of the notifying connection, whose words are not news here
        self._threads = [
            threading.Thread(target=self._keep, args=(work,), name=name, daemon=True)
            for work, name in ((self._notify, "journal-notify"), (self._listen, "journal-listen"))
        ]
        for thread in self._threads:
            thread.start()

    def pass_on(self, hints: Collection[Hint]) -> None:
        """Tell this process's watchers now, and the other processes soon."""
        self._tell(hints)
        with self._lock:
            self._untold.update(hints)
        self._something.set()

    def stop(self) -> None:
        """End both threads."""
        self._stopping.set()
        self._something.set()
        for thread in self._threads:
            thread.join()

    def _keep(self, work: Callable[[psycopg.Connection], None]) -> None:
        """Work on a connection of its own, and on a new one when it is lost."""
        while not self._stopping.is_set():
            try:
                with connect(self._dsn) as db:
                    work(db)
            except (psycopg.Error, JournalUnavailable) as error:
                log.info("journal.hints_lost", extra={"fields": {"error": str(error).strip()}})
                self._stopping.wait(AGAIN_SECONDS)

    def _notify(self, db: psycopg.Connection) -> None:
        db.execute("SET synchronous_commit = off")  # a hint needs no disk
        self._own_pid = db.info.backend_pid
        while not self._stopping.is_set():
            self._something.wait()
            self._something.clear()
            with self._lock:
                told, self._untold = self._untold, set()
            for hint in told:
                db.execute("SELECT pg_notify(%s, %s)", (CHANNEL, hint.value))
            self._stopping.wait(EVERY_SECONDS)

    def _listen(self, db: psycopg.Connection) -> None:
        db.execute(f"LISTEN {CHANNEL}")
        self._tell(set(Hint))  # what was said while nobody listened
        while not self._stopping.is_set():
            for notice in db.notifies(timeout=0.2):
                if notice.pid != self._own_pid:
                    self._tell({Hint(notice.payload)})
                if self._stopping.is_set():
                    return
