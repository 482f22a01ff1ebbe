"""The tables, in versioned steps. A step is never changed once released: add another."""

import sqlite3
from uuid import uuid4

from eventhub.journal.port import JournalUnavailable

# Indexes: only those that a reader uses; each costs writing on the hot path.
STEPS = [
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

    CREATE TABLE event (
        seq INTEGER PRIMARY KEY, xid INTEGER NOT NULL DEFAULT 0, id TEXT NOT NULL, bus_id INTEGER NOT NULL,
        bus TEXT NOT NULL, source TEXT NOT NULL, detail_type TEXT NOT NULL, time INTEGER NOT NULL,
        accepted_at INTEGER NOT NULL, resources TEXT NOT NULL, detail TEXT NOT NULL, attributes TEXT NOT NULL,
        key TEXT, who TEXT NOT NULL, cause_id TEXT, hops INTEGER NOT NULL
    );
    CREATE INDEX event_id ON event (id);
    CREATE INDEX event_bus ON event (bus_id, seq);

    CREATE TABLE dedup (
        bus TEXT NOT NULL, source TEXT NOT NULL, key TEXT NOT NULL, event_id TEXT NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (bus, source, key)
    ) WITHOUT ROWID;
    CREATE INDEX dedup_until ON dedup (until);

    CREATE TABLE cursor (bus_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL);

    CREATE TABLE ruleset (
        id INTEGER PRIMARY KEY, bus_id INTEGER NOT NULL, digest TEXT NOT NULL, rules TEXT NOT NULL
    );
    CREATE UNIQUE INDEX ruleset_digest ON ruleset (bus_id, digest);

    CREATE TABLE routing (
        seq INTEGER PRIMARY KEY, xid INTEGER NOT NULL DEFAULT 0, event_id TEXT NOT NULL,
        bus_id INTEGER NOT NULL,
        state TEXT NOT NULL, routed_at INTEGER NOT NULL, ruleset_id INTEGER NOT NULL,
        matched INTEGER NOT NULL,
        error TEXT NOT NULL
    );
    CREATE INDEX routing_event ON routing (event_id);

    CREATE TABLE outcome (
        seq INTEGER PRIMARY KEY, xid INTEGER NOT NULL DEFAULT 0, event_id TEXT NOT NULL,
        bus_id INTEGER NOT NULL,
        bus TEXT NOT NULL, rule_id INTEGER NOT NULL, rule TEXT NOT NULL, rule_version INTEGER NOT NULL,
        target_id INTEGER, target TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
        attempts INTEGER NOT NULL, accepted_at INTEGER NOT NULL, routed_at INTEGER NOT NULL, first_at INTEGER,
        last_at INTEGER, due_at INTEGER, latency_us INTEGER
    );
    CREATE INDEX outcome_event ON outcome (event_id);

    -- pending only; seq is its outcome's
    CREATE TABLE delivery (
        seq INTEGER PRIMARY KEY, event_seq INTEGER NOT NULL, target_id INTEGER NOT NULL,
        due_at INTEGER NOT NULL
    );
    CREATE INDEX delivery_due ON delivery (target_id, due_at);

    CREATE TABLE attempt (
        seq INTEGER PRIMARY KEY, xid INTEGER NOT NULL DEFAULT 0, event_id TEXT NOT NULL,
        delivery_id INTEGER NOT NULL,
        bus_id INTEGER NOT NULL, rule_id INTEGER NOT NULL, target_id INTEGER NOT NULL,
        number INTEGER NOT NULL,
        state TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
        accepted_at INTEGER NOT NULL,
        status INTEGER, error TEXT NOT NULL, reason_class TEXT NOT NULL, phases TEXT NOT NULL,
        request TEXT NOT NULL,
        response TEXT NOT NULL, next_at INTEGER
    );
    CREATE INDEX attempt_event ON attempt (event_id);
    CREATE INDEX attempt_delivery ON attempt (delivery_id);

    CREATE TABLE dead_letter (
        seq INTEGER PRIMARY KEY, xid INTEGER NOT NULL DEFAULT 0, event_id TEXT NOT NULL,
        delivery_id INTEGER NOT NULL,
        bus_id INTEGER NOT NULL, bus TEXT NOT NULL, rule_id INTEGER NOT NULL, rule TEXT NOT NULL,
        target_id INTEGER,
        target TEXT NOT NULL, reason_class TEXT NOT NULL, reason TEXT NOT NULL, status INTEGER,
        attempts INTEGER NOT NULL, first_at INTEGER, last_at INTEGER, dead_at INTEGER NOT NULL
    );
    CREATE INDEX dead_letter_event ON dead_letter (event_id);
    """,
    # What delivering within limits, in order and again needs.
    """
    ALTER TABLE delivery ADD COLUMN fifo_key TEXT;
    ALTER TABLE delivery ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX delivery_fifo ON delivery (target_id, fifo_key, seq) WHERE fifo_key IS NOT NULL;
    CREATE INDEX delivery_blocking ON delivery (target_id, seq) WHERE fifo_key IS NOT NULL AND failed;

    ALTER TABLE outcome ADD COLUMN attributes TEXT NOT NULL DEFAULT '';
    ALTER TABLE outcome ADD COLUMN budget_from INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE outcome ADD COLUMN redriven_at INTEGER;

    ALTER TABLE dead_letter ADD COLUMN fifo_key TEXT;
    ALTER TABLE dead_letter ADD COLUMN redriven_at INTEGER;
    CREATE INDEX dead_letter_dead_at ON dead_letter (dead_at);
    CREATE INDEX dead_letter_target ON dead_letter (target_id, dead_at);
    CREATE INDEX dead_letter_rule ON dead_letter (rule_id, dead_at);
    CREATE INDEX dead_letter_class ON dead_letter (reason_class, dead_at);

    -- only what must outlive the process: a probe under way lives in memory, as its lease does
    CREATE TABLE target_state (
        target_id INTEGER PRIMARY KEY, opened_at INTEGER, next_probe_at INTEGER,
        failures INTEGER NOT NULL, recent TEXT NOT NULL
    );

    CREATE TABLE redrive (
        id INTEGER PRIMARY KEY AUTOINCREMENT, selection TEXT NOT NULL, state TEXT NOT NULL,
        per_second REAL NOT NULL, total INTEGER NOT NULL, done INTEGER NOT NULL, skipped INTEGER NOT NULL,
        skips TEXT NOT NULL, position INTEGER NOT NULL, last INTEGER NOT NULL, full_at INTEGER NOT NULL,
        made_at INTEGER NOT NULL, made_by TEXT NOT NULL, changed_at INTEGER NOT NULL
    );
    """,
    # Copies that outlive their events, and putting them on their bus again.
    """
    CREATE TABLE archived_event (
        seq INTEGER PRIMARY KEY, archive_id INTEGER NOT NULL, bytes INTEGER NOT NULL, id TEXT NOT NULL,
        bus_id INTEGER NOT NULL, bus TEXT NOT NULL, source TEXT NOT NULL, detail_type TEXT NOT NULL,
        time INTEGER NOT NULL, accepted_at INTEGER NOT NULL, resources TEXT NOT NULL, detail TEXT NOT NULL,
        attributes TEXT NOT NULL, key TEXT, who TEXT NOT NULL, cause_id TEXT, hops INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX archived_event_order ON archived_event (archive_id, id);
    CREATE TABLE archive_size (
        archive_id INTEGER PRIMARY KEY, events INTEGER NOT NULL, bytes INTEGER NOT NULL
    );

    CREATE TABLE replay (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL,
        archive_id INTEGER NOT NULL, archive TEXT NOT NULL, bus_id INTEGER NOT NULL, bus TEXT NOT NULL,
        since INTEGER NOT NULL, until INTEGER NOT NULL, rules TEXT NOT NULL, per_second REAL NOT NULL,
        made_at INTEGER NOT NULL, made_by TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
        total INTEGER NOT NULL, done INTEGER NOT NULL, started_at INTEGER, last_at INTEGER, ended_at INTEGER,
        position TEXT, full_at INTEGER NOT NULL
    );
    """,
    # What was counted and timed, by second, ten seconds, minute and hour; and how far that has come.
    """
    CREATE TABLE rollup (
        grain INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, bus_id INTEGER NOT NULL,
        text TEXT NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, count INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        PRIMARY KEY (grain, kind, at, bus_id, text, a, b)
    ) WITHOUT ROWID;
    CREATE TABLE rollup_latency (
        grain INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, id INTEGER NOT NULL,
        bucket INTEGER NOT NULL, times INTEGER NOT NULL, PRIMARY KEY (grain, kind, at, id, bucket)
    ) WITHOUT ROWID;
    INSERT INTO meta VALUES ('rolled', '[[0,0],[0,0],[0,0],[0,0]]');
    """,
    # What searching needs. Each ends in what is as good as the moment of acceptance, so time order is free.
    """
    CREATE INDEX event_source ON event (source, id);
    CREATE INDEX event_detail_type ON event (detail_type, id);
    CREATE INDEX event_key ON event (key, id) WHERE key IS NOT NULL;
    CREATE INDEX outcome_rule ON outcome (rule, event_id);
    CREATE INDEX outcome_target ON outcome (target, event_id);
    CREATE INDEX routing_unmatched ON routing (state, event_id) WHERE state <> 'matched';
    """,
    # How often an event's idempotency key came again.
    """
    CREATE TABLE repeated (
        event_id TEXT NOT NULL PRIMARY KEY, times INTEGER NOT NULL, last_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
    # Which sources and types each bus has seen, counted with routing. To build it anew, run the last of these
    # on an empty table: it counts what is routed.
    """
    CREATE TABLE event_type (
        id INTEGER PRIMARY KEY, bus_id INTEGER NOT NULL, source TEXT NOT NULL, detail_type TEXT NOT NULL,
        first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, events INTEGER NOT NULL, event_id TEXT NOT NULL
    );
    CREATE UNIQUE INDEX event_type_name ON event_type (bus_id, source, detail_type);
    INSERT INTO event_type (bus_id, source, detail_type, first_at, last_at, events, event_id)
    SELECT e.bus_id, e.source, e.detail_type, min(e.accepted_at), max(e.accepted_at), count(*), max(e.id)
    FROM event e JOIN cursor c ON c.bus_id = e.bus_id AND e.seq <= c.seq GROUP BY 1, 2, 3;
    """,
    # Finding what was made from an event: forwarded to another bus, or replayed.
    """
    CREATE INDEX event_cause ON event (cause_id) WHERE cause_id IS NOT NULL;
    CREATE INDEX archived_event_cause ON archived_event (cause_id) WHERE cause_id IS NOT NULL;
    """,
]


def migrate(db: sqlite3.Connection) -> None:
    """Run the steps that this file has not seen, each in a transaction of its own."""
    version = version_of(db)
    if version == 0:
        # Must come before the first table; without it deleted pages never go back to the disk.
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        db.execute("PRAGMA journal_mode=WAL").fetchone()
    for number, step in enumerate(STEPS[version:], start=version + 1):
        first = f"INSERT INTO meta VALUES ('epoch', '{uuid4().hex}');" if number == 1 else ""  # noqa: S608 - digits
        db.executescript(f"BEGIN IMMEDIATE; {step} {first} PRAGMA user_version={number}; COMMIT;")


def check(db: sqlite3.Connection) -> None:
    """Raise JournalUnavailable unless the tables are in the form that this code knows."""
    version = version_of(db)
    if version != len(STEPS):
        raise JournalUnavailable(
            f"the journal's tables are of version {version}, this program needs {len(STEPS)}: "
            + (
                "run `manage.py migrate`"
                if version < len(STEPS)
                else "it is older than the journal; upgrade it"
            )
        )


def version_of(db: sqlite3.Connection) -> int:
    """Return how many steps the file has seen."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])
