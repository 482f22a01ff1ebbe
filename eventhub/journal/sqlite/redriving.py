"""Redriving: dead letters made pending again, with the progress, in one transaction."""

import sqlite3
from uuid import UUID

from eventhub.journal.letters import LETTER, REDRIVE, STEERED, Kept, Refusal, condition, kept, text_of
from eventhub.journal.limits import BEHIND
from eventhub.journal.port import DeadLetter, Redrive, RedriveState, Selection

NEW = """
    INSERT INTO redrive (selection, state, per_second, total, done, skipped, skips, position, last, full_at,
        made_at, made_by, changed_at) VALUES (?, 'running', ?, ?, 0, 0, '{}', 0, ?, 0, ?, ?, ?)
"""
MOVE = """
    UPDATE redrive SET state = ?, done = ?, skipped = ?, skips = ?, changed_at = ?, position = ?, full_at = ?
    WHERE id = ?
"""
AGAIN = """
    UPDATE outcome SET state = 'pending', reason = '', due_at = ?1, latency_us = NULL, budget_from = attempts,
        redriven_at = ?1 WHERE seq = ?2 AND state = 'dead'
"""
DELIVER = """
    INSERT INTO delivery (seq, event_seq, target_id, due_at, fifo_key)
    SELECT ?1, seq, ?2, ?3, ?4 FROM event WHERE id = ?5
"""
BUSY = "SELECT 1 FROM delivery WHERE target_id = ? AND fifo_key = ? LIMIT 1"


def count(db: sqlite3.Connection, selection: Selection) -> int:
    """Return how many dead letters are selected."""
    where, values = condition(selection, "?")
    return int(db.execute(f"SELECT count(*) FROM dead_letter WHERE {where}", values).fetchone()[0])  # noqa: S608 - our columns


def apply_start(
    db: sqlite3.Connection, selection: Selection, total: int, *, per_second: float, now: int, who: str
) -> Redrive:
    """Make a running redrive."""
    last = db.execute("SELECT coalesce(max(seq), 0) FROM dead_letter").fetchone()[0]
    made = db.execute(NEW, (text_of(selection), per_second, total, last, now, who, now))
    return _read(db, made.lastrowid or 0).redrive


def running(db: sqlite3.Connection) -> list[Redrive]:
    """Return those that have work to do."""
    rows = db.execute(f"SELECT {REDRIVE} FROM redrive WHERE state = 'running' ORDER BY id")  # noqa: S608 - our columns
    return [kept(row).redrive for row in rows]


def apply_steer(db: sqlite3.Connection, redrive_id: int, state: RedriveState, now: int) -> bool:
    """Change the state from one that allows it."""
    marks = ",".join("?" * len(STEERED[state]))
    changed = db.execute(
        f"UPDATE redrive SET state = ?, changed_at = ? WHERE id = ? AND state IN ({marks})",  # noqa: S608 - marks
        (state.value, now, redrive_id, *(one.value for one in STEERED[state])),
    )
    return changed.rowcount == 1


def apply_chunk(
    db: sqlite3.Connection, redrive_id: int, limit: int, now: int, refusal: Refusal
) -> Redrive | None:
    """Make the next ones pending; None if it is not running."""
    row = db.execute(f"SELECT {REDRIVE} FROM redrive WHERE id = ?", (redrive_id,)).fetchone()  # noqa: S608 - our columns
    if row is None or (one := kept(row)).redrive.state is not RedriveState.RUNNING:
        return None
    most = one.allowed(now, limit)
    if most <= 0:
        return one.redrive
    where, values = condition(one.redrive.selection, "?")
    letters = db.execute(
        f"SELECT {LETTER} FROM dead_letter WHERE seq > ? AND seq <= ? AND {where} ORDER BY seq LIMIT ?",  # noqa: S608 - our columns
        (one.position, one.last, *values, most),
    ).fetchall()
    done, reasons = 0, []
    for *facts, fifo_key in letters:
        reason = _redrive(db, DeadLetter(facts[0], UUID(facts[1]), *facts[2:]), fifo_key, now, refusal)
        done += not reason
        if reason:
            reasons.append(reason)
    after = one.after([row[0] for row in letters], done, reasons, now=now, ended=len(letters) < most)
    db.execute(MOVE, after.columns())
    return after.redrive


def _redrive(
    db: sqlite3.Connection, letter: DeadLetter, fifo_key: str | None, now: int, refusal: Refusal
) -> str:
    """Make one pending again; say why it cannot be."""
    reason = refusal(letter)
    if reason:
        return reason
    if db.execute(AGAIN, (now, letter.delivery_id)).rowcount != 1:
        return "not dead any more"
    busy = fifo_key is not None and db.execute(BUSY, (letter.target_id, fifo_key)).fetchone() is not None
    due_at = BEHIND if busy else now
    event_id = letter.event_id.hex
    db.execute(DELIVER, (letter.delivery_id, letter.target_id, due_at, fifo_key, event_id))
    db.execute("UPDATE dead_letter SET redriven_at = ? WHERE seq = ?", (now, letter.id))
    return ""


def _read(db: sqlite3.Connection, redrive_id: int) -> Kept:
    return kept(db.execute(f"SELECT {REDRIVE} FROM redrive WHERE id = ?", (redrive_id,)).fetchone())  # noqa: S608 - our columns
