"""SqliteJournal: the port, each method handed to the module of its idea."""

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from eventhub.domain.redaction import Mark
from eventhub.journal import columns
from eventhub.journal.circuits import CLEAN
from eventhub.journal.columns import KEY_SECONDS
from eventhub.journal.port import (
    NOTHING,
    Appended,
    ArchiveSize,
    Candidate,
    CircuitState,
    Claimed,
    DeadLetter,
    Feed,
    Health,
    Hint,
    JournalUnavailable,
    Limits,
    NewEvent,
    NewReplay,
    OutcomeState,
    Position,
    Pruned,
    Redaction,
    Redrive,
    RedriveState,
    Replay,
    Rolled,
    RoutedBatch,
    RuleInForce,
    Selection,
    Settled,
    StoredEvent,
    Tail,
    TargetState,
    Wanted,
)
from eventhub.journal.redacting import Done, caused, find
from eventhub.journal.rolling import ROWS_EACH, gauge_rows
from eventhub.journal.sqlite import archiving, connections, redacting, redriving, rolling, routing, schema
from eventhub.journal.sqlite.appending import Appending
from eventhub.journal.sqlite.circuits import hasten_probe
from eventhub.journal.sqlite.claiming import Leases
from eventhub.journal.sqlite.committer import Committer, disk_trouble
from eventhub.journal.sqlite.feed import read_feed, read_head
from eventhub.journal.sqlite.history import SqliteHistory
from eventhub.journal.sqlite.numbers import Numbers
from eventhub.journal.sqlite.ownership import Ownership
from eventhub.journal.sqlite.pruning import CHUNK, Pruning
from eventhub.journal.sqlite.settling import Moved, Settling
from eventhub.journal.sqlite.states import read_states
from eventhub.journal.watchers import Watchers

MIGRATE_WAIT_SECONDS = 10.0
SETTLED_SECONDS = 0.005  # a settlement comes along with the next commit, if one comes by then


class SqliteJournal(SqliteHistory):
    """The embedded engine behind ``port.Journal``; see there for every method's promise."""

    def __init__(self, path: Path | str, *, key_seconds: int = KEY_SECONDS) -> None:
        self._path = Path(path)
        self._ownership = Ownership(self._path)
        self._watchers = Watchers()
        self._numbers = Numbers()
        self._appending = Appending(self._numbers, key_seconds)
        self._leases = Leases()
        self._settling = Settling(self._numbers, self._appending)
        self._cursors = routing.Cursors()
        self._readers = connections.Readers(self._path)
        self._pruning = Pruning(self._path, self._numbers)
        self._committer: Committer | None = None
        self._epoch = ""

    def migrate(self) -> None:
        """Bring the tables to the newest form; waits a while for another owner to leave."""
        held = self._ownership.held
        self._ownership.take(wait_seconds=MIGRATE_WAIT_SECONDS)
        try:
            with disk_trouble():
                if self._committer is not None:
                    schema.check(connections.reader(self._path))
                    return
                db = connections.writer(self._path)
                try:
                    schema.migrate(db)
                finally:
                    db.close()
        finally:
            if not held:
                self._ownership.give_up()

    def open(self) -> None:
        """Become the owner and start the committer."""
        self._ownership.take()
        try:
            with disk_trouble():
                db = connections.writer(self._path)
                schema.check(db)
                self._numbers.load(db)
                self._leases.learn(self._settling.circuits.load(db))
                self._epoch = db.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0]
        except BaseException:
            self._ownership.give_up()
            raise
        self._readers.open()
        self._committer = Committer(
            db, self._appending, tell=self._watchers.tell, disk_is_full=self._pruning.disk_is_full
        )
        self._pruning.reserve.make()

    def close(self) -> None:
        """Commit what was handed in, then let go of the file."""
        if self._committer is None:
            return
        self._readers.close()
        self._committer.stop()
        self._committer = None
        self._pruning.reserve.remove()
        self._ownership.give_up()

    def watch(self, callback: Callable[[Hint], None]) -> None:
        """Call back after commits."""
        self._watchers.add(callback)

    # -- accept --------------------------------------------------------------------------------------

    def append(self, events: Sequence[NewEvent]) -> "Future[list[Appended]]":
        """Make events durable."""
        if self._pruning.refusal:
            refused: Future[list[Appended]] = Future()
            refused.set_exception(JournalUnavailable(self._pruning.refusal))
            return refused
        return self._writer.append(events)

    # -- route ---------------------------------------------------------------------------------------

    def ruleset(self, bus_id: int, rules: Sequence[RuleInForce]) -> int:
        """Return the number of a ruleset."""
        digest, text = columns.ruleset_columns(rules)
        with self._reading() as db:
            found = routing.find_ruleset(db, bus_id, digest)
        return found or self._writer.write(lambda db: routing.apply_ruleset(db, bus_id, digest, text))

    def cursor(self, bus_id: int, *, holder: str, lease_seconds: float) -> Position | None:
        """Hold a bus's cursor."""
        if not self._cursors.hold(bus_id, holder, lease_seconds):
            return None
        if (reached := self._cursors.position(bus_id)) is not None:
            return reached
        with self._reading() as db:
            return routing.read_cursor(db, bus_id)

    def buses(self) -> list[int]:
        """Return all buses with events or a cursor."""
        with self._reading() as db:
            return routing.read_buses(db)

    def read(self, bus_id: int, after: Position, limit: int) -> list[StoredEvent]:
        """Return a bus's next events."""
        with self._reading() as db:
            return routing.read_events(db, bus_id, after, limit)

    def route(self, batch: RoutedBatch) -> bool:
        """Commit a routed batch."""
        pending = any(new.state is OutcomeState.PENDING for one in batch.routings for new in one.deliveries)
        hints = {Hint.DELIVERIES if pending else Hint.OUTCOMES}

        def committed(moved: bool) -> set[Hint]:
            self._cursors.moved(batch, moved)
            return hints if moved else set()

        return self._writer.write(lambda db: routing.apply_route(db, self._numbers, batch), committed)

    # -- deliver -------------------------------------------------------------------------------------

    def claim(
        self,
        holder: str,
        *,
        now: int,
        lease_seconds: float,
        limit: int,
        limits: Mapping[int, Limits],
        in_flight: Mapping[int, int],
        waiting: Collection[int],
    ) -> list[Claimed]:
        """Lease due deliveries."""
        with self._reading() as db:
            return self._leases.claim(
                db,
                holder,
                now=now,
                lease_seconds=lease_seconds,
                limit=limit,
                limits=limits,
                in_flight=in_flight,
                waiting=waiting,
            )

    def settle(self, settled: Sequence[Settled]) -> list[bool]:
        """Record attempts and outcomes."""
        now = time.time_ns() // 1000

        def apply(db: sqlite3.Connection) -> Moved:
            held = [self._leases.holds(one.claimed) for one in settled]
            return self._settling.apply(db, settled, held, now)

        def committed(moved: Moved) -> set[Hint]:
            closed = self._leases.learn(moved.circuits)
            self._settling.circuits.committed(moved.circuits)
            for one, ours in zip(settled, moved.held, strict=True):
                if ours:
                    self._leases.take_back(one.claimed)
            hints = {Hint.DELIVERIES if moved.due or closed else Hint.OUTCOMES}
            return hints | {Hint.EVENTS} if any(one.entries for one in settled) else hints

        # The next of a key goes when the one before it is settled; nothing else waits for the commit.
        in_turn = any(one.claimed.fifo_key is not None for one in settled)
        patience = 0.0 if in_turn else SETTLED_SECONDS
        return self._writer.write(apply, committed, patience_seconds=patience).held

    def release(self, claimed: Sequence[Claimed]) -> None:
        """End leases untried."""
        ended = [self._leases.release(one) for one in claimed]
        if any(ended):
            self._watchers.tell({Hint.DELIVERIES})

    def next_due_at(
        self,
        waiting: Collection[int],
        *,
        holder: str = "",
        limits: Mapping[int, Limits] = NOTHING,
        in_flight: Mapping[int, int] = NOTHING,
    ) -> int | None:
        """Return the next moment that claiming finds something."""
        with self._reading() as db:
            return self._leases.next_due_at(db, waiting, holder, limits, in_flight)

    def target_states(self) -> Mapping[int, TargetState]:
        """Return how the targets fare."""
        with self._reading() as db:
            return read_states(db, self._leases, time.time_ns() // 1000)

    def hasten_probe(self, target_id: int, *, now: int) -> bool:
        """Move an open circuit's next probe to now."""
        if self._leases.circuits().get(target_id, CLEAN).state is not CircuitState.OPEN:
            return False

        def committed(hastened: bool) -> set[Hint]:
            if hastened:
                self._leases.hasten_probe(target_id, now)
            return {Hint.DELIVERIES} if hastened else set()

        return self._writer.write(lambda db: hasten_probe(db, target_id, now), committed)

    # -- redrive -------------------------------------------------------------------------------------

    def count_dead_letters(self, selection: Selection) -> int:
        """Count the selected dead letters."""
        with self._reading() as db:
            return redriving.count(db, selection)

    def start_redrive(self, selection: Selection, *, per_second: float, now: int, who: str) -> Redrive:
        """Make a running redrive."""
        total = self.count_dead_letters(selection)
        return self._writer.write(
            lambda db: redriving.apply_start(db, selection, total, per_second=per_second, now=now, who=who)
        )

    def running_redrives(self) -> list[Redrive]:
        """Return the running redrives."""
        with self._reading() as db:
            return redriving.running(db)

    def steer_redrive(self, redrive_id: int, state: RedriveState, *, now: int) -> bool:
        """Pause, resume or cancel."""
        return self._writer.write(lambda db: redriving.apply_steer(db, redrive_id, state, now))

    def redrive(
        self, redrive_id: int, *, limit: int, now: int, refusal: Callable[[DeadLetter], str]
    ) -> Redrive | None:
        """Make a chunk of dead letters pending again."""
        return self._writer.write(
            lambda db: redriving.apply_chunk(db, redrive_id, limit, now, refusal),
            lambda _after: {Hint.DELIVERIES},
        )

    # -- archive and replay --------------------------------------------------------------------------

    def archive_sizes(self) -> Mapping[int, ArchiveSize]:
        """Return what the archives hold."""
        with self._reading() as db:
            return archiving.sizes(db)

    def count_archived(self, archive_id: int, *, since: int, until: int) -> int:
        """Count an archive's events of a window."""
        with self._reading() as db:
            return archiving.count(db, archive_id, since, until)

    def prune_archive(self, archive_id: int, *, before: int | None) -> bool:
        """Remove a chunk of an archive's oldest events."""
        return self._writer.write(lambda db: archiving.apply_prune(db, archive_id, before, CHUNK))

    def start_replay(self, order: NewReplay) -> Replay | None:
        """Make a replay."""
        return self._writer.write(lambda db: archiving.apply_start(db, order))

    def replays_under_way(self) -> list[Replay]:
        """Return the replays that have work to do."""
        with self._reading() as db:
            return archiving.under_way(db)

    def cancel_replay(self, replay_id: int) -> bool:
        """Ask a replay to end."""
        return self._writer.write(lambda db: archiving.apply_cancel(db, replay_id))

    def replay(
        self,
        replay_id: int,
        *,
        limit: int,
        now: int,
        refusal: str,
        make: Callable[[NewEvent, Replay], NewEvent],
    ) -> Replay | None:
        """Put a replay's next events."""
        if self._pruning.refusal:
            raise JournalUnavailable(self._pruning.refusal)
        return self._writer.write(
            lambda db: archiving.apply_step(
                db, replay_id, self._appending.store, limit=limit, now=now, refusal=refusal, make=make
            ),
            lambda _after: {Hint.EVENTS},
        )

    # -- redact --------------------------------------------------------------------------------------

    def redactable(self, wanted: Wanted, *, after: UUID, limit: int) -> list[Candidate]:
        """Return the next wanted events."""
        with self._reading() as db:
            return find(redacting.dialect(db), wanted, after, limit)

    def caused_by(self, event_ids: Collection[UUID]) -> list[UUID]:
        """Return what was made from events."""
        with self._reading() as db:
            return caused(redacting.dialect(db), event_ids)

    def redact(self, event_ids: Sequence[UUID], mark: Mark) -> Redaction:
        """Redact events and their copies."""
        now = time.time_ns() // 1000

        def committed(done: Done) -> set[Hint]:
            self._leases.end(done.ended)
            return {Hint.EVENTS, Hint.DELIVERIES}

        done = self._writer.write(
            lambda db: redacting.apply_redaction(db, self._numbers, event_ids, mark, now), committed
        )
        return done.redaction

    def wipe(self) -> str:
        """Overwrite what redacting left."""
        with self._reading() as db:
            free_pages = db.execute("PRAGMA freelist_count").fetchone()[0]
        return redacting.wipe(self._writer, self._path, free_pages)

    # -- watch ---------------------------------------------------------------------------------------

    def head(self) -> Tail:
        """Return the newest tail."""
        with self._reading() as db:
            return read_head(db)

    def feed(self, after: Tail, limit: int) -> Feed:
        """Return what came since a tail."""
        with self._reading() as db:
            return read_feed(db, after, limit)

    def roll_up(self, limit: int = ROWS_EACH) -> Rolled | None:
        """Add what came to the rollups."""
        with self._reading() as db:
            before = rolling.rolled(db)
            rolled, sums = rolling.sum_next(db, before, limit)
        if rolled.tail == before:
            return rolled
        moved = self._writer.write(lambda db: rolling.apply_roll(db, before, rolled, sums))
        return rolled if moved else None

    def note_gauges(self, at: int, states: Mapping[int, TargetState]) -> None:
        """Note how the targets fare."""
        if rows := gauge_rows(at, states):
            self._writer.write(lambda db: rolling.apply_note(db, rows))

    def prune_rollups(self, now: int) -> None:
        """Remove old rollups."""
        self._writer.write(lambda db: rolling.apply_prune(db, now))

    def epoch(self) -> str:
        """Return the name of this journal's life."""
        return self._epoch

    # -- keep ----------------------------------------------------------------------------------------

    def health(self) -> Health:
        """Return figures."""
        with self._reading() as db:
            return self._pruning.health(db, self._writer.trouble)

    def prune(self, *, before: int, max_bytes: int, min_free_bytes: int) -> Pruned:
        """Remove a chunk of what is too old or too much."""
        return self._pruning.prune(
            self._writer, before=before, max_bytes=max_bytes, min_free_bytes=min_free_bytes
        )

    @property
    def _writer(self) -> Committer:
        if self._committer is None:
            raise JournalUnavailable("the journal is closed")
        return self._committer

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with disk_trouble(), self._readers.lend() as db:
            yield db
