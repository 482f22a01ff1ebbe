"""Appending: keys claimed first, then events, many callers' in one go."""

import sqlite3
from collections.abc import Sequence
from itertools import chain
from uuid import UUID

import msgspec

from eventhub.journal import columns
from eventhub.journal.port import Appended, NewEvent
from eventhub.journal.sqlite.connections import as_json, one_json
from eventhub.journal.sqlite.numbers import Numbers
from eventhub.journal.sqlite.statements import Many, insert

EVENT = insert("event", ["seq", *columns.EVENT])
KEY = insert("dedup", ["bus", "source", "key", "event_id", "until"], replace=True)
REPEATED = Many(
    "INSERT INTO repeated (event_id, times, last_at) VALUES",
    "(?, ?, ?)",
    "ON CONFLICT (event_id) DO UPDATE SET times = times + excluded.times,"
    " last_at = max(last_at, excluded.last_at)",
)
# json_each first: each key is one look-up.
SEEN = """
    SELECT json_group_array(json_array(d.bus, d.source, d.key, d.event_id, d.until))
    FROM json_each(?) j CROSS JOIN dedup d
    ON d.bus = j.value ->> 0 AND d.source = j.value ->> 1 AND d.key = j.value ->> 2
"""
_decode_seen = msgspec.json.Decoder(list[tuple[str, str, str, str, int]]).decode

Key = tuple[str, str, str]


class Appending:
    """Writes events inside the committer's transaction, and remembers each bus's last one."""

    def __init__(self, numbers: Numbers, key_seconds: int) -> None:
        self._numbers = numbers
        self._key_us = key_seconds * 1_000_000

    def append(self, db: sqlite3.Connection, calls: Sequence[Sequence[NewEvent]]) -> list[list[Appended]]:
        """Store the events of all calls, duplicates aside; return what became of each call's."""
        first = self._claim_keys(db, [event for event in chain.from_iterable(calls) if event.key is not None])
        new: list[NewEvent] = []
        repeats = columns.Repeats()
        results = []
        for call in calls:
            result = []
            for event in call:
                if event.key is not None:
                    kept = first[event.bus, event.source, event.key]
                    if kept is not event.id:
                        repeats.note(kept, event)
                        result.append(Appended(kept, duplicate=True))
                        continue
                new.append(event)
                result.append(Appended(event.id))
            results.append(result)
        self.store(db, new)
        REPEATED.run(db, [(event_id.hex, times, last_at) for event_id, times, last_at in repeats.rows()])
        return results

    def store(self, db: sqlite3.Connection, events: Sequence[NewEvent]) -> None:
        """Store events as they are."""
        if not events:
            return
        seq = self._numbers.take("event", len(events))
        EVENT.run(
            db,
            [
                (number, *columns.event_columns(event, event.id.hex, event.cause_id and event.cause_id.hex))
                for number, event in enumerate(events, start=seq)
            ],
        )

    def _claim_keys(self, db: sqlite3.Connection, events: Sequence[NewEvent]) -> dict[Key, UUID]:
        """Return, for each key, the id of the event that has it, claiming those that are free."""
        if not events:
            return {}
        asked = [(event.bus, event.source, event.key) for event in events]
        seen = {
            (bus, source, key): (event_id, until)
            for bus, source, key, event_id, until in _decode_seen(one_json(db, SEEN, as_json(asked).decode()))
        }
        first: dict[Key, UUID] = {}
        claimed = []
        for event in events:
            assert event.key is not None
            key = (event.bus, event.source, event.key)
            if key in first:
                continue
            event_id, until = seen.get(key, ("", 0))
            if until > event.accepted_at:
                first[key] = UUID(event_id)
            else:
                first[key] = event.id
                claimed.append((*key, event.id.hex, event.accepted_at + self._key_us))
        KEY.run(db, claimed)
        return first
