"""The tables, in versioned steps. A step is never changed once released: add another."""

from uuid import uuid4

import psycopg

from eventhub.journal.port import JournalUnavailable

# What holds the migrating process's advisory lock; any constant of our own.
LOCK = 0x6576_656E_7468_7562

PARTITIONED = ("event", "routing", "outcome", "attempt", "dead_letter")

_XID = "xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint"
# Indexes: only those that a reader uses; each costs writing on the hot path. (xid, seq) is what tails follow.
STEPS = [
    f"""
    CREATE TABLE meta (name text PRIMARY KEY, value text NOT NULL);
    CREATE SEQUENCE lease_id;

    CREATE SEQUENCE event_seq;
    CREATE TABLE event (
        seq bigint NOT NULL DEFAULT nextval('event_seq'), {_XID}, id uuid NOT NULL, bus_id bigint NOT NULL,
        bus text NOT NULL, source text NOT NULL, detail_type text NOT NULL, "time" bigint NOT NULL,
        accepted_at bigint NOT NULL, resources text NOT NULL, detail text NOT NULL, attributes text NOT NULL,
        key text, who text NOT NULL, cause_id uuid, hops integer NOT NULL
    ) PARTITION BY RANGE (id);
    CREATE INDEX event_id ON event (id);
    CREATE INDEX event_bus ON event (bus_id, xid, seq);
    CREATE INDEX event_tail ON event (xid, seq);

    CREATE TABLE dedup (
        bus text NOT NULL, source text NOT NULL, key text NOT NULL, event_id uuid NOT NULL,
        until bigint NOT NULL,
        PRIMARY KEY (bus, source, key)
    );
    CREATE INDEX dedup_until ON dedup (until);

    CREATE TABLE cursor (
        bus_id bigint PRIMARY KEY, xid bigint NOT NULL, seq bigint NOT NULL, holder text NOT NULL,
        held_until timestamptz NOT NULL
    );

    CREATE TABLE ruleset (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, bus_id bigint NOT NULL, digest text NOT NULL,
        rules text NOT NULL, UNIQUE (bus_id, digest)
    );

    CREATE SEQUENCE routing_seq;
    CREATE TABLE routing (
        seq bigint NOT NULL DEFAULT nextval('routing_seq'), {_XID}, event_id uuid NOT NULL,
        bus_id bigint NOT NULL,
        state text NOT NULL, routed_at bigint NOT NULL, ruleset_id bigint NOT NULL, matched integer NOT NULL,
        error text NOT NULL
    ) PARTITION BY RANGE (event_id);
    CREATE INDEX routing_event ON routing (event_id);
    CREATE INDEX routing_tail ON routing (xid, seq);

    CREATE SEQUENCE outcome_seq;
    CREATE TABLE outcome (
        seq bigint NOT NULL DEFAULT nextval('outcome_seq'), {_XID}, event_id uuid NOT NULL,
        bus_id bigint NOT NULL,
        bus text NOT NULL, rule_id bigint NOT NULL, rule text NOT NULL, rule_version integer NOT NULL,
        target_id bigint, target text NOT NULL, state text NOT NULL, reason text NOT NULL,
        attempts integer NOT NULL, accepted_at bigint NOT NULL, routed_at bigint NOT NULL, first_at bigint,
        last_at bigint, due_at bigint, latency_us bigint
    ) PARTITION BY RANGE (event_id);
    CREATE INDEX outcome_event ON outcome (event_id);
    CREATE INDEX outcome_tail ON outcome (xid, seq);

    -- pending only; seq is its outcome's
    CREATE TABLE delivery (
        seq bigint PRIMARY KEY, event_id uuid NOT NULL, target_id bigint NOT NULL, due_at bigint NOT NULL,
        lease_id bigint
    ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
    CREATE INDEX delivery_due ON delivery (target_id, due_at, seq);

    CREATE SEQUENCE attempt_seq;
    CREATE TABLE attempt (
        seq bigint NOT NULL DEFAULT nextval('attempt_seq'), {_XID}, event_id uuid NOT NULL,
        delivery_id bigint NOT NULL, bus_id bigint NOT NULL, rule_id bigint NOT NULL,
        target_id bigint NOT NULL,
        number integer NOT NULL, state text NOT NULL, started_at bigint NOT NULL, ended_at bigint NOT NULL,
        accepted_at bigint NOT NULL, status integer, error text NOT NULL, reason_class text NOT NULL,
        phases text NOT NULL, request text NOT NULL, response text NOT NULL, next_at bigint
    ) PARTITION BY RANGE (event_id);
    CREATE INDEX attempt_event ON attempt (event_id);
    CREATE INDEX attempt_delivery ON attempt (delivery_id);
    CREATE INDEX attempt_tail ON attempt (xid, seq);

    CREATE SEQUENCE dead_letter_seq;
    CREATE TABLE dead_letter (
        seq bigint NOT NULL DEFAULT nextval('dead_letter_seq'), {_XID}, event_id uuid NOT NULL,
        delivery_id bigint NOT NULL, bus_id bigint NOT NULL, bus text NOT NULL, rule_id bigint NOT NULL,
        rule text NOT NULL, target_id bigint, target text NOT NULL, reason_class text NOT NULL,
        reason text NOT NULL, status integer, attempts integer NOT NULL, first_at bigint, last_at bigint,
        dead_at bigint NOT NULL
    ) PARTITION BY RANGE (event_id);
    CREATE INDEX dead_letter_event ON dead_letter (event_id);
    CREATE INDEX dead_letter_tail ON dead_letter (xid, seq);
    """
    + "".join(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT;" for table in PARTITIONED),
    # What delivering within limits, in order and again needs.
    """
    ALTER TABLE delivery ADD COLUMN fifo_key text, ADD COLUMN failed boolean NOT NULL DEFAULT false,
        ADD COLUMN holder text;
    CREATE INDEX delivery_fifo ON delivery (target_id, fifo_key, seq) WHERE fifo_key IS NOT NULL;
    CREATE INDEX delivery_blocking ON delivery (target_id, seq) WHERE fifo_key IS NOT NULL AND failed;
    CREATE INDEX delivery_leased ON delivery (target_id) WHERE lease_id IS NOT NULL;

    ALTER TABLE outcome ADD COLUMN attributes text NOT NULL DEFAULT '',
        ADD COLUMN budget_from integer NOT NULL DEFAULT 0, ADD COLUMN redriven_at bigint;

    ALTER TABLE dead_letter ADD COLUMN fifo_key text, ADD COLUMN redriven_at bigint;
    CREATE INDEX dead_letter_by_seq ON dead_letter (seq);
    CREATE INDEX dead_letter_dead_at ON dead_letter (dead_at);
    CREATE INDEX dead_letter_target ON dead_letter (target_id, dead_at);
    CREATE INDEX dead_letter_rule ON dead_letter (rule_id, dead_at);
    CREATE INDEX dead_letter_class ON dead_letter (reason_class, dead_at);

    -- one row for each target that was ever claimed for: its lock makes limits hold over all workers
    CREATE TABLE target_state (
        target_id bigint PRIMARY KEY, opened_at bigint, next_probe_at bigint,
        probe_until bigint, failures integer NOT NULL DEFAULT 0, recent text NOT NULL DEFAULT '[]'
    ) WITH (fillfactor = 50);
    CREATE TABLE bucket (key text PRIMARY KEY, full_at bigint NOT NULL) WITH (fillfactor = 50);

    CREATE TABLE redrive (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, selection text NOT NULL, state text NOT NULL,
        per_second double precision NOT NULL, total bigint NOT NULL, done bigint NOT NULL,
        skipped bigint NOT NULL, skips text NOT NULL, position bigint NOT NULL, last bigint NOT NULL,
        full_at bigint NOT NULL, made_at bigint NOT NULL, made_by text NOT NULL, changed_at bigint NOT NULL
    );
    """,
    # Copies that outlive their events, and putting them on their bus again.
    """
    CREATE TABLE archived_event (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, archive_id bigint NOT NULL,
        bytes bigint NOT NULL, id uuid NOT NULL, bus_id bigint NOT NULL, bus text NOT NULL,
        source text NOT NULL,
        detail_type text NOT NULL, "time" bigint NOT NULL, accepted_at bigint NOT NULL,
        resources text NOT NULL, detail text NOT NULL, attributes text NOT NULL, key text,
        who text NOT NULL, cause_id uuid, hops integer NOT NULL
    );
    CREATE UNIQUE INDEX archived_event_order ON archived_event (archive_id, id);
    CREATE TABLE archive_size (
        archive_id bigint PRIMARY KEY, events bigint NOT NULL, bytes bigint NOT NULL
    ) WITH (fillfactor = 50);

    CREATE TABLE replay (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE,
        description text NOT NULL, archive_id bigint NOT NULL, archive text NOT NULL, bus_id bigint NOT NULL,
        bus text NOT NULL, since bigint NOT NULL, until bigint NOT NULL, rules text NOT NULL,
        per_second double precision NOT NULL, made_at bigint NOT NULL, made_by text NOT NULL,
        state text NOT NULL, reason text NOT NULL, total bigint NOT NULL, done bigint NOT NULL,
        started_at bigint, last_at bigint, ended_at bigint, position uuid, full_at bigint NOT NULL
    );
    """,
    # What was counted and timed, by second, ten seconds, minute and hour; and how far that has come.
    """
    CREATE TABLE rollup (
        grain bigint NOT NULL, kind text NOT NULL, at bigint NOT NULL, bus_id bigint NOT NULL,
        text text NOT NULL, a bigint NOT NULL, b bigint NOT NULL, count bigint NOT NULL,
        failed bigint NOT NULL,
        PRIMARY KEY (grain, kind, at, bus_id, text, a, b)
    ) WITH (fillfactor = 70);
    CREATE TABLE rollup_latency (
        grain bigint NOT NULL, kind text NOT NULL, at bigint NOT NULL, id bigint NOT NULL,
        bucket bigint NOT NULL, times bigint NOT NULL, PRIMARY KEY (grain, kind, at, id, bucket)
    ) WITH (fillfactor = 70);
    INSERT INTO meta VALUES ('rolled', '[[0,0],[0,0],[0,0],[0,0]]');
    """,
    # What searching needs. Each ends in what is as good as the moment of acceptance, so time order is free.
    """
    CREATE INDEX event_source ON event (source COLLATE "C", id);
    CREATE INDEX event_detail_type ON event (detail_type COLLATE "C", id);
    CREATE INDEX event_key ON event (key COLLATE "C", id) WHERE key IS NOT NULL;
    CREATE INDEX outcome_rule ON outcome (rule COLLATE "C", event_id);
    CREATE INDEX outcome_target ON outcome (target COLLATE "C", event_id);
    CREATE INDEX routing_unmatched ON routing (state, event_id) WHERE state <> 'matched';
    """,
    # How often an event's idempotency key came again.
    """
    CREATE TABLE repeated (
        event_id uuid PRIMARY KEY, times integer NOT NULL, last_at bigint NOT NULL
    ) WITH (fillfactor = 50);
    """,
    # Which sources and types each bus has seen, counted with routing. To build it anew, run the last of these
    # on an empty table: it counts what is routed.
    """
    CREATE TABLE event_type (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, bus_id bigint NOT NULL, source text NOT NULL,
        detail_type text NOT NULL, first_at bigint NOT NULL, last_at bigint NOT NULL, events bigint NOT NULL,
        event_id uuid NOT NULL
    ) WITH (fillfactor = 50);
    CREATE UNIQUE INDEX event_type_name ON event_type (bus_id, source, detail_type);
    INSERT INTO event_type (bus_id, source, detail_type, first_at, last_at, events, event_id)
    SELECT e.bus_id, e.source, e.detail_type, min(e.accepted_at), max(e.accepted_at), count(*),
        (array_agg(e.id ORDER BY e.xid DESC, e.seq DESC))[1]
    FROM event e JOIN cursor c ON c.bus_id = e.bus_id AND (e.xid, e.seq) <= (c.xid, c.seq) GROUP BY 1, 2, 3;
    """,
    # Finding what was made from an event: forwarded to another bus, or replayed.
    """
    CREATE INDEX event_cause ON event (cause_id) WHERE cause_id IS NOT NULL;
    CREATE INDEX archived_event_cause ON archived_event (cause_id) WHERE cause_id IS NOT NULL;
    """,
]


def migrate(db: psycopg.Connection) -> None:
    """Run the steps that this database has not seen, in one transaction; a second caller waits for it."""
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        if db.info.server_version < 150000:
            raise JournalUnavailable(
                f"PostgreSQL 15 or newer is needed, this is {db.info.server_version // 10000}"
            )
        db.execute("CREATE TABLE IF NOT EXISTS schema_step (number integer PRIMARY KEY)")
        version = version_of(db)
        for number, step in enumerate(STEPS[version:], start=version + 1):
            db.execute(step.encode())
            db.execute("INSERT INTO schema_step VALUES (%s)", (number,))
        db.execute("INSERT INTO meta VALUES ('epoch', %s) ON CONFLICT DO NOTHING", (uuid4().hex,))


def check(db: psycopg.Connection) -> None:
    """Raise JournalUnavailable unless the tables are in the form that this code knows."""
    there = db.execute("SELECT to_regclass('schema_step') IS NOT NULL").fetchone()
    version = version_of(db) if there and there[0] else 0
    if version != len(STEPS):
        what = (
            "run `manage.py migrate`" if version < len(STEPS) else "it is older than the journal; upgrade it"
        )
        raise JournalUnavailable(
            f"the journal's tables are of version {version}, this program needs {len(STEPS)}: {what}"
        )


def version_of(db: psycopg.Connection) -> int:
    """Return how many steps the database has seen."""
    row = db.execute("SELECT coalesce(max(number), 0) FROM schema_step").fetchone()
    assert row is not None
    return int(row[0])
