"""Retaining: old events go by themselves."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eventhub.flow.retain import Retainer, exceeds
from eventhub.journal.port import START, Health
from eventhub.journal.sqlite import SqliteJournal
from tests.journal.build import DAY, append, new_event, now_us, route, until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteJournal]:
    store = SqliteJournal(tmp_path / "journal.sqlite3")
    store.migrate()
    store.open()
    yield store
    store.close()


@pytest.fixture
def retainer(store: SqliteJournal, settings: Any) -> Iterator[Retainer]:
    settings.RETENTION_DAYS, settings.RETENTION_BYTES, settings.MIN_FREE_BYTES = 7, 0, 0
    retainer = Retainer(store, look_seconds=0.01, prune_seconds=0.05)
    yield retainer
    retainer.stop()


def health(**figures: Any) -> Health:
    return replace(Health(True, "", 1000, 10**12, 0, None, 0, None, 0.0, ""), **figures)


def test_events_past_the_retention_go_and_younger_ones_stay(store: SqliteJournal, retainer: Retainer) -> None:
    young = new_event(accepted_at=now_us() - 6 * DAY)
    append(store, *(new_event(accepted_at=now_us() - 8 * DAY) for _ in range(700)), young)
    route(store)

    retainer.start()

    until(lambda: len(store.read(1, START, 1000)) == 1)
    assert store.read(1, START, 10)[0].event == young


def test_a_journal_over_its_limit_is_pruned_at_once(
    store: SqliteJournal, retainer: Retainer, settings: Any
) -> None:
    retainer.start()  # its first round finds nothing to do
    append(store, *(new_event(detail=b'{"x": "' + b"x" * 1000 + b'"}') for _ in range(2000)))
    route(store)
    size = store.health().size_bytes

    settings.RETENTION_BYTES = size // 2

    until(lambda: store.health().size_bytes <= size // 2)


def test_it_outlives_a_journal_that_is_away(retainer: Retainer, store: SqliteJournal) -> None:
    store.close()
    retainer.start()
    store.open()
    append(store, new_event(accepted_at=now_us() - 8 * DAY))
    route(store)

    until(lambda: not store.read(1, START, 10))


def test_limits_are_looked_at_one_by_one(settings: Any) -> None:
    settings.RETENTION_BYTES, settings.MIN_FREE_BYTES = 5000, 10**6

    assert not exceeds(health())
    assert exceeds(health(size_bytes=5001))
    assert exceeds(health(free_bytes=10**6 - 1))
    assert exceeds(health(writable=False, reason="the disk is full"))
    assert not exceeds(health(free_bytes=None))
