"""What the embedded engine's writer promises beside the port: who shares a commit with whom."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eventhub.journal.port import START, Hint
from eventhub.journal.sqlite import SqliteJournal, committer
from tests.journal.build import append, claim, delivered, new_delivery, new_event, route
from tests.until import until

LONG = 60.0  # seconds that no test waits


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteJournal]:
    store = SqliteJournal(tmp_path / "journal.sqlite3")
    store.migrate()
    store.open()
    yield store
    store.close()


@pytest.fixture
def commits(store: SqliteJournal) -> Callable[[], int]:
    """Count the commits so far."""
    texts: list[str] = []
    store._writer.write(lambda db: db.set_trace_callback(texts.append))
    return lambda: texts.count("COMMIT")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def waits(store: SqliteJournal, count: int) -> None:
    """Wait until so many writes have been handed in and not begun."""
    until(lambda: len(store._writer._waiting) == count, seconds=20, what=f"{count} to wait")


def test_a_patient_write_comes_along_with_the_next_one(
    store: SqliteJournal, commits: Callable[[], int], pool: ThreadPoolExecutor
) -> None:
    before = commits()
    patient = pool.submit(lambda: store._writer.write(lambda _db: "done", patience_seconds=LONG))
    waits(store, 1)

    store._writer.write(lambda _db: None)

    assert patient.result(timeout=20) == "done"
    assert commits() - before == 1


def test_a_patient_write_is_committed_in_time_when_nothing_else_comes(store: SqliteJournal) -> None:
    assert store._writer.write(lambda _db: "done", patience_seconds=0.001) == "done"


def test_closing_commits_what_is_patient(store: SqliteJournal, pool: ThreadPoolExecutor) -> None:
    patient = pool.submit(lambda: store._writer.write(lambda _db: "done", patience_seconds=LONG))
    waits(store, 1)

    store.close()

    assert patient.result(timeout=20) == "done"


def test_events_share_the_commit_of_the_routing_of_those_before(
    store: SqliteJournal, commits: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer, "ROUTED_SECONDS", LONG)
    told = threading.Event()
    store.watch(lambda _hint: told.set())
    store.append([new_event()]).result(timeout=20)
    assert told.wait(timeout=20)
    before = commits()

    following = store.append([new_event()])
    store._writer.write(lambda _db: None)  # in the place of the routing

    following.result(timeout=20)
    assert commits() - before == 1


def test_a_write_that_fails_takes_no_other_with_it(store: SqliteJournal, pool: ThreadPoolExecutor) -> None:
    bad = pool.submit(lambda: store._writer.write(_bad, patience_seconds=LONG))
    good = pool.submit(lambda: store._writer.write(_good, patience_seconds=LONG))
    waits(store, 2)

    appended = store.append([new_event()])

    appended.result(timeout=20)
    assert good.result(timeout=20) == 1
    with pytest.raises(sqlite3.IntegrityError, match=r"meta\.name"):
        bad.result(timeout=20)
    assert len(store.read(1, START, 10)) == 1


def _good(db: sqlite3.Connection) -> int:
    return db.execute("INSERT INTO meta VALUES ('good', '')").rowcount


def _bad(db: sqlite3.Connection) -> int:
    return db.execute("INSERT INTO meta VALUES ('epoch', 'again')").rowcount


def test_only_new_events_are_a_hint_to_route(store: SqliteJournal) -> None:
    append(store, new_event(), new_event())
    heard: list[Hint] = []
    store._writer.write(lambda _db: None)  # by now the hint of the append was given
    store.watch(heard.append)

    route(store, new_delivery())
    first, second = claim(store)
    store.settle([delivered(first)])
    store._writer.write(lambda _db: None)
    assert Hint.EVENTS not in heard
    assert Hint.OUTCOMES in heard

    store.settle([delivered(second, entries=[new_event()])])
    until(lambda: Hint.EVENTS in heard, seconds=20, what="the hint of what was put on a bus")
