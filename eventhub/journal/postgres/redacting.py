"""Redacting on the server. What it leaves behind, and until when, is said; it is not ours to overwrite."""

from collections.abc import Sequence
from uuid import UUID

import psycopg

from eventhub.domain.redaction import Mark
from eventhub.journal.postgres import states
from eventhub.journal.redacting import Dialect, Done, apply

LEFT = (
    "PostgreSQL keeps replaced rows in its files until VACUUM has run and their room is used anew, and in "
    "its write-ahead log, its replicas' and its archive's until these go"
)
# Routing moves a bus's cursor first and copies into archives afterwards: behind this lock its copies are
# seen, or are made of what was redacted.
CURSORS = """
    SELECT 1 FROM cursor WHERE bus_id IN (SELECT bus_id FROM event WHERE id = ANY (%s)) ORDER BY bus_id
    FOR UPDATE
"""


def dialect(db: psycopg.Connection) -> Dialect:
    """Return how the shared statements run here."""
    return Dialect(
        run=lambda text, *values: db.execute(text.replace("?", "%s").encode(), values),
        among="= ANY (?)",
        listed=list,
        stored=lambda one: one,
        lock=lambda targets: states.lock(db, targets),
    )


def redact(db: psycopg.Connection, event_ids: Sequence[UUID], mark: Mark, now: int) -> Done:
    """Redact in one transaction."""
    with db.transaction():
        db.execute(CURSORS, (list(event_ids),))
        return apply(dialect(db), event_ids, mark, now)
