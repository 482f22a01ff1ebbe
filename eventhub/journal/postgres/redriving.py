"""Redriving: dead letters made pending again, with the progress, in one transaction.

It excludes dropping a day meanwhile by an advisory lock: what is pending again must keep its event.
"""

from typing import Any

import psycopg

from eventhub.journal.letters import LETTER, REDRIVE, STEERED, Refusal, condition, kept, text_of
from eventhub.journal.limits import BEHIND
from eventhub.journal.port import DeadLetter, Redrive, RedriveState, Selection
from eventhub.journal.postgres import states

LOCK = 0x7265_6472_6976_6521  # held shared by redrives, alone by dropping; any constant of our own

NEW = f"""
    INSERT INTO redrive (selection, state, per_second, total, done, skipped, skips, position, last, full_at,
        made_at, made_by, changed_at)
    SELECT %s, 'running', %s, %s, 0, 0, '{{}}', 0, coalesce(max(seq), 0), 0, %s, %s, %s FROM dead_letter
    RETURNING {REDRIVE}
"""  # noqa: S608 - our columns
MOVE = """
    UPDATE redrive SET state = %s, done = %s, skipped = %s, skips = %s, changed_at = %s, position = %s,
        full_at = %s WHERE id = %s
"""
AGAIN = """
    UPDATE outcome SET state = 'pending', reason = '', due_at = %s, latency_us = NULL, budget_from = attempts,
        redriven_at = %s WHERE event_id = %s AND seq = %s AND state = 'dead'
"""
DELIVER = "INSERT INTO delivery (seq, event_id, target_id, due_at, fifo_key) VALUES (%s, %s, %s, %s, %s)"
BUSY = "SELECT 1 FROM delivery WHERE target_id = %s AND fifo_key = %s LIMIT 1"


def count(db: psycopg.Connection, selection: Selection) -> int:
    """Return how many dead letters are selected."""
    where, values = condition(selection, "%s")
    row = db.execute(f"SELECT count(*) FROM dead_letter WHERE {where}".encode(), values).fetchone()  # noqa: S608 - our columns
    return int(row[0]) if row else 0


def start(db: psycopg.Connection, selection: Selection, *, per_second: float, now: int, who: str) -> Redrive:
    """Make a running redrive."""
    values = (text_of(selection), per_second, count(db, selection), now, who, now)
    row: Any = db.execute(NEW.encode(), values).fetchone()
    return kept(row).redrive


def running(db: psycopg.Connection) -> list[Redrive]:
    """Return those that have work to do."""
    statement = f"SELECT {REDRIVE} FROM redrive WHERE state = 'running' ORDER BY id"  # noqa: S608 - our columns
    return [kept(row).redrive for row in db.execute(statement.encode())]


def steer(db: psycopg.Connection, redrive_id: int, state: RedriveState, now: int) -> bool:
    """Change the state from one that allows it."""
    changed = db.execute(
        "UPDATE redrive SET state = %s, changed_at = %s WHERE id = %s AND state = ANY (%s)",
        (state.value, now, redrive_id, [one.value for one in STEERED[state]]),
    )
    return changed.rowcount == 1


def chunk(db: psycopg.Connection, redrive_id: int, limit: int, now: int, refusal: Refusal) -> Redrive | None:
    """Make the next ones pending; None if it is not running."""
    find = f"SELECT {REDRIVE} FROM redrive WHERE id = %s FOR UPDATE"  # noqa: S608 - our columns
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock_shared(%s)", (LOCK,))
        row: Any = db.execute(find.encode(), (redrive_id,)).fetchone()
        if row is None or (one := kept(row)).redrive.state is not RedriveState.RUNNING:
            return None
        most = one.allowed(now, limit)
        if most <= 0:
            return one.redrive
        where, values = condition(one.redrive.selection, "%s")
        statement = (
            f"SELECT {LETTER} FROM dead_letter WHERE seq > %s AND seq <= %s AND {where}"  # noqa: S608 - our columns
            " ORDER BY seq LIMIT %s FOR UPDATE"
        )
        letters = db.execute(statement.encode(), (one.position, one.last, *values, most)).fetchall()
        states.lock(db, {row[5] for row in letters if row[6] is not None})
        done, reasons = 0, []
        for *facts, fifo_key in letters:
            reason = _redrive(db, DeadLetter(*facts), fifo_key, now, refusal)
            done += not reason
            if reason:
                reasons.append(reason)
        after = one.after([row[0] for row in letters], done, reasons, now=now, ended=len(letters) < most)
        db.execute(MOVE, after.columns())
    return after.redrive


def _redrive(
    db: psycopg.Connection, letter: DeadLetter, fifo_key: str | None, now: int, refusal: Refusal
) -> str:
    """Make one pending again; say why it cannot be."""
    reason = refusal(letter)
    if reason:
        return reason
    if db.execute(AGAIN, (now, now, letter.event_id, letter.delivery_id)).rowcount != 1:
        return "not dead any more"
    busy = fifo_key is not None and db.execute(BUSY, (letter.target_id, fifo_key)).fetchone() is not None
    due_at = BEHIND if busy else now
    db.execute(DELIVER, (letter.delivery_id, letter.event_id, letter.target_id, due_at, fifo_key))
    again = "UPDATE dead_letter SET redriven_at = %s WHERE seq = %s AND event_id = %s"
    db.execute(again, (now, letter.id, letter.event_id))
    return ""
