"""Pruning, figures, and whether there is room to accept."""

import shutil
import sqlite3
import time
from pathlib import Path

import msgspec

from eventhub.domain.identity import earliest_id
from eventhub.journal.port import Health, Pruned
from eventhub.journal.sqlite.committer import Committer
from eventhub.journal.sqlite.connections import one_json
from eventhub.journal.sqlite.numbers import Numbers
from eventhub.journal.sqlite.reserve import Reserve

CHUNK = 500  # events per commit: a few milliseconds, in which accepting waits
COUNTED = 10_000
VACUUMED_PAGES = 2 * CHUNK  # more than a chunk of usual events frees
SPENT_KEYS = """
    DELETE FROM dedup WHERE (bus, source, key) IN (
        SELECT bus, source, key FROM dedup INDEXED BY dedup_until WHERE until < ? LIMIT ?
    )
"""
OLD_REPEATS = """
    DELETE FROM repeated WHERE event_id IN (SELECT event_id FROM repeated WHERE event_id < ? LIMIT ?)
"""
ENDED_REDRIVES = "DELETE FROM redrive WHERE state IN ('done', 'cancelled') AND changed_at < ?"
FORGOTTEN_TYPES = "DELETE FROM event_type WHERE last_at < ?"
ENDED_REPLAYS = "DELETE FROM replay WHERE ended_at < ?"

# The oldest events after ?1, whether they may go, and when they came. Routing has passed them, and nothing of
# theirs is pending.
OLDEST = """
    SELECT json_group_array(json_array(e.seq, e.id, e.accepted_at,
        json(CASE WHEN e.seq <= coalesce((SELECT seq FROM cursor WHERE bus_id = e.bus_id), 0)
            AND NOT EXISTS (SELECT 1 FROM outcome o WHERE o.event_id = e.id AND o.state = 'pending')
            THEN 'true' ELSE 'false' END)))
    FROM (SELECT seq, id, accepted_at, bus_id FROM event WHERE seq > ? ORDER BY seq LIMIT ?) e
"""
_decode = msgspec.json.Decoder(list[tuple[int, str, int, bool]]).decode
UNROUTED = """
    SELECT sum(count), min(oldest) FROM (
        SELECT (SELECT count(*) FROM (SELECT 1 FROM event WHERE bus_id = b.id AND seq > b.seq LIMIT ?1))
        AS count,
            (SELECT accepted_at FROM event WHERE bus_id = b.id AND seq > b.seq ORDER BY seq LIMIT 1) AS oldest
        FROM (
            WITH RECURSIVE bus(id) AS (
                SELECT min(bus_id) FROM event
                UNION ALL SELECT (SELECT min(bus_id) FROM event WHERE bus_id > bus.id) FROM bus
                WHERE bus.id IS NOT NULL
            )
            SELECT id, coalesce((SELECT seq FROM cursor WHERE bus_id = id), 0) AS seq FROM bus
            WHERE id IS NOT NULL
        ) b
    )
"""
PENDING = """
    SELECT (SELECT count(*) FROM (SELECT 1 FROM delivery LIMIT ?)),
        (SELECT accepted_at FROM outcome WHERE seq = (SELECT min(seq) FROM delivery))
"""


class Pruning:
    """Knows where pruning is, and why accepting is refused."""

    def __init__(self, path: Path, numbers: Numbers) -> None:
        self._path = path
        self._numbers = numbers
        self.reserve = Reserve(path)
        self._after = 0  # events up to here were looked at in this pass
        self._min_free_bytes = 0
        self.refusal = ""  # why ``append`` refuses; empty while it accepts

    def prune(self, committer: Committer, *, before: int, max_bytes: int, min_free_bytes: int) -> Pruned:
        """Remove at most one chunk."""
        self._min_free_bytes = min_free_bytes
        self._judge()
        pruned = committer.write(lambda db: self._apply(db, before=before, max_bytes=max_bytes))
        if pruned.events:
            committer.give_back(VACUUMED_PAGES, empty_log=bool(self.refusal))
        self._judge()
        return pruned

    def _apply(self, db: sqlite3.Connection, *, before: int, max_bytes: int) -> Pruned:
        pressed = bool(self.refusal) or 0 < max_bytes < used_bytes(db) - _archived_bytes(db)
        oldest = _decode(one_json(db, OLDEST, self._after, CHUNK))
        gone = [
            (seq, event_id)
            for seq, event_id, accepted_at, may_go in oldest
            if may_go and (pressed or accepted_at < before)
        ]
        ids = msgspec.json.encode([event_id for _seq, event_id in gone]).decode()
        for table in ("attempt", "outcome", "routing", "dead_letter"):
            db.execute(_delete(table, "event_id"), (ids,))
        db.execute(_delete("event", "seq"), (msgspec.json.encode([seq for seq, _event_id in gone]).decode(),))
        if gone:
            self._numbers.note(db)
        db.execute(SPENT_KEYS, (time.time_ns() // 1000, 10 * CHUNK))
        db.execute(OLD_REPEATS, (earliest_id(before // 1000).hex, 10 * CHUNK))
        db.execute(ENDED_REDRIVES, (before,))
        db.execute(ENDED_REPLAYS, (before,))
        db.execute(FORGOTTEN_TYPES, (before,))
        more = len(oldest) == CHUNK and (pressed or oldest[-1][2] < before)
        self._after = oldest[-1][0] if more else 0
        return Pruned(len(gone), more)

    def health(self, db: sqlite3.Connection, trouble: str) -> Health:
        """Return the figures of this moment; ``trouble`` is what the committer met."""
        self._judge()
        reason = self.refusal or trouble
        unrouted, oldest_unrouted_at = db.execute(UNROUTED, (COUNTED,)).fetchone()
        pending, oldest_pending_at = db.execute(PENDING, (COUNTED,)).fetchone()
        return Health(
            writable=not reason,
            reason=reason,
            size_bytes=used_bytes(db) - _archived_bytes(db),
            free_bytes=self._free_bytes(),
            unrouted=min(unrouted or 0, COUNTED),
            oldest_unrouted_at=oldest_unrouted_at,
            pending=pending,
            oldest_pending_at=oldest_pending_at,
            horizon_age_seconds=0.0,
            horizon_holder="",
        )

    def disk_is_full(self) -> None:
        """Make room for pruning, and refuse events until that room is there again."""
        self.reserve.spend()
        self._judge()

    def _judge(self) -> None:
        if self.reserve.spent:
            self.reserve.make()
        free = self._free_bytes()
        if free < self._min_free_bytes:
            self.refusal = (
                f"the disk of {self._path.parent} has {free >> 20} MiB free, less than the"
                f" {self._min_free_bytes >> 20} MiB that EVENTHUB_MIN_FREE_BYTES keeps"
            )
        elif self.reserve.spent:
            self.refusal = "the disk is full: accepting goes on when pruning has made room"
        else:
            self.refusal = ""

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self._path.parent).free


def used_bytes(db: sqlite3.Connection) -> int:
    """Return how many bytes of the file hold something."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _archived_bytes(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(sum(bytes), 0) FROM archive_size").fetchone()[0])


def _delete(table: str, column: str) -> str:
    return f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))"  # noqa: S608 - our names
