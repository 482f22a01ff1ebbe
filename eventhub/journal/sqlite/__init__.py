"""The embedded journal: one SQLite file, one owner, one writing connection.

::

    append ─┐                                        ┌─> futures resolved, leases and cursors in memory moved
    route  ─┼─> queue ─> committer thread ─> COMMIT ─┤
    settle ─┘            (one transaction for        └─> watchers told
                          all that came meanwhile)
    read, claim, feed, health ─> read-only connections

Invariants

- SQLite 3.7.0-3.51.2 can lose committed writes when two connections write or checkpoint one WAL at once. So a
  lock file gives the journal one owning process, and in it exactly one connection writes and checkpoints: the
  committer's. All others are opened ``mode=ro``; ``query_only`` would not do, because such a connection still
  checkpoints.
- ``synchronous=FULL``: a commit is on the disk before anybody hears of it. One committer merges all that
  is waiting into one commit, so the wait for the disk is shared.
- Numbers (``seq``) are given in memory by the committer, and never twice: pruning writes down how far they
  were given before it deletes. ``xid`` is 0: one writer commits in the order of the numbers.
- Limits hold because one owner claims: buckets and probes live in memory, circuits in the file too. What
  waits behind its FIFO key is not due (``due_at`` later than any moment) until the one before it is settled.
- Leases, of deliveries and of cursors, live in memory: a process that is killed takes them along, and what it
  had claimed is simply due again.

Why the statements look as they do: Python's sqlite3 gives up the interpreter's lock around every step of a
statement, and gets it back only when the thread that took it next lets go, up to a whole switch interval
later. So hot inserts carry many rows (``statements.Insert``), and hot reads return one row that holds all as
JSON.

Failure: a full or broken disk rolls the transaction back, and everything in it raises JournalUnavailable;
each later write simply tries again. Deleting needs room too before it frees any: a reserve file beside the
journal is given up then, and until pruning has made its room again events are refused. An operation that
fails for a reason of its own is rolled back to its savepoint alone.
"""

from eventhub.journal.sqlite.engine import SqliteJournal

__all__ = ["SqliteJournal"]
