"""The one thread that writes: everything that waits at the same moment goes into one commit."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from eventhub.journal.port import Appended, Hint, JournalUnavailable, NewEvent
from eventhub.journal.sqlite.appending import Appending

log = logging.getLogger("eventhub.journal")
T = TypeVar("T")

# What a disk or a file can do to us, in words. Everything else is our own mistake and is raised as it is.
TROUBLE = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_READONLY: "the journal's file cannot be written",
    sqlite3.SQLITE_CANTOPEN: "the journal's file cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the journal's file is damaged",
    sqlite3.SQLITE_NOTADB: "the journal's file is not a SQLite database",
    sqlite3.SQLITE_BUSY: "another program has locked the journal's file",
}

# For so long after a commit of events the next ones wait, if any do, for the routing of those before: the two
# share a commit. Else they take turns, commit after commit, and at 1,000 events a second everything waits for
# twice as many. Routing takes about 1 ms to come.
ROUTED_SECONDS = 0.0015
TROUBLE_SECONDS = 5.0  # how long one refusal counts in the figures, unless a commit proves it over


def trouble(error: BaseException) -> JournalUnavailable | None:
    """Return what to tell callers if the error is the disk's, or None."""
    words = TROUBLE.get(getattr(error, "sqlite_errorcode", -1) & 0xFF)
    return JournalUnavailable(f"{words} ({error})") if words else None


@contextmanager
def disk_trouble() -> Iterator[None]:
    """Turn what the disk or the file does to a statement into JournalUnavailable."""
    try:
        yield
    except sqlite3.Error as error:
        unavailable = trouble(error)
        if unavailable:
            raise unavailable from error
        raise


@dataclass(slots=True)
class Write:
    """One operation: all of it commits, or nothing."""

    apply: Callable[[sqlite3.Connection], Any]
    committed: Callable[[Any], Collection[Hint]]  # moves what is in memory; runs before the caller hears
    begin_by: float = 0.0  # monotonic: until then it may wait for a commit of others
    future: "Future[Any]" = field(default_factory=Future)
    result: Any = None


@dataclass(slots=True)
class Append:
    """Events to append; those of one commit share their statements."""

    events: Sequence[NewEvent]
    future: "Future[list[Appended]]" = field(default_factory=Future)
    result: list[Appended] = field(default_factory=list)


@dataclass(slots=True)
class Shrink:
    """Room to give back to the disk, outside any transaction."""

    pages: int
    empty_log: bool
    begin_by: float = 0.0
    future: "Future[None]" = field(default_factory=Future)


class Committer:
    """The writing connection and its thread."""

    def __init__(
        self,
        db: sqlite3.Connection,
        appending: Appending,
        *,
        tell: Callable[[Collection[Hint]], None],
        disk_is_full: Callable[[], None],
    ) -> None:
        self._db = db
        self._appending = appending
        self._tell = tell
        self._disk_is_full = disk_is_full
        self._waiting: list[Write | Append | Shrink] = []
        self._condition = threading.Condition()
        self._stopping = False
        self._routed_by = 0.0  # monotonic: until then what was just appended may bring its routing
        self._refused: tuple[float, str] | None = None  # when the disk last refused events, and why
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def append(self, events: Sequence[NewEvent]) -> "Future[list[Appended]]":
        """Hand in events; the future resolves after the commit."""
        append = Append(events)
        self._hand_in(append)
        return append.future

    def write(
        self,
        apply: Callable[[sqlite3.Connection], T],
        committed: Callable[[T], Collection[Hint]] = lambda _result: (),
        *,
        patience_seconds: float = 0.0,
    ) -> T:
        """Run ``apply`` in the next commit and return its result after it.

        For so long it causes no commit of its own, but comes along with what others write. ``apply`` may run
        again: where it, or what shares its commit, fails, each runs in a commit of its own.
        """
        write = Write(apply, committed, time.monotonic() + patience_seconds if patience_seconds else 0.0)
        self._hand_in(write)
        result: T = write.future.result()
        return result

    def give_back(self, pages: int, *, empty_log: bool) -> None:
        """Give up to so many free pages back to the disk, and the log's room too; a full disk may refuse."""
        shrink = Shrink(pages, empty_log)
        self._hand_in(shrink)
        shrink.future.result()

    @property
    def trouble(self) -> str:
        """Return why events could not be kept a moment ago; empty if nothing says that they cannot now."""
        refused = self._refused
        return refused[1] if refused and time.monotonic() - refused[0] < TROUBLE_SECONDS else ""

    def stop(self) -> None:
        """Commit what was handed in, then end the thread and close the connection."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self._thread.join()
        self._db.close()

    def _hand_in(self, write: Write | Append | Shrink) -> None:
        with self._condition:
            if self._stopping:
                raise JournalUnavailable("the journal is closed")
            self._waiting.append(write)
            self._condition.notify()

    def _work(self) -> None:
        while True:
            with self._condition:
                while (left := self._wait_seconds()) != 0:
                    if self._stopping:
                        if not self._waiting:
                            return
                        break
                    self._condition.wait(left)
                batch, self._waiting = self._waiting, []
            try:
                writes = [one for one in batch if not isinstance(one, Shrink)]
                if writes:
                    self._commit(writes)
                for one in batch:
                    if isinstance(one, Shrink):
                        self._shrink(one)
            except Exception as error:  # a bug: those who wait must hear of it, and the thread goes on
                log.exception("journal.committer_failed")
                for write in batch:
                    if not write.future.done():
                        write.future.set_exception(error)

    def _wait_seconds(self) -> float | None:
        """Return how long the next commit may wait for more to come along; None: until something comes."""
        if not self._waiting:
            return None
        begin_at = min(self._routed_by if isinstance(one, Append) else one.begin_by for one in self._waiting)
        return max(0.0, begin_at - time.monotonic())

    def _commit(self, batch: Sequence[Write | Append]) -> None:
        db = self._db
        appends = [write for write in batch if isinstance(write, Append)]
        try:
            db.execute("BEGIN IMMEDIATE")
            if appends:
                self._append(appends)
            for write in batch:
                if isinstance(write, Write):
                    write.result = write.apply(db)
            db.execute("COMMIT")
        except Exception as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            if len(batch) > 1:  # the trouble may be with one of them: pruning works where appending does not
                for write in batch:
                    self._commit([write])
            else:
                self._fail(batch[0], error)
            return
        hints: set[Hint] = set()
        for write in batch:
            if isinstance(write, Append):
                self._refused = None
                hints.add(Hint.EVENTS)
            else:
                hints.update(write.committed(write.result))
            write.future.set_result(write.result)
        self._tell(hints)
        self._routed_by = time.monotonic() + ROUTED_SECONDS if appends else 0.0

    def _shrink(self, shrink: Shrink) -> None:
        try:
            # As a script: the module steps through rows only where there are columns, and this has none.
            self._db.executescript(f"PRAGMA incremental_vacuum({shrink.pages})")
            if shrink.empty_log:
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:  # the next round tries again
            log.warning("journal.not_shrunk", extra={"fields": {"error": str(error)}})
        shrink.future.set_result(None)

    def _fail(self, write: Write | Append, error: Exception) -> None:
        unavailable = trouble(error)
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            self._disk_is_full()
        if unavailable and isinstance(write, Append):
            self._refused = (time.monotonic(), str(unavailable))
        write.future.set_exception(unavailable or error)

    def _append(self, appends: Sequence[Append]) -> None:
        results = self._appending.append(self._db, [append.events for append in appends])
        for append, result in zip(appends, results, strict=True):
            append.result = result
