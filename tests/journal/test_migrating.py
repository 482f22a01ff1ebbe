"""A journal of the first version is brought to the newest form with what is pending in it."""

import sqlite3
from pathlib import Path

import psycopg
import pytest

from eventhub.journal.port import Limits
from eventhub.journal.postgres import PostgresJournal
from eventhub.journal.postgres import schema as postgres_schema
from eventhub.journal.sqlite import SqliteJournal
from eventhub.journal.sqlite import schema as sqlite_schema
from tests.journal.build import claim, dead, new_event, now_us

EVENT = "id, bus_id, bus, source, detail_type, {time}, accepted_at, resources, detail, attributes, who, hops"
OUTCOME = (
    "seq, event_id, bus_id, bus, rule_id, rule, rule_version, target_id, target, state, reason, attempts,"
    " accepted_at, routed_at, due_at"
)


def rows(event_id: object) -> tuple[tuple[object, ...], tuple[object, ...]]:
    now = now_us()
    event = (event_id, 1, "default", "shop", "order placed", now, now, "[]", "{}", "{}", "key:TEST", 0)
    outcome = (1, event_id, 1, "default", 3, "big", 2, 7, "target 7", "pending", "", 2, now, now, now)
    return event, outcome


def test_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.sqlite3"
    with monkeypatch.context() as before:
        before.setattr(sqlite_schema, "STEPS", sqlite_schema.STEPS[:1])
        SqliteJournal(path).migrate()
    event, outcome = rows(new_event().id.hex)
    db = sqlite3.connect(path)
    with db:
        db.execute(f"INSERT INTO event ({EVENT.format(time='time')}) VALUES ({','.join('?' * 12)})", event)
        db.execute(f"INSERT INTO outcome ({OUTCOME}) VALUES ({','.join('?' * 15)})", outcome)
        db.execute("INSERT INTO delivery VALUES (1, 1, 7, 0)")
    db.close()

    journal = SqliteJournal(path)
    journal.migrate()
    journal.open()
    (claimed,) = claim(journal, limits={7: Limits()})
    journal.settle([dead(claimed)])
    states = journal.target_states()
    journal.close()

    assert (claimed.attempts, claimed.budget_from, claimed.attributes, claimed.fifo_key) == (2, 0, {}, None)
    assert states == {}


def test_postgres(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(postgres_schema, "STEPS", postgres_schema.STEPS[:1])
        PostgresJournal(postgres_dsn).migrate()
    event, outcome = rows(new_event().id)
    with psycopg.connect(postgres_dsn) as db:
        names = EVENT.format(time='"time"')
        db.execute(f"INSERT INTO event ({names}) VALUES ({','.join(['%s'] * 12)})".encode(), event)
        db.execute(f"INSERT INTO outcome ({OUTCOME}) VALUES ({','.join(['%s'] * 15)})".encode(), outcome)
        db.execute("INSERT INTO delivery VALUES (1, %s, 7, 0, NULL)", (event[0],))

    journal = PostgresJournal(postgres_dsn)
    journal.migrate()
    journal.open()
    (claimed,) = claim(journal, limits={7: Limits()})
    journal.settle([dead(claimed)])
    journal.close()

    assert (claimed.attempts, claimed.budget_from, claimed.attributes, claimed.fifo_key) == (2, 0, {}, None)
