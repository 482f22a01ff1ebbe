"""PostgresJournal: the port, each method handed to the module of its idea."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, date, datetime
from uuid import UUID

import psycopg

from eventhub.domain.redaction import Mark
from eventhub.journal import columns
from eventhub.journal.columns import KEY_SECONDS
from eventhub.journal.port import (
    NOTHING,
    Appended,
    ArchiveSize,
    Candidate,
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
from eventhub.journal.postgres import (
    archiving,
    claiming,
    days,
    faring,
    feed,
    redacting,
    redriving,
    rolling,
    routing,
    schema,
    settling,
    states,
)
from eventhub.journal.postgres.appending import Committer
from eventhub.journal.postgres.connections import Pool, connect, trouble
from eventhub.journal.postgres.hints import Hints
from eventhub.journal.postgres.history import PostgresHistory
from eventhub.journal.postgres.pruning import CHUNK, Pruning
from eventhub.journal.redacting import caused, find
from eventhub.journal.rolling import ROWS_EACH, gauge_rows
from eventhub.journal.watchers import Watchers


class PostgresJournal(PostgresHistory):
    """The engine for many processes behind ``port.Journal``; see there for every method's promise."""

    def __init__(self, dsn: str, *, key_seconds: int = KEY_SECONDS) -> None:
        self._dsn = dsn
        self._key_seconds = key_seconds
        self._watchers = Watchers()
        self._pool = Pool(dsn)
        self._cursors = routing.Cursors()
        self._pruning = Pruning()
        self._committer: Committer | None = None
        self._hints: Hints | None = None
        self._epoch = ""

    def migrate(self) -> None:
        """Bring the tables to the newest form and make the days ahead."""
        with trouble(), connect(self._dsn) as db:
            schema.migrate(db)
            days.make_ahead(db, _today())

    def open(self) -> None:
        """Check the tables and start the threads."""
        with trouble(), connect(self._dsn) as db:
            schema.check(db)
            days.make_ahead(db, _today())
            row = db.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
            assert row is not None
            self._epoch = row[0]
        self._pool.open()
        self._hints = Hints(self._dsn, self._watchers.tell)
        self._committer = Committer(self._dsn, self._hints.pass_on, key_seconds=self._key_seconds)

    def close(self) -> None:
        """Commit what was handed in, then disconnect."""
        if self._committer is None or self._hints is None:
            return
        self._committer.stop()
        self._hints.stop()
        self._pool.close()
        self._committer = self._hints = None

    def watch(self, callback: Callable[[Hint], None]) -> None:
        """Call back after commits, of this process and others."""
        self._watchers.add(callback)

    # -- accept --------------------------------------------------------------------------------------

    def append(self, events: Sequence[NewEvent]) -> "Future[list[Appended]]":
        """Make events durable."""
        if self._committer is None:
            raise JournalUnavailable("the journal is closed")
        return self._committer.append(events)

    # -- route ---------------------------------------------------------------------------------------

    def ruleset(self, bus_id: int, rules: Sequence[RuleInForce]) -> int:
        """Return the number of a ruleset."""
        with self._pool.lend() as db:
            return routing.record_ruleset(db, bus_id, *columns.ruleset_columns(rules))

    def cursor(self, bus_id: int, *, holder: str, lease_seconds: float) -> Position | None:
        """Hold a bus's cursor."""
        with self._pool.lend() as db:
            return self._cursors.hold(db, bus_id, holder, lease_seconds)

    def buses(self) -> list[int]:
        """Return all buses with events or a cursor."""
        with self._pool.lend() as db:
            return [bus_id for (bus_id,) in db.execute(routing.BUSES)]

    def read(self, bus_id: int, after: Position, limit: int) -> list[StoredEvent]:
        """Return a bus's next events."""
        with self._pool.lend() as db:
            return routing.read_events(db, bus_id, after, limit)

    def route(self, batch: RoutedBatch) -> bool:
        """Commit a routed batch."""
        with self._pool.lend() as db:
            moved = routing.write_batch(db, batch)
        if moved:
            pending = any(
                new.state is OutcomeState.PENDING for one in batch.routings for new in one.deliveries
            )
            self._tell({Hint.EVENTS, Hint.DELIVERIES} if pending else {Hint.EVENTS})
        return moved

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
        with self._pool.lend() as db:
            return claiming.claim(
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
        with self._pool.lend() as db:
            moved = settling.settle(db, settled, time.time_ns() // 1000)
        self._tell({Hint.EVENTS, Hint.DELIVERIES} if moved.due else {Hint.EVENTS})
        return moved.held

    def release(self, claimed: Sequence[Claimed]) -> None:
        """End leases untried."""
        with self._pool.lend() as db:
            released = claiming.release(db, claimed)
        if released:
            self._tell({Hint.DELIVERIES})

    def next_due_at(
        self,
        waiting: Collection[int],
        *,
        holder: str = "",
        limits: Mapping[int, Limits] = NOTHING,
        in_flight: Mapping[int, int] = NOTHING,
    ) -> int | None:
        """Return the next moment that claiming finds something."""
        with self._pool.lend() as db:
            return claiming.next_due_at(db, waiting, holder, limits, in_flight)

    def target_states(self) -> Mapping[int, TargetState]:
        """Return how the targets fare."""
        with self._pool.lend() as db:
            return faring.read_states(db, time.time_ns() // 1000)

    def hasten_probe(self, target_id: int, *, now: int) -> bool:
        """Move an open circuit's next probe to now."""
        with self._pool.lend() as db:
            hastened = states.hasten_probe(db, target_id, now)
        if hastened:
            self._tell({Hint.DELIVERIES})
        return hastened

    # -- redrive -------------------------------------------------------------------------------------

    def count_dead_letters(self, selection: Selection) -> int:
        """Count the selected dead letters."""
        with self._pool.lend() as db:
            return redriving.count(db, selection)

    def start_redrive(self, selection: Selection, *, per_second: float, now: int, who: str) -> Redrive:
        """Make a running redrive."""
        with self._pool.lend() as db:
            return redriving.start(db, selection, per_second=per_second, now=now, who=who)

    def running_redrives(self) -> list[Redrive]:
        """Return the running redrives."""
        with self._pool.lend() as db:
            return redriving.running(db)

    def steer_redrive(self, redrive_id: int, state: RedriveState, *, now: int) -> bool:
        """Pause, resume or cancel."""
        with self._pool.lend() as db:
            return redriving.steer(db, redrive_id, state, now)

    def redrive(
        self, redrive_id: int, *, limit: int, now: int, refusal: Callable[[DeadLetter], str]
    ) -> Redrive | None:
        """Make a chunk of dead letters pending again."""
        with self._pool.lend() as db:
            after = redriving.chunk(db, redrive_id, limit, now, refusal)
        self._tell({Hint.DELIVERIES})
        return after

    # -- archive and replay --------------------------------------------------------------------------

    def archive_sizes(self) -> Mapping[int, ArchiveSize]:
        """Return what the archives hold."""
        with self._pool.lend() as db:
            return archiving.sizes(db)

    def count_archived(self, archive_id: int, *, since: int, until: int) -> int:
        """Count an archive's events of a window."""
        with self._pool.lend() as db:
            return archiving.count(db, archive_id, since, until)

    def prune_archive(self, archive_id: int, *, before: int | None) -> bool:
        """Remove a chunk of an archive's oldest events."""
        with self._pool.lend() as db:
            return archiving.prune(db, archive_id, before, CHUNK)

    def start_replay(self, order: NewReplay) -> Replay | None:
        """Make a replay."""
        with self._pool.lend() as db:
            return archiving.start(db, order)

    def replays_under_way(self) -> list[Replay]:
        """Return the replays that have work to do."""
        with self._pool.lend() as db:
            return archiving.under_way(db)

    def cancel_replay(self, replay_id: int) -> bool:
        """Ask a replay to end."""
        with self._pool.lend() as db:
            return archiving.cancel(db, replay_id)

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
        with self._pool.lend() as db:
            after = archiving.step(db, replay_id, limit=limit, now=now, refusal=refusal, make=make)
        self._tell({Hint.EVENTS})
        return after

    # -- redact --------------------------------------------------------------------------------------

    def redactable(self, wanted: Wanted, *, after: UUID, limit: int) -> list[Candidate]:
        """Return the next wanted events."""
        with self._pool.lend() as db:
            return find(redacting.dialect(db), wanted, after, limit)

    def caused_by(self, event_ids: Collection[UUID]) -> list[UUID]:
        """Return what was made from events."""
        with self._pool.lend() as db:
            return caused(redacting.dialect(db), event_ids)

    def redact(self, event_ids: Sequence[UUID], mark: Mark) -> Redaction:
        """Redact events and their copies."""
        with self._pool.lend() as db:
            done = redacting.redact(db, event_ids, mark, time.time_ns() // 1000)
        self._tell({Hint.EVENTS, Hint.DELIVERIES})
        return done.redaction

    def wipe(self) -> str:
        """Say what the server keeps."""
        return redacting.LEFT

    # -- watch ---------------------------------------------------------------------------------------

    def head(self) -> Tail:
        """Return the newest tail."""
        with self._pool.lend() as db:
            return feed.read_head(db)

    def feed(self, after: Tail, limit: int) -> Feed:
        """Return what came since a tail."""
        with self._pool.lend() as db:
            return feed.read_feed(db, after, limit)

    def roll_up(self, limit: int = ROWS_EACH) -> Rolled | None:
        """Add what came to the rollups."""
        with self._pool.lend() as db:
            return rolling.roll_up(db, limit)

    def note_gauges(self, at: int, states: Mapping[int, TargetState]) -> None:
        """Note how the targets fare."""
        with self._pool.lend() as db:
            rolling.note(db, gauge_rows(at, states))

    def prune_rollups(self, now: int) -> None:
        """Remove old rollups."""
        with self._pool.lend() as db:
            rolling.prune(db, now)

    def epoch(self) -> str:
        """Return the name of this journal's life."""
        return self._epoch

    # -- keep ----------------------------------------------------------------------------------------

    def health(self) -> Health:
        """Return figures; a server that is away is said in them, not raised."""
        try:
            with self._pool.lend() as db:
                return self._pruning.health(db)
        except (JournalUnavailable, psycopg.Error) as error:
            return Health(False, str(error), 0, None, 0, None, 0, None, 0.0, "")

    def prune(self, *, before: int, max_bytes: int, min_free_bytes: int) -> Pruned:
        """Drop a day that is too old or too much."""
        with self._pool.lend() as db:
            return self._pruning.prune(db, before=before, max_bytes=max_bytes)

    def _tell(self, hints: Collection[Hint]) -> None:
        if self._hints is not None:
            self._hints.pass_on(hints)


def _today() -> date:
    return datetime.now(UTC).date()
