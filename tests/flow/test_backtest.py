"""Backtesting reads a bus's stored events, newest first, within bounds, on both engines."""

from typing import Any

import pytest

from eventhub.domain.pattern import Fate, parse
from eventhub.flow import backtest
from eventhub.flow.backtest import Window, run
from eventhub.journal.port import Journal
from tests.journal.build import append, new_event
from tests.live.conftest import postgres_journal  # noqa: F401 - the fixture

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "journal"]),
    pytest.mark.parametrize("engine", ["sqlite", "postgres"]),
]
SHOP = parse('{"source": ["shop"]}')
SECOND = 1_000_000
T0 = 1_760_000_000 * SECOND


@pytest.fixture
def engine_journal(engine: str, request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue("journal" if engine == "sqlite" else "postgres_journal")


def put(journal: Journal, count: int, **members: Any) -> list[str]:
    """Append events of consecutive seconds; return their ids."""
    at = members.pop("at", T0)
    events = [new_event(accepted_at=at + number * SECOND, **members) for number in range(count)]
    append(journal, *events)
    return [str(event.id) for event in events]


def ids(report: backtest.Report, fate: Fate = Fate.GAINED) -> list[str]:
    return [str(key.id) for key in report.found.keys[fate]]


def test_the_newest_events_of_the_bus_are_held_against_the_pattern(engine_journal: Journal) -> None:
    put(engine_journal, 3, bus_id=2, bus="other")
    mine = put(engine_journal, 5)
    put(engine_journal, 2, source="crm", at=T0 + 10 * SECOND)

    report = run(SHOP, None, Window(1, "default", most=5))

    assert (report.found.scanned, report.events, report.more) == (5, 7, False)
    assert ids(report) == mine[:1:-1]
    assert report.oldest is not None
    assert str(report.oldest.id) == mine[2]


def test_a_time_bounds_it_exactly_to_the_millisecond(engine_journal: Journal) -> None:
    mine = put(engine_journal, 10)

    report = run(SHOP, None, Window(1, "default", since=T0 + 2 * SECOND, until=T0 + 5 * SECOND))

    assert ids(report) == mine[4:1:-1]
    assert report.events == 3


def test_a_head_leaves_out_what_came_later(engine_journal: Journal) -> None:
    mine = put(engine_journal, 3)
    first = run(SHOP, None, Window(1, "default"))
    put(engine_journal, 2, at=T0 + 10 * SECOND)

    again = run(SHOP, None, Window(1, "default", head=first.head))

    assert ids(again) == ids(first) == mine[::-1]
    assert again.head == first.head


def test_chunks_leave_no_event_out(engine_journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "CHUNK", 3)
    mine = put(engine_journal, 10)

    assert ids(run(SHOP, None, Window(1, "default"))) == mine[::-1]
    assert len(ids(run(SHOP, None, Window(1, "default", most=7)))) == 7


def test_the_time_is_bounded(engine_journal: Journal) -> None:
    put(engine_journal, 100)

    report = run(SHOP, None, Window(1, "default"), seconds=-1)

    assert report.found.ran_out
    assert (report.found.scanned, report.events) == (0, 100)
