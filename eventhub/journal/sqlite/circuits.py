"""Circuits in the file: what attempts made of them commits with the attempts.

The rows are the truth that settling moves; claiming works on a copy in memory, which learns after the commit.
"""

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from eventhub.journal.circuits import CLEAN, Facts, changes, moved
from eventhub.journal.port import Settled

FIND = "SELECT opened_at, next_probe_at, failures, recent FROM target_state WHERE target_id = ?"
ALL = "SELECT target_id, opened_at, next_probe_at, failures, recent FROM target_state"
KEEP = "INSERT OR REPLACE INTO target_state VALUES (?, ?, ?, ?, ?)"
HASTEN = """
    UPDATE target_state SET next_probe_at = min(next_probe_at, ?)
    WHERE target_id = ? AND opened_at IS NOT NULL
"""
FORGET = "DELETE FROM target_state WHERE target_id = ?"

_decode_recent = msgspec.json.Decoder(tuple[tuple[int, int, int], ...]).decode


class Circuits:
    """Moves circuits inside the committer's transaction. Only clean ones have no row."""

    def __init__(self) -> None:
        self._dirty: set[int] = set()  # targets that may have a row; some may have none

    def load(self, db: sqlite3.Connection) -> Mapping[int, Facts]:
        """Return every circuit that is not clean."""
        found = {target_id: _facts(*row) for target_id, *row in db.execute(ALL)}
        self._dirty = set(found)
        return found

    def move(self, db: sqlite3.Connection, settled: Sequence[Settled], now: int) -> dict[int, Facts]:
        """Write what these attempts make of their targets' circuits; return those that changed."""
        changed = {}
        for target_id in self._dirty.intersection(one.claimed.target_id for one in settled) | {
            one.claimed.target_id for one in settled if changes(one)
        }:
            row = db.execute(FIND, (target_id,)).fetchone()
            was = _facts(*row) if row else CLEAN
            now_is = moved(was, (one for one in settled if one.claimed.target_id == target_id), now)
            if now_is == was:
                continue
            changed[target_id] = now_is
            if now_is == CLEAN:
                db.execute(FORGET, (target_id,))
            else:
                recent = msgspec.json.encode(now_is.recent).decode()
                facts = (now_is.opened_at, now_is.next_probe_at, now_is.failures, recent)
                db.execute(KEEP, (target_id, *facts))
                self._dirty.add(target_id)
        return changed

    def committed(self, changed: Mapping[int, Facts]) -> None:
        """Look no more at circuits that are clean for good."""
        for target_id, facts in changed.items():
            # A later settlement of the same commit may have made it unclean: that one comes after this.
            (self._dirty.discard if facts == CLEAN else self._dirty.add)(target_id)


def hasten_probe(db: sqlite3.Connection, target_id: int, now: int) -> bool:
    """Write that an open circuit's next probe may go now; False if it is not open."""
    return bool(db.execute(HASTEN, (now, target_id)).rowcount)


def _facts(opened_at: int | None, next_probe_at: int | None, failures: int, recent: str) -> Facts:
    return Facts(opened_at, next_probe_at, None, failures, _decode_recent(recent))
