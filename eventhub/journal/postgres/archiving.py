"""Archiving and replaying: copies within routing's transaction, and events put again with the progress."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import psycopg

from eventhub.domain.identity import earliest_id
from eventhub.journal import columns
from eventhub.journal.archiving import NEW, REPLAY, KeptReplay, Make, bounds, kept_replay, new_columns
from eventhub.journal.port import ArchiveSize, NewEvent, NewReplay, Replay, ReplayState, Routing
from eventhub.journal.postgres.appending import store
from eventhub.journal.replaying import UNDER_WAY

_EVENT = ", ".join(f'"{name}"' for name in columns.EVENT)
_OF_EVENT = ", ".join(f'e."{name}"' for name in columns.EVENT)
_SIZE = " + ".join(
    f"octet_length(e.{name})" for name in ("source", "detail_type", "resources", "detail", "attributes")
)
# In the archives' order, so that two routers never wait for each other crosswise.
KEEP = f"""
    WITH kept AS (
        INSERT INTO archived_event (archive_id, bytes, {_EVENT})
        SELECT a.archive_id, {_SIZE}, {_OF_EVENT}
        FROM unnest(%s::bigint[], %s::uuid[]) AS a(archive_id, event_id) JOIN event e ON e.id = a.event_id
        WHERE e.id BETWEEN %s AND %s
        RETURNING archive_id, bytes
    )
    INSERT INTO archive_size SELECT archive_id, count(*), sum(bytes) FROM kept GROUP BY archive_id ORDER BY 1
    ON CONFLICT (archive_id) DO UPDATE
    SET events = archive_size.events + excluded.events, bytes = archive_size.bytes + excluded.bytes
"""  # noqa: S608 - our columns
WINDOW = "archive_id = %s AND id > %s AND id < %s AND accepted_at >= %s AND accepted_at < %s"
READ = f"SELECT {_OF_EVENT} FROM archived_event e WHERE {WINDOW} ORDER BY id LIMIT %s"  # noqa: S608 - our columns
MOVE = """
    UPDATE replay SET state = %s, reason = %s, done = %s, started_at = %s, last_at = %s, ended_at = %s,
        full_at = %s, position = %s WHERE id = %s
"""
PRUNE = """
    WITH gone AS (
        DELETE FROM archived_event WHERE seq = ANY (ARRAY(
            SELECT seq FROM archived_event WHERE archive_id = %s AND id < %s ORDER BY id LIMIT %s
        )) RETURNING bytes
    )
    SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM gone
"""


def archive(db: psycopg.Connection, routings: Iterable[Routing]) -> None:
    """Copy events into the archives that take them, inside the caller's transaction."""
    asked = [
        (archive_id, routing.stored.event.id) for routing in routings for archive_id in routing.archive_ids
    ]
    if not asked:
        return
    archive_ids, event_ids = (list(part) for part in zip(*asked, strict=True))
    db.execute(KEEP.encode(), (archive_ids, event_ids, min(event_ids), max(event_ids)))


def sizes(db: psycopg.Connection) -> Mapping[int, ArchiveSize]:
    """Return what the archives hold."""
    rows = db.execute("SELECT archive_id, events, bytes FROM archive_size")
    return {archive_id: ArchiveSize(events, size) for archive_id, events, size in rows}


def count(db: psycopg.Connection, archive_id: int, since: int, until: int) -> int:
    """Return how many events of a window an archive holds."""
    statement = f"SELECT count(*) FROM archived_event WHERE {WINDOW}"  # noqa: S608 - our columns
    row = db.execute(statement.encode(), (archive_id, *bounds(since, until), since, until)).fetchone()
    return int(row[0]) if row else 0


def prune(db: psycopg.Connection, archive_id: int, before: int | None, most: int) -> bool:
    """Remove at most so many of an archive's oldest events; tell whether there may be more."""
    end = UUID(int=2**128 - 1) if before is None else earliest_id(before // 1000)
    with db.transaction():
        events, size = db.execute(PRUNE, (archive_id, end, most)).fetchone() or (0, 0)
        db.execute(
            "UPDATE archive_size SET events = events - %s, bytes = bytes - %s WHERE archive_id = %s",
            (events, size, archive_id),
        )
        if before is None and events < most:
            db.execute("DELETE FROM archive_size WHERE archive_id = %s", (archive_id,))
    return bool(events == most)


def start(db: psycopg.Connection, order: NewReplay) -> Replay | None:
    """Make a replay; None if there is one of its name."""
    values = new_columns(order, count(db, order.archive_id, order.since, order.until))
    marks = ", ".join(["%s"] * len(values))
    statement = (
        f"INSERT INTO replay ({NEW}) VALUES ({marks}) ON CONFLICT (name) DO NOTHING RETURNING {REPLAY}"  # noqa: S608 - our columns
    )
    made = db.execute(statement.encode(), values).fetchone()
    return kept_replay(made).replay if made else None


def under_way(db: psycopg.Connection) -> list[Replay]:
    """Return those that have work to do."""
    statement = f"SELECT {REPLAY} FROM replay WHERE state = ANY (%s) ORDER BY id"  # noqa: S608 - our columns
    return [kept_replay(row).replay for row in db.execute(statement.encode(), ([*UNDER_WAY],))]


def cancel(db: psycopg.Connection, replay_id: int) -> bool:
    """Ask one to end; False if it has, or was asked before."""
    changed = db.execute(
        "UPDATE replay SET state = %s WHERE id = %s AND state IN (%s, %s)",
        (ReplayState.CANCELLING, replay_id, ReplayState.STARTING, ReplayState.RUNNING),
    )
    return changed.rowcount == 1


def step(
    db: psycopg.Connection, replay_id: int, *, limit: int, now: int, refusal: str, make: Make
) -> Replay | None:
    """Put the next events on the bus; None if it has ended."""
    find = f"SELECT {REPLAY} FROM replay WHERE id = %s FOR UPDATE"  # noqa: S608 - our columns
    with db.transaction():
        row: Any = db.execute(find.encode(), (replay_id,)).fetchone()
        if row is None or (one := kept_replay(row)).replay.state not in UNDER_WAY:
            return None
        if one.replay.state is ReplayState.CANCELLING:
            return _keep(db, one.ended(ReplayState.CANCELLED, now))
        if refusal:
            return _keep(db, one.ended(ReplayState.FAILED, now, refusal))
        most = one.allowed(now, limit)
        if most <= 0:
            return one.replay
        order = one.replay.order
        values = (order.archive_id, *one.beyond, order.since, order.until, most)
        archived = [_event(found) for found in db.execute(READ.encode(), values)]
        store(db, [make(event, one.replay) for event in archived])
        return _keep(db, one.after(archived, now=now, whole=len(archived) < most))


def _event(values: Any) -> NewEvent:
    event = list(values)
    event[7:10] = [text.encode() for text in event[7:10]]
    return NewEvent(*event)


def _keep(db: psycopg.Connection, one: KeptReplay) -> Replay:
    db.execute(MOVE, (*one.progress(), one.position, one.replay.id))
    return one.replay
