"""Appending: keys claimed first, then events by COPY; one thread, many callers' in one commit."""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain
from uuid import UUID

import psycopg

from eventhub.journal import columns
from eventhub.journal.port import Appended, Hint, JournalUnavailable, NewEvent
from eventhub.journal.postgres.connections import connect, trouble
from eventhub.journal.postgres.copying import copy

log = logging.getLogger("eventhub.journal")

# In the keys' order, so that two committers never wait for each other crosswise.
CLAIM = """
    INSERT INTO dedup (bus, source, key, event_id, until)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::uuid[], %s::bigint[])
    AS new(bus, source, key, id, until)
    ORDER BY 1, 2, 3
    ON CONFLICT (bus, source, key) DO UPDATE SET event_id = excluded.event_id, until = excluded.until
    WHERE dedup.until <= excluded.until - %s
    RETURNING bus, source, key
"""
SEEN = """
    SELECT d.bus, d.source, d.key, d.event_id
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS asked(bus, source, key) JOIN dedup d
    USING (bus, source, key)
"""
# In the events' order; who is here holds the rows of their keys already.
REPEATED = """
    INSERT INTO repeated (event_id, times, last_at)
    SELECT * FROM unnest(%s::uuid[], %s::integer[], %s::bigint[])
    ON CONFLICT (event_id) DO UPDATE SET times = repeated.times + excluded.times,
        last_at = greatest(repeated.last_at, excluded.last_at)
"""
Key = tuple[str, str, str]


def store(db: psycopg.Connection, events: Iterable[NewEvent]) -> None:
    """Store events as they are, inside the caller's transaction."""
    copy(
        db,
        "event",
        columns.EVENT,
        (columns.event_columns(event, event.id, event.cause_id) for event in events),
    )


def append(
    db: psycopg.Connection, calls: Sequence[Sequence[NewEvent]], *, key_seconds: int
) -> list[list[Appended]]:
    """Store the events of all calls, duplicates aside; return what became of each call's."""
    keyed = [event for event in chain.from_iterable(calls) if event.key is not None]
    first = _claim_keys(db, keyed, key_seconds * 1_000_000)
    new: list[NewEvent] = []
    repeats = columns.Repeats()
    results = []
    for call in calls:
        result = []
        for event in call:
            kept = event.id if event.key is None else first[event.bus, event.source, event.key]
            if kept == event.id:
                new.append(event)
            else:
                repeats.note(kept, event)
            result.append(Appended(kept, duplicate=kept != event.id))
        results.append(result)
    if new:
        store(db, new)
    if again := repeats.rows():
        db.execute(REPEATED, [list(column) for column in zip(*again, strict=True)])
    return results


def _claim_keys(db: psycopg.Connection, events: Sequence[NewEvent], key_us: int) -> dict[Key, UUID]:
    """Return, for each key, the id of the event that has it, claiming those that are free."""
    first: dict[Key, UUID] = {}
    until: dict[Key, int] = {}
    for event in events:
        assert event.key is not None
        key = (event.bus, event.source, event.key)
        if key not in first:
            first[key] = event.id
            until[key] = event.accepted_at + key_us
    if not first:
        return first
    parts = [list(part) for part in zip(*first, strict=True)]
    values = (*parts, list(first.values()), list(until.values()), key_us)
    claimed: set[Key] = set(db.execute(CLAIM, values))
    taken = [key for key in first if key not in claimed]
    if taken:
        for bus, source, name, event_id in db.execute(
            SEEN, [list(part) for part in zip(*taken, strict=True)]
        ):
            first[bus, source, name] = event_id
    return first


@dataclass(slots=True)
class _Call:
    events: Sequence[NewEvent]
    future: "Future[list[Appended]]" = field(default_factory=Future)


class Committer:
    """The thread that appends, and its connection."""

    def __init__(self, dsn: str, tell: Callable[[Collection[Hint]], None], *, key_seconds: int) -> None:
        self._dsn = dsn
        self._key_seconds = key_seconds
        self._tell = tell
        self._db: psycopg.Connection | None = None
        self._waiting: list[_Call] = []
        self._condition = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def append(self, events: Sequence[NewEvent]) -> "Future[list[Appended]]":
        """Hand in events; the future resolves after the commit."""
        call = _Call(events)
        with self._condition:
            if self._stopping:
                raise JournalUnavailable("the journal is closed")
            self._waiting.append(call)
            self._condition.notify()
        return call.future

    def stop(self) -> None:
        """Commit what was handed in, then end the thread."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self._thread.join()
        if self._db is not None:
            self._db.close()

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._waiting:
                    if self._stopping:
                        return
                    self._condition.wait()
                calls, self._waiting = self._waiting, []
            self._commit(calls)

    def _commit(self, calls: Sequence[_Call]) -> None:
        try:
            with trouble():
                results = self._attempt(calls)
        except Exception as error:
            if len(calls) > 1 and not isinstance(error, JournalUnavailable):
                for call in calls:  # one caller's bad event is that caller's trouble
                    self._commit([call])
                return
            if not isinstance(error, JournalUnavailable):
                log.exception("journal.append_failed")
            for call in calls:
                call.future.set_exception(error)
            return
        for call, result in zip(calls, results, strict=True):
            call.future.set_result(result)
        self._tell({Hint.EVENTS})

    def _attempt(self, calls: Sequence[_Call]) -> list[list[Appended]]:
        db = self._connected()
        with db.transaction():
            return append(db, [call.events for call in calls], key_seconds=self._key_seconds)

    def _connected(self) -> psycopg.Connection:
        """Return a connection that answers: a server that was away meanwhile is no reason to refuse."""
        if self._db is not None and not self._db.broken:
            try:
                self._db.execute("SELECT 1")
            except psycopg.OperationalError:
                self._db.close()
            else:
                return self._db
        self._db = connect(self._dsn)
        return self._db
