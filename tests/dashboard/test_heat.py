"""The grid of durations, and the estimate of when a backlog is gone."""

from itertools import pairwise

import pytest

from eventhub.dashboard.targets.drain import Drain
from eventhub.dashboard.targets.heat import COLUMNS, LEVELS, heat_of
from eventhub.journal.counted import BOUNDS_MS, bucket_of
from eventhub.journal.looking_back import Latencies, Past
from eventhub.journal.rolling import Grain

PAST = Past(0, COLUMNS * 60, Grain.MINUTE, step=60)


def took(minute: int, *durations_ms: float) -> Latencies:
    buckets = [0] * len(BOUNDS_MS)
    for ms in durations_ms:
        buckets[bucket_of(ms)] += 1
    return Latencies(minute * 60, 7, tuple(buckets))


def test_every_attempt_is_in_one_cell_of_its_minute_and_its_row() -> None:
    durations = [0.01, 0.9313, 1, 51.6988, 51.7, 700, 61_000, 1e9]

    heat = heat_of([took(3, *durations)], PAST)

    assert heat.total == len(durations)
    assert sum(cell.count for row in heat.rows for cell in row.cells) == len(durations)
    assert {number for row in heat.rows for number, cell in enumerate(row.cells) if cell.count} == {3}
    for ms in durations:
        [row] = [row for row in heat.rows if row.over < ms <= (row.under or 1e12)]
        assert row.total >= 1, ms


def test_rows_go_from_the_slowest_down_and_join() -> None:
    rows = heat_of([], PAST).rows

    assert (rows[0].under, rows[-1].over) == (None, 0.0)
    assert all(above.over == below.under for above, below in pairwise(rows))
    assert (rows[0].label, rows[-1].span) == ("> 82 s", "up to 0.93 ms")


def test_shades_go_by_orders_of_magnitude_and_one_attempt_is_seen() -> None:
    heat = heat_of([took(0, *[10.0] * 10_000), took(1, 10.0), took(2, *[10.0] * 100)], PAST)
    [row] = [row for row in heat.rows if row.total]

    assert row.cells[0].level == LEVELS
    assert row.cells[1].level == 1
    assert 1 < row.cells[2].level < LEVELS
    assert row.cells[3].level == 0


def test_nothing_is_no_trouble() -> None:
    heat = heat_of([], PAST)

    assert heat.total == 0
    assert all(column.p99 is None and not column.attempts for column in heat.columns)


@pytest.mark.parametrize(
    ("drain", "ms", "grows", "is_least"),
    [
        (Drain(100, 2, 12), 10_000.0, False, False),
        (Drain(100, 12, 2), None, True, False),
        (Drain(100, 0, 0), None, False, False),
        (Drain(10_000, 0, 10), 1_000_000.0, False, True),
        (Drain(0, 5, 5), 0.0, False, False),
    ],
)
def test_a_backlog_is_gone_when_more_goes_than_comes(
    drain: Drain, ms: float | None, grows: bool, is_least: bool
) -> None:
    assert (drain.ms, drain.grows, drain.is_least) == (ms, grows, is_least)
