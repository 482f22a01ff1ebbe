"""A journal of any size for the search benchmark, written by the engines' own SQL.

Both engines get the same events but for their ids: a week's, on five buses (one of them with 1 of 10,000),
of 200 sources and 60 types of which few are common; 1 of 5 with a key; 9 of 10 matched by one of 40 rules,
1 of 5 of these for two targets; 1 of 100 deliveries dead, 1 of 50 slow, the newest pending.
"""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from eventhub.journal.postgres import PostgresJournal, days
from eventhub.journal.sqlite import SqliteJournal

WEEK_US = 7 * 24 * 3600 * 1_000_000
CHUNK = 500_000
# h(k): a number from 0 to 9999 that belongs to event n and to k. Products stay below 2^63 for 10^9 events.
H = "((({n} * 40503 + {k} * 7919 + ({n} / 97) * 31 * {k}) % 2147483647 * 48271) % 2147483647 % 10000)"
# Skewed as in life: the cube of a number from 0 to 1, times a count.
SKEWED = "({count} * {h} * {h} / 10000 * {h} / 100000000)"


def h(k: int, n: str = "n") -> str:
    return H.format(n=n, k=k)


def skewed(count: int, k: int) -> str:
    return "(" + SKEWED.format(count=count, h=h(k)) + ")"


AT = "({start} + n * {step})"
BUS = f"""(CASE WHEN {h(1)} = 0 THEN 5 WHEN {h(1)} < 100 THEN 4 WHEN {h(1)} < 1500 THEN 3
    WHEN {h(1)} < 4000 THEN 2 ELSE 1 END)"""
BUS_NAME = f"""(CASE {BUS} WHEN 5 THEN 'audit' WHEN 4 THEN 'tiny' WHEN 3 THEN 'uploads' WHEN 2 THEN 'web'
    ELSE 'orders' END)"""
# Braces are doubled: the statements are formatted once more.
DETAIL = f"""'{{{{"order": "W-' || n || '", "amount": ' || {h(4)} || '.50, "customer": {{{{"id": "c-'
    || ({h(5)} * 10 + n % 10) || '", "tier": "' || (CASE WHEN {h(4)} > 9000 THEN 'gold' ELSE 'plain' END)
    || '"}}}}, "items": [{{{{"sku": "A-' || {h(6)} || '", "qty": 2}}}}, {{{{"sku": "B-7", "qty": 1}}}}],
    "note": "left at the door, please ring twice"}}}}'"""
EVENT = f"""
    INSERT INTO event (seq, xid, id, bus_id, bus, source, detail_type, time, accepted_at, resources, detail,
        attributes, key, who, cause_id, hops)
    SELECT n, {{xid}}, {{id}}, {BUS}, {BUS_NAME}, 'shop.' || {skewed(200, 2)},
        'order.kind-' || {skewed(60, 3)}, {AT}, {AT}, '[]', {DETAIL}, '{{{{}}}}',
        CASE WHEN n % 5 = 0 THEN 'key-' || n END, 'key:BENCH', NULL, 0
    FROM {{numbers}}
"""
MATCHED = f"{h(7)} >= 1000"
ROUTING = f"""
    INSERT INTO routing (seq, xid, event_id, bus_id, state, routed_at, ruleset_id, matched, error)
    SELECT n, {{xid}}, {{id}}, {BUS}, CASE WHEN {MATCHED} THEN 'matched' ELSE 'unmatched' END, {AT} + 2000, 1,
        CASE WHEN {MATCHED} THEN 1 ELSE 0 END, '' FROM {{numbers}}
"""
STATE = f"(CASE WHEN n > {{newest}} THEN 'pending' WHEN {h(9)} < 100 THEN 'dead' ELSE 'delivered' END)"
OUTCOME = f"""
    INSERT INTO outcome (seq, xid, event_id, bus_id, bus, rule_id, rule, rule_version, target_id, target,
        state, reason, attempts, accepted_at, routed_at, first_at, last_at, due_at, latency_us)
    SELECT 2 * n + leg, {{xid}}, {{id}}, {BUS}, {BUS_NAME}, {skewed(40, 8)}, 'rule-' || {skewed(40, 8)}, 1,
        (n + leg) % 20, 'target-' || ((n + leg) % 20), {STATE}, '',
        CASE WHEN n > {{newest}} THEN 0 WHEN {h(9)} < 100 THEN 8 ELSE 1 END, {AT}, {AT} + 2000, {AT} + 3000,
        {AT} + 40000, NULL,
        CASE WHEN n > {{newest}} THEN NULL WHEN {h(10)} < 200 THEN 12000000
            ELSE 1000 * (20 + {h(10)} % 200) END
    FROM {{numbers}} CROSS JOIN {{legs}} WHERE {MATCHED} AND (leg = 0 OR {h(11)} < 2000)
"""
DELIVERY = {
    "postgres": "INSERT INTO delivery (seq, event_id, target_id, due_at)"
    " SELECT seq, event_id, target_id, routed_at FROM outcome WHERE state = 'pending'",
    "sqlite": "INSERT INTO delivery (seq, event_seq, target_id, due_at)"
    " SELECT seq, seq / 2, target_id, routed_at FROM outcome WHERE state = 'pending'",
}
DEAD = """
    INSERT INTO dead_letter (seq, xid, event_id, delivery_id, bus_id, bus, rule_id, rule, target_id, target,
        reason_class, reason, status, attempts, first_at, last_at, dead_at)
    SELECT seq, xid, event_id, seq, bus_id, bus, rule_id, rule, target_id, target, 'receiver', 'answered 503',
        503, attempts, first_at, last_at, last_at FROM outcome WHERE state = 'dead'
"""
NEWEST = 2000  # events whose deliveries are pending
ID = {
    "postgres": "(lpad(to_hex({ms}), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'"
    " || substr(md5(n::text), 4, 15))::uuid",
    "sqlite": "printf('%012x7%03x8%015x', {ms}, n % 4096, n * 2654435761 % 1152921504606846976)",
}


def fill_sqlite(path: Path, events: int) -> SqliteJournal:
    """Make an embedded journal of so many events; return it open."""
    journal = SqliteJournal(path)
    journal.migrate()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    db.execute("PRAGMA cache_size=-400000")
    indexes = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN"
        " ('event', 'routing', 'outcome', 'dead_letter')"
    ).fetchall()
    for name, _sql in indexes:
        db.execute(f"DROP INDEX {name}")
    numbers = (
        "(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last})"
        " SELECT n FROM s) s"
    )
    legs = "(SELECT 0 AS leg UNION ALL SELECT 1) l"
    db.execute("BEGIN")
    for statement in statements("sqlite", events, numbers, legs, xid="0"):
        db.execute(statement)
    for _name, sql in indexes:
        db.execute(sql)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    db.close()
    journal.open()
    return journal


def fill_postgres(dsn: str, events: int) -> PostgresJournal:
    """Make a journal of so many events on an empty database; return it open."""
    journal = PostgresJournal(dsn)
    journal.migrate()
    today = datetime.now(UTC).date()
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("SET maintenance_work_mem = '256MB'")
        for back in (8, 4):
            days.make_ahead(db, today - timedelta(days=back))
        indexes = db.execute(
            "SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " JOIN pg_class t ON t.oid = i.indrelid"
            " WHERE t.relname IN ('event', 'routing', 'outcome', 'dead_letter') AND c.relkind = 'I'"
        ).fetchall()
        for name, _sql in indexes:
            db.execute(f"DROP INDEX {name}".encode())
        numbers, legs = (
            "generate_series({first}::bigint, {last}::bigint) AS s(n)",
            "generate_series(0, 1) AS l(leg)",
        )
        xid = "(n / 64 + 1000)"  # as if 64 events shared a commit
        for statement in statements("postgres", events, numbers, legs, xid=xid):
            db.execute(statement.replace("%", "%%").encode(), ())
        for _name, sql in indexes:
            db.execute(sql.replace(" ON ONLY ", " ON ").encode())
        db.execute("VACUUM ANALYZE")
    journal.open()
    return journal


def statements(engine: str, events: int, numbers: str, legs: str, *, xid: str) -> list[str]:
    """Return what fills the tables, oldest events first."""
    step = WEEK_US // events
    start = int(datetime.now(UTC).timestamp() * 1e6) - step * events
    event_id = ID[engine].format(ms="(" + AT.format(start=start, step=step) + " / 1000)")
    found = []
    for first in range(1, events + 1, CHUNK):
        some = numbers.format(first=first, last=min(first + CHUNK - 1, events))
        found.extend(
            table.format(
                xid=xid, id=event_id, numbers=some, legs=legs, start=start, step=step, newest=events - NEWEST
            )
            for table in (EVENT, ROUTING, OUTCOME)
        )
    return [*found, DELIVERY[engine], DEAD]
