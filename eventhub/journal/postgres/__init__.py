"""The journal on PostgreSQL 15 or newer: any number of processes, one truth.

::

    append ─> queue ─> committer thread ─> keys, COPY, COMMIT ─┐
    route, settle, claim ─> a connection of the pool ──────────┼─> own watchers at once
    notifier thread: one NOTIFY for all of 20 ms  <────────────┘
    listener thread: the others' NOTIFY ─> watchers

Invariants

- A position is (xid, seq): the number of the writing transaction, and the row's own. A reader looks no
  further than the oldest transaction that may still commit (``pg_snapshot_xmin``), so nothing can appear
  before what it has read. ``seq`` alone skips rows of transactions that commit late; a bound on ``seq`` does
  so too.
- event, routing, outcome, attempt and dead_letter are partitioned by the day in the event's id (a UUIDv7 of
  ``accepted_at``): a look-up by id touches one partition, and a day goes whole. The days ahead are made by
  ``migrate``, ``open`` and the retainer; what has no day lands in the default partition.
- A claim moves ``due_at`` to the lease's end, so an expired lease is simply due again, and takes its lease
  id from a sequence; whoever settles must name it. Cursors are held by a lease in their row, and moved only
  from the value that was read.
- Limits hold over all workers: a claim is made under the rows of its targets' states and buckets. Settling
  moves circuits and lets the next of a FIFO key go under the same rows, routing looks at keys under them, so
  nothing is left waiting behind a delivery that is gone.
- NOTIFY is a hint. It takes a lock that all notifying commits share, so it never is in a transaction that
  writes.

Failure: a lost connection is JournalUnavailable for what was under way (whether that was committed is then
unknown: producers repeat, keys and guards make it harmless), and the next call connects anew.
"""

from eventhub.journal.postgres.engine import PostgresJournal

__all__ = ["PostgresJournal"]
