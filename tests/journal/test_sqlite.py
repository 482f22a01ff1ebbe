"""What only the embedded engine promises."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from eventhub.journal.port import START, JournalUnavailable
from eventhub.journal.sqlite import SqliteJournal
from tests.journal.build import DAY, append, claim, delivered, new_delivery, new_event, now_us, route, until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteJournal]:
    store = SqliteJournal(path)
    store.migrate()
    store.open()
    yield store
    store.close()


def limit_pages(store: SqliteJournal, extra: int | None) -> None:
    """Let the file grow by so many pages and no more, as a full disk does; None lifts the limit."""
    committer = store._writer
    pages = committer.write(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    limit = 2**30 if extra is None else pages + extra
    committer.write(lambda db: db.execute(f"PRAGMA max_page_count={limit}").fetchone())


def fill(store: SqliteJournal) -> None:
    """Append until the disk is full."""
    limit_pages(store, 40)
    detail = b'"' + b"x" * 500 + b'"'
    old = [[new_event(accepted_at=now_us() - 10 * DAY, detail=detail) for _ in range(20)] for _ in range(100)]
    futures = [store.append(events) for events in old]
    with pytest.raises(JournalUnavailable, match="disk is full"):
        futures[-1].result(timeout=20)


def test_opening_before_migrating_says_what_to_do(path: Path) -> None:
    with pytest.raises(JournalUnavailable, match=r"manage\.py migrate"):
        SqliteJournal(path).open()


def test_a_second_owner_is_told_the_firsts_pid(store: SqliteJournal, path: Path) -> None:
    with pytest.raises(JournalUnavailable, match=f"in use by process {os.getpid()}"):
        SqliteJournal(path).open()


def test_closing_lets_the_next_owner_in(store: SqliteJournal, path: Path) -> None:
    store.close()

    following = SqliteJournal(path)
    following.open()
    following.close()


def test_the_file_is_kept_as_the_design_wants(store: SqliteJournal, path: Path) -> None:
    with store._reading() as db:
        modes = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "auto_vacuum")]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM event")

    assert modes == ["wal", 2]
    assert store._writer.write(lambda db: db.execute("PRAGMA synchronous").fetchone()[0]) == 2


def test_a_full_disk_refuses_whole_calls_and_keeps_what_was_acknowledged(store: SqliteJournal) -> None:
    append(store, new_event())
    fill(store)

    kept = len(store.read(1, START, 10_000))

    assert kept % 20 == 1
    assert not store.health().writable
    assert "disk is full" in store.health().reason


def test_accepting_heals_when_pruning_made_room(store: SqliteJournal) -> None:
    fill(store)
    route_all_of_a_full_disk(store)

    assert store.prune(before=now_us() - 7 * DAY, max_bytes=0, min_free_bytes=0).events > 0

    append(store, new_event())
    assert store.health().writable


def route_all_of_a_full_disk(store: SqliteJournal) -> None:
    limit_pages(store, 200)  # routing needs room too
    route(store)
    limit_pages(store, 0)


def test_below_the_floor_accepting_refuses_and_pruning_works(store: SqliteJournal) -> None:
    append(store, new_event())
    route(store)

    pruned = store.prune(before=0, max_bytes=0, min_free_bytes=2**60)

    assert pruned.events == 1
    assert "EVENTHUB_MIN_FREE_BYTES" in store.health().reason
    with pytest.raises(JournalUnavailable, match="EVENTHUB_MIN_FREE_BYTES"):
        append(store, new_event())
    store.prune(before=0, max_bytes=0, min_free_bytes=0)
    append(store, new_event())


def test_a_limit_by_bytes_removes_the_oldest_and_gives_the_space_back(
    store: SqliteJournal, path: Path
) -> None:
    events = [new_event(detail=b'{"x": "' + b"x" * 1000 + b'"}') for _ in range(3000)]
    append(store, *events)
    route(store)
    before = store.health().size_bytes

    while store.prune(before=0, max_bytes=before // 2, min_free_bytes=0).more:
        pass

    assert store.health().size_bytes <= before // 2
    left = store.read(1, START, 10_000)
    assert [one.event.id for one in left] == [event.id for event in events[-len(left) :]]


def test_an_event_with_one_attempt_takes_less_than_its_share_of_the_disk(store: SqliteJournal) -> None:
    detail = b'{"order": 1, "items": ["' + b"x" * 200 + b'"]}'
    append(store, *(new_event(detail=detail) for _ in range(1000)))
    before = store.health().size_bytes
    append(store, *(new_event(detail=detail) for _ in range(2000)))
    route(store, new_delivery())
    store.settle([delivered(one) for one in claim(store, limit=5000, per_target=5000)])

    assert (store.health().size_bytes - before) / 2000 < 1400


LOAD = """
import sys
from pathlib import Path
from eventhub.journal.sqlite import SqliteJournal
from tests.journal.build import append, claim, delivered, new_delivery, new_event, route
import threading
store = SqliteJournal(Path(sys.argv[1]))
store.open()
lock = threading.Lock()
def accept():
    while True:
        for one in append(store, *(new_event() for _ in range(5))):
            with lock:
                print(one.id, flush=True)
for _ in range(3):
    threading.Thread(target=accept, daemon=True).start()
while True:
    route(store, new_delivery())
    store.settle([delivered(one) for one in claim(store, limit=20)])
"""


@pytest.mark.whole
@pytest.mark.parametrize("lines", [1, 50, 200, 400, 800])
def test_a_killed_owner_loses_nothing_acknowledged_and_leaves_nothing_stuck(path: Path, lines: int) -> None:
    store = SqliteJournal(path)
    store.migrate()
    process = subprocess.Popen(
        [sys.executable, "-c", LOAD, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "eventhub.settings"},
    )
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [
        line.strip() for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")
    ]
    process.stdout.close()
    process.wait()

    store.open()
    try:
        kept = [str(stored.event.id) for stored in store.read(1, START, 1_000_000)]
        assert set(acknowledged) <= set(kept)
        route(store, new_delivery(), holder="the next")
        until(
            lambda: not store.settle([delivered(one) for one in claim(store)]) and store.health().pending == 0
        )
        with store._reading() as db:
            counts = db.execute(
                "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM routing),"
                " (SELECT count(*) FROM outcome WHERE state = 'delivered'),"
                " (SELECT count(DISTINCT delivery_id) FROM attempt)"
            ).fetchone()
        assert counts == (len(kept),) * 4
    finally:
        store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 60 MiB; skip where that is not allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "none", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount a disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.whole
def test_a_disk_filled_by_the_journal_itself_heals_by_pruning(small_disk: Path) -> None:
    store = SqliteJournal(small_disk / "journal.sqlite3")
    store.migrate()
    store.open()
    kept = 0
    while store.append([new_event() for _ in range(500)]).exception(timeout=20) is None:
        kept += 500
        try:
            route(store)
        except JournalUnavailable:  # it was routing that met the full disk; the reserve makes room for it
            route(store)
    with pytest.raises(JournalUnavailable, match="disk is full"):
        append(store, new_event())

    removed = 0
    while not store.health().writable:
        removed += store.prune(before=0, max_bytes=0, min_free_bytes=0).events

    append(store, new_event())
    assert 0 < removed < kept
    assert store.health().unrouted == 1
    store.close()
    assert {file.name for file in small_disk.iterdir()} == {"journal.sqlite3", "journal.sqlite3.lock"}
