"""Redacting in the journal, the same on both engines: which events, and every place that keeps some of one.

::

    delivery, outcome   what is pending is given up: dead, because the event was redacted
    event               detail, attributes, resources and idempotency key
    dedup               the key, if the event loses it: an entry that brings it again is a new event
    archived_event      as the event, in each archive's copy; its bytes, and the archive's
    attempt             request and answer without bodies; addresses, headers and errors without what it said
    outcome, dead_letter  reasons, likewise; keys of order, which are values of the event

The deliveries come first: an attempt that is under way finds its lease gone and records nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from eventhub.domain.identity import earliest_id
from eventhub.domain.redaction import REASON, Mark, Redacted, masked, redact, redact_copy
from eventhub.journal.limits import BEHIND
from eventhub.journal.redacted import Candidate, Redaction, Wanted

_SIZED = ("source", "detail_type")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an engine says what both do: ``run`` takes our text with ? for values."""

    run: Callable[..., Any]
    among: str  # a condition's end that holds for each of a list of ids: "IN (…)"
    listed: Callable[[Iterable[UUID]], object]  # the value for it
    stored: Callable[[UUID], object]  # an id as a column has it
    number: Callable[[str, int], int] | None = None  # gives numbers to new rows; None: the engine does
    lock: Callable[[set[int]], object] | None = None  # the targets whose order moves


@dataclass
class Done:
    """What was redacted, and which deliveries ended by it, as (target, delivery)."""

    redaction: Redaction = field(default_factory=Redaction)
    ended: list[tuple[int, int]] = field(default_factory=list)


def find(db: Dialect, wanted: Wanted, after: UUID, limit: int) -> list[Candidate]:
    """Return the next wanted events in the order of their ids, at most so many, each once."""
    where, values = _condition(db, wanted)
    # Ids tell the millisecond of acceptance: what lies outside of the window is not even looked at.
    if wanted.since is not None:
        after = max(after, UUID(int=max(earliest_id(wanted.since // 1000).int - 1, 0)))
    if wanted.until is not None:
        where = f"{where} AND id < ?"
        values = [*values, db.stored(earliest_id(wanted.until // 1000 + 1))]
    text = "SELECT id, detail, attributes FROM {table} WHERE id > ? AND {where} ORDER BY id LIMIT ?"
    rows = list(db.run(text.format(table="event", where=where), db.stored(after), *values, limit))
    for (archive_id,) in db.run("SELECT archive_id FROM archive_size").fetchall():
        kept = text.format(table="archived_event", where=f"archive_id = ? AND {where}")
        rows += db.run(kept, db.stored(after), archive_id, *values, limit)
    found: dict[UUID, Candidate] = {}
    for event_id, detail, attributes in rows:
        key = event_id if isinstance(event_id, UUID) else UUID(event_id)
        found.setdefault(key, Candidate(key, detail.encode(), attributes.encode()))
    return [found[key] for key in sorted(found)][:limit]


def caused(db: Dialect, event_ids: Collection[UUID]) -> list[UUID]:
    """Return the events that were made from these: forwarded to another bus, or replayed.

    Those whose producers named one of these as the cause are facts of their own.
    """
    of_ours = "(hops > 0 OR substr(who, 1, 7) = 'replay:')"
    rows = [
        row
        for table in ("event", "archived_event")
        for row in db.run(
            f"SELECT id FROM {table} WHERE cause_id {db.among} AND {of_ours}",  # noqa: S608 - our names
            db.listed(event_ids),
        )
    ]
    return sorted({row[0] if isinstance(row[0], UUID) else UUID(row[0]) for row in rows} - set(event_ids))


def apply(db: Dialect, event_ids: Sequence[UUID], mark: Mark, now: int) -> Done:
    """Redact events and all that is kept of them. Call it inside a transaction."""
    done = Done()
    listed = db.listed(event_ids)
    _end_deliveries(db, listed, now, done)
    redacted: dict[object, Redacted] = {}
    columns = "id, detail, attributes, resources, key, bus, source"
    for event_id, detail, attributes, resources, key, bus, source in _of(db, "event", columns, listed, "id"):
        one = redact(detail.encode(), attributes.encode(), mark, resources=resources, key=key)
        redacted[event_id] = one
        db.run(f"UPDATE event SET {_TAKEN} WHERE id = ?", *_texts(one), event_id)  # noqa: S608 - our text
        if key is not None and one.key is None:
            db.run(_FORGET, bus, source, key, event_id)
    archived = _archived(db, event_ids, mark, redacted)
    attempts = _attempts(db, listed, redacted)
    _reasons(db, listed, redacted)
    done.redaction = Redaction(len(redacted), archived, attempts, len(done.ended))
    return done


_TAKEN = "detail = ?, attributes = ?, resources = ?, key = ?"
_FORGET = "DELETE FROM dedup WHERE bus = ? AND source = ? AND key = ? AND event_id = ?"


def _texts(one: Redacted) -> tuple[str, str, str, str | None]:
    """Return the values of ``_TAKEN``."""
    return one.detail.decode(), one.attributes.decode(), one.resources, one.key


def _condition(db: Dialect, wanted: Wanted) -> tuple[str, list[object]]:
    where: list[str] = ["1 = 1"]
    values: list[object] = []
    for column in ("bus", "source", "detail_type"):
        if (value := getattr(wanted, column)) is not None:
            where.append(f"{column} = ?")
            values.append(value)
    for text, moment in (("accepted_at >= ?", wanted.since), ("accepted_at < ?", wanted.until)):
        if moment is not None:
            where.append(text)
            values.append(moment)
    if wanted.bus_ids is not None:
        where.append(f"bus_id IN ({', '.join('?' * len(wanted.bus_ids)) or 'NULL'})")
        values += wanted.bus_ids
    if wanted.ids:
        where.append(f"id {db.among}")
        values.append(db.listed(wanted.ids))
    return " AND ".join(where), values


_PENDING = """
    SELECT o.seq, o.event_id, o.bus_id, o.bus, o.rule_id, o.rule, o.target_id, o.target, o.attempts,
        o.first_at, o.last_at, o.accepted_at, d.fifo_key
    FROM outcome o JOIN delivery d ON d.seq = o.seq WHERE o.state = 'pending' AND o.event_id {among}
"""
_DEAD = """
    INSERT INTO dead_letter ({seq}event_id, delivery_id, bus_id, bus, rule_id, rule, target_id, target,
        reason_class, reason, attempts, first_at, last_at, dead_at)
    VALUES ({mark}?, ?, ?, ?, ?, ?, ?, ?, 'ours', ?, ?, ?, ?, ?)
"""
_NEXT = """
    UPDATE delivery SET due_at = ?
    WHERE seq = (SELECT min(seq) FROM delivery WHERE target_id = ? AND fifo_key = ?) AND due_at = ?
"""


def _end_deliveries(db: Dialect, listed: object, now: int, done: Done) -> None:
    pending = db.run(_PENDING.format(among=db.among), listed).fetchall()
    # One that is settled in this moment has no row any more; then its own end stands.
    rows = [row for row in pending if db.run("DELETE FROM delivery WHERE seq = ?", row[0]).rowcount == 1]
    first = db.number("dead_letter", len(rows)) if db.number and rows else 0
    ordered = {row[6] for row in rows if row[12] is not None}
    if ordered and db.lock:
        db.lock(ordered)
    text = _DEAD.format(seq="seq, " if db.number else "", mark="?, " if db.number else "")
    for place, row in enumerate(rows):
        seq, event_id, bus_id, bus, rule_id, rule, target_id, target, attempts = row[:9]
        first_at, last_at, accepted_at, fifo_key = row[9:]
        db.run(
            "UPDATE outcome SET state = 'dead', reason = ?, due_at = NULL, latency_us = ?"
            " WHERE event_id = ? AND seq = ?",
            REASON,
            now - accepted_at,
            event_id,
            seq,
        )
        facts = (event_id, seq, bus_id, bus, rule_id, rule, target_id, target)
        number = (first + place,) if db.number else ()
        db.run(text, *number, *facts, REASON, attempts, first_at, last_at, now)
        if fifo_key is not None:
            db.run(_NEXT, now, target_id, fifo_key, BEHIND)
        done.ended.append((target_id, seq))


def _archived(db: Dialect, event_ids: Sequence[UUID], mark: Mark, redacted: Mapping[object, Redacted]) -> int:
    sized = ", ".join(_SIZED)
    text = (
        f"SELECT seq, id, bytes, detail, attributes, resources, key, {sized} FROM archived_event"  # noqa: S608 - our text
        f" WHERE archive_id = ? AND id {db.among}"
    )
    count = 0
    for (archive_id,) in db.run("SELECT archive_id FROM archive_size").fetchall():
        grown = 0
        for seq, event_id, size, detail, attributes, resources, key, *others in db.run(
            text, archive_id, db.listed(event_ids)
        ).fetchall():
            one = redacted.get(event_id) or redact(
                detail.encode(), attributes.encode(), mark, resources=resources, key=key
            )
            texts = _texts(one)
            now = sum(len(part.encode()) for part in (*others, *texts[:3]) if part)
            db.run(f"UPDATE archived_event SET {_TAKEN}, bytes = ? WHERE seq = ?", *texts, now, seq)  # noqa: S608 - our text
            grown += now - size
            count += 1
        if grown:
            db.run("UPDATE archive_size SET bytes = bytes + ? WHERE archive_id = ?", grown, archive_id)
    return count


def _attempts(db: Dialect, listed: object, redacted: Mapping[object, Redacted]) -> int:
    rows = _of(db, "attempt", "seq, event_id, request, response, error", listed)
    for seq, key, request, response, error in rows:
        sought = redacted[key].sought if key in redacted else ()
        db.run(
            "UPDATE attempt SET request = ?, response = ?, error = ? WHERE event_id = ? AND seq = ?",
            redact_copy(request, sought),
            redact_copy(response, sought),
            masked(error, sought),
            key,
            seq,
        )
    return len(rows)


def _reasons(db: Dialect, listed: object, redacted: Mapping[object, Redacted]) -> None:
    """Mask what reasons repeat of an event, and drop the keys of its order."""
    for table, beside in (("outcome", "attributes"), ("dead_letter", "target")):
        for seq, key, reason, other in _of(db, table, f"seq, event_id, reason, {beside}", listed):
            sought = redacted[key].sought if key in redacted else ()
            told = (masked(reason, sought), masked(other, sought) if table == "outcome" else other)
            if told != (reason, other):
                db.run(
                    f"UPDATE {table} SET reason = ?, {beside} = ? WHERE event_id = ? AND seq = ?",  # noqa: S608 - our text
                    *told,
                    key,
                    seq,
                )
    db.run(f"UPDATE dead_letter SET fifo_key = NULL WHERE event_id {db.among}", listed)  # noqa: S608 - our text


def _of(db: Dialect, table: str, columns: str, listed: object, key: str = "event_id") -> list[Any]:
    """Return a table's rows of the events."""
    rows: list[Any] = db.run(f"SELECT {columns} FROM {table} WHERE {key} {db.among}", listed).fetchall()  # noqa: S608 - our names
    return rows
