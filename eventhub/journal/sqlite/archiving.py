"""Archiving and replaying: copies within routing's transaction, and events put again with the progress."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from eventhub.domain.identity import earliest_id
from eventhub.journal import columns
from eventhub.journal.archiving import NEW, REPLAY, KeptReplay, Make, bounds, kept_replay, new_columns
from eventhub.journal.port import ArchiveSize, NewEvent, NewReplay, Replay, ReplayState, Routing
from eventhub.journal.replaying import UNDER_WAY
from eventhub.journal.sqlite.connections import one_json
from eventhub.journal.sqlite.events import EVENT_JSON, EventColumns, stored

_EVENT = ", ".join(columns.EVENT)
_SIZE = " + ".join(
    f"length(CAST(e.{name} AS BLOB))"
    for name in ("source", "detail_type", "resources", "detail", "attributes")
)
KEEP = f"""
    INSERT INTO archived_event (archive_id, bytes, {_EVENT})
    SELECT j.value ->> 0, {_SIZE}, {", ".join(f"e.{name}" for name in columns.EVENT)}
    FROM json_each(?) j CROSS JOIN event e ON e.seq = j.value ->> 1
"""  # noqa: S608 - our columns
COUNT = """
    INSERT INTO archive_size SELECT archive_id, count(*), sum(bytes) FROM archived_event WHERE seq > ?
    GROUP BY archive_id
    ON CONFLICT (archive_id) DO UPDATE SET events = events + excluded.events, bytes = bytes + excluded.bytes
"""
WINDOW = "archive_id = ? AND id > ? AND id < ? AND accepted_at >= ? AND accepted_at < ?"
READ = f"""
    SELECT json_group_array({EVENT_JSON})
    FROM (SELECT * FROM archived_event WHERE {WINDOW} ORDER BY id LIMIT ?) e
"""  # noqa: S608 - our columns
MOVE = """
    UPDATE replay SET state = ?, reason = ?, done = ?, started_at = ?, last_at = ?, ended_at = ?, full_at = ?,
        position = ? WHERE id = ?
"""
PRUNE = """
    DELETE FROM archived_event WHERE seq IN (
        SELECT seq FROM archived_event WHERE archive_id = ? AND id < ? ORDER BY id LIMIT ?
    ) RETURNING bytes
"""
_decode_events = msgspec.json.Decoder(list[EventColumns]).decode

Store = Callable[[sqlite3.Connection, Sequence[NewEvent]], None]


def apply_archive(db: sqlite3.Connection, routings: Iterable[Routing]) -> None:
    """Copy events into the archives that take them."""
    asked = [
        (archive_id, routing.stored.position.seq)
        for routing in routings
        for archive_id in routing.archive_ids
    ]
    if not asked:
        return
    last = db.execute("SELECT coalesce(max(seq), 0) FROM archived_event").fetchone()[0]
    db.execute(KEEP, (msgspec.json.encode(asked).decode(),))
    db.execute(COUNT, (last,))


def sizes(db: sqlite3.Connection) -> Mapping[int, ArchiveSize]:
    """Return what the archives hold."""
    rows = db.execute("SELECT archive_id, events, bytes FROM archive_size")
    return {archive_id: ArchiveSize(events, size) for archive_id, events, size in rows}


def count(db: sqlite3.Connection, archive_id: int, since: int, until: int) -> int:
    """Return how many events of a window an archive holds."""
    first, last = bounds(since, until)
    values = (archive_id, first.hex, last.hex, since, until)
    return int(db.execute(f"SELECT count(*) FROM archived_event WHERE {WINDOW}", values).fetchone()[0])  # noqa: S608 - our columns


def apply_prune(db: sqlite3.Connection, archive_id: int, before: int | None, most: int) -> bool:
    """Remove at most so many of an archive's oldest events; tell whether there may be more."""
    end = UUID(int=2**128 - 1) if before is None else earliest_id(before // 1000)
    gone = [row[0] for row in db.execute(PRUNE, (archive_id, end.hex, most)).fetchall()]
    db.execute(
        "UPDATE archive_size SET events = events - ?, bytes = bytes - ? WHERE archive_id = ?",
        (len(gone), sum(gone), archive_id),
    )
    if before is None and len(gone) < most:
        db.execute("DELETE FROM archive_size WHERE archive_id = ?", (archive_id,))
    return len(gone) == most


def apply_start(db: sqlite3.Connection, order: NewReplay) -> Replay | None:
    """Make a replay; None if there is one of its name."""
    total = count(db, order.archive_id, order.since, order.until)
    values = new_columns(order, total)
    marks = ", ".join("?" * len(values))
    made = db.execute(
        f"INSERT INTO replay ({NEW}) VALUES ({marks}) ON CONFLICT (name) DO NOTHING RETURNING {REPLAY}",  # noqa: S608 - our columns
        values,
    ).fetchone()
    return kept_replay(made).replay if made else None


def under_way(db: sqlite3.Connection) -> list[Replay]:
    """Return those that have work to do."""
    states = ", ".join(f"'{state}'" for state in UNDER_WAY)
    rows = db.execute(f"SELECT {REPLAY} FROM replay WHERE state IN ({states}) ORDER BY id")  # noqa: S608 - our columns
    return [kept_replay(row).replay for row in rows]


def apply_cancel(db: sqlite3.Connection, replay_id: int) -> bool:
    """Ask one to end; False if it has, or was asked before."""
    changed = db.execute(
        "UPDATE replay SET state = ? WHERE id = ? AND state IN (?, ?)",
        (ReplayState.CANCELLING, replay_id, ReplayState.STARTING, ReplayState.RUNNING),
    )
    return changed.rowcount == 1


def apply_step(
    db: sqlite3.Connection,
    replay_id: int,
    store: Store,
    *,
    limit: int,
    now: int,
    refusal: str,
    make: Make,
) -> Replay | None:
    """Put the next events on the bus; None if it has ended."""
    row = db.execute(f"SELECT {REPLAY} FROM replay WHERE id = ?", (replay_id,)).fetchone()  # noqa: S608 - our columns
    if row is None or (one := kept_replay(row)).replay.state not in UNDER_WAY:
        return None
    if one.replay.state is ReplayState.CANCELLING:
        return _keep(db, one.ended(ReplayState.CANCELLED, now))
    if refusal:
        return _keep(db, one.ended(ReplayState.FAILED, now, refusal))
    most = one.allowed(now, limit)
    if most <= 0:
        return one.replay
    order, (first, last) = one.replay.order, one.beyond
    found = _decode_events(
        one_json(db, READ, order.archive_id, first.hex, last.hex, order.since, order.until, most)
    )
    archived = [stored(event).event for event in found]
    store(db, [make(event, one.replay) for event in archived])
    return _keep(db, one.after(archived, now=now, whole=len(archived) < most))


def _keep(db: sqlite3.Connection, one: KeptReplay) -> Replay:
    db.execute(MOVE, (*one.progress(), one.position and one.position.hex, one.replay.id))
    return one.replay
