"""What only PostgreSQL promises: many processes, days, a server that comes and goes."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from eventhub.journal.port import START, Hint, JournalUnavailable, Tail
from eventhub.journal.postgres import PostgresJournal, days
from tests.journal.build import (
    DAY,
    append,
    claim,
    delivered,
    new_delivery,
    new_event,
    now_us,
    route,
    until,
)
from tests.postgres import Cluster

Open = Callable[[], PostgresJournal]


@pytest.fixture
def open_journal(postgres_dsn: str) -> Iterator[Open]:
    """Give a function that opens the same journal as another process would."""
    opened = []

    def open_one() -> PostgresJournal:
        journal = PostgresJournal(postgres_dsn)
        journal.migrate()
        journal.open()
        opened.append(journal)
        return journal

    yield open_one
    for journal in opened:
        journal.close()


def test_opening_before_migrating_says_what_to_do(postgres_dsn: str) -> None:
    with pytest.raises(JournalUnavailable, match=r"manage\.py migrate"):
        PostgresJournal(postgres_dsn).open()


def test_migrating_at_once_from_two_processes_works(postgres_dsn: str) -> None:
    failed: list[Exception] = []

    def migrate() -> None:
        try:
            PostgresJournal(postgres_dsn).migrate()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


def test_a_server_that_is_away_is_said_plainly(tmp_path: Path) -> None:
    journal = PostgresJournal(f"host={tmp_path} dbname=none")

    with pytest.raises(JournalUnavailable, match="cannot be reached"):
        journal.open()


def test_hints_reach_other_processes(open_journal: Open) -> None:
    here, there = open_journal(), open_journal()
    heard: list[Hint] = []
    there.watch(heard.append)

    def told() -> bool:  # the other one listens from some moment on
        append(here, new_event())
        return Hint.EVENTS in heard

    until(told)


def test_an_open_write_transaction_holds_readers_back_and_health_names_it(
    open_journal: Open, postgres_dsn: str
) -> None:
    store = open_journal()
    with psycopg.connect(postgres_dsn, application_name="nightly-report") as slow:
        slow.execute("INSERT INTO meta VALUES ('slow', '')")
        append(store, new_event())

        assert store.read(1, START, 10) == []
        assert store.feed(Tail(), 10).events == []
        until(lambda: store.health().horizon_age_seconds > 0.05)
        holder = store.health().horizon_holder
        assert holder.startswith(f"process {slow.info.backend_pid} of database {slow.info.dbname}, user ")
        assert holder.endswith(", nightly-report")
        slow.rollback()

    until(lambda: len(store.read(1, START, 10)) == 1)
    assert len(store.feed(Tail(), 10).events) == 1
    assert store.health().horizon_holder == ""


def test_workers_never_claim_the_same_delivery(open_journal: Open) -> None:
    stores = [open_journal() for _ in range(3)]
    append(stores[0], *(new_event() for _ in range(400)))
    route(stores[0], new_delivery(7), new_delivery(8))
    claimed: list[int] = []

    def work(store: PostgresJournal) -> None:
        while store.next_due_at([]) is not None:
            mine = claim(store, limit=40, per_target=30)
            assert all(store.settle([delivered(one) for one in mine]))
            claimed.extend(one.delivery_id for one in mine)

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == len(set(claimed)) == 800


def test_the_days_ahead_have_partitions(open_journal: Open, postgres_dsn: str) -> None:
    open_journal()
    today = datetime.now(UTC).date()

    with psycopg.connect(postgres_dsn) as db:
        there = days.days(db)

    assert there == [today + timedelta(days=number) for number in range(days.AHEAD + 1)]


def test_an_event_lies_in_its_days_partition_also_at_midnight(open_journal: Open, postgres_dsn: str) -> None:
    midnight = now_us() // DAY * DAY + DAY
    append(open_journal(), new_event(accepted_at=midnight - 1), new_event(accepted_at=midnight))

    with psycopg.connect(postgres_dsn) as db:
        found = db.execute("SELECT tableoid::regclass::text, accepted_at FROM event ORDER BY seq").fetchall()

    assert found == [
        (f"event_{days.day_of(midnight - 1):%Y%m%d}", midnight - 1),
        (f"event_{days.day_of(midnight):%Y%m%d}", midnight),
    ]


def test_a_look_up_by_id_touches_one_partition(open_journal: Open, postgres_dsn: str) -> None:
    event = new_event()
    append(open_journal(), event)

    with psycopg.connect(postgres_dsn) as db:
        plan = db.execute("EXPLAIN SELECT * FROM event WHERE id = %s", (event.id,)).fetchall()

    assert sum("Scan" in line for (line,) in plan if "Bitmap Index" not in line) == 1


def test_an_old_day_is_dropped_whole_once_all_of_it_is_done(open_journal: Open, postgres_dsn: str) -> None:
    store = open_journal()
    then = now_us() - 10 * DAY
    with psycopg.connect(postgres_dsn, autocommit=True) as db:
        days.make_ahead(db, days.day_of(then))
    append(store, *(new_event(accepted_at=then) for _ in range(3)), new_event())
    waiting = store.prune(before=now_us() - 7 * DAY, max_bytes=0, min_free_bytes=0)
    route(store, new_delivery())
    store.settle([delivered(one) for one in claim(store)])

    removed = 0
    while (pruned := store.prune(before=now_us() - 7 * DAY, max_bytes=0, min_free_bytes=0)).more:
        removed += pruned.events

    assert (waiting.events, removed + pruned.events) == (0, 3)
    fed = store.feed(Tail(), 10)
    assert (len(fed.events), len(fed.attempts)) == (1, 1)
    with psycopg.connect(postgres_dsn) as db:
        assert days.day_of(then) not in days.days(db)


@pytest.mark.whole
def test_a_server_that_comes_back_is_found_again(open_journal: Open, postgres_cluster: Cluster) -> None:
    store = open_journal()
    (before,) = append(store, new_event())
    route(store, new_delivery())
    postgres_cluster.stop()
    try:
        with pytest.raises(JournalUnavailable):
            append(store, new_event())
        with pytest.raises(JournalUnavailable):
            claim(store)
        away = store.health()
    finally:
        postgres_cluster.start()

    (after,) = append(store, new_event())

    assert not away.writable
    assert "reached" in away.reason or "failed" in away.reason
    assert [stored.event.id for stored in store.read(1, START, 10)] == [before.id, after.id]
    assert len(claim(store)) == 1
    heard: list[Hint] = []
    store.watch(heard.append)
    until(lambda: append(store, new_event()) and Hint.EVENTS in heard)
