"""What targets did lately, out of the rollups: one question for each kind of figure, however many targets."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from eventhub.flow.process import NotRunningError, parts
from eventhub.journal.looking_back import Latencies, Past, Tally
from eventhub.journal.port import Journal, TargetState
from eventhub.journal.rolling import Grain

MINUTES = 60


@dataclass(slots=True)
class Figures:
    """One target's attempts; minutes begin on the clock, the oldest first, the last is the present one."""

    last_minute: int = 0
    hour: int = 0
    failed: int = 0  # of the hour
    took: Latencies | None = None  # in the hour
    minutes: list[int] = field(default_factory=lambda: [0] * MINUTES)
    failed_minutes: list[int] = field(default_factory=lambda: [0] * MINUTES)

    @property
    def rate(self) -> float:
        """Return the attempts per second over the last minute."""
        return self.last_minute / 60

    @property
    def success(self) -> float | None:
        """Return the share of the hour's attempts that succeeded; None without attempts."""
        return (self.hour - self.failed) / self.hour if self.hour else None

    @property
    def p50(self) -> float | None:
        """Return the milliseconds within which half of the hour's attempts ended."""
        return self.took.quantile(0.5) if self.took else None

    @property
    def p95(self) -> float | None:
        """Return the milliseconds within which 95 % of the hour's attempts ended."""
        return self.took.quantile(0.95) if self.took else None

    @property
    def p99(self) -> float | None:
        """Return the milliseconds within which 99 % of the hour's attempts ended."""
        return self.took.quantile(0.99) if self.took else None


def figures(
    bus_ids: Collection[int] | None, *, now: int, ids: Collection[int] | None = None
) -> dict[int, Figures]:
    """Return the figures of targets that have any, by id, of attempts for some buses (None: for all).

    Latencies and minutes only come with ``add_latencies`` and ``add_minutes``: of 2,000 busy targets they
    take a hundred times as many rows.
    """
    journal = journal_here()
    if journal is None:
        return {}
    found: dict[int, Figures] = {}
    for one in journal.counts(
        "attempt", Past(now - 60, now, Grain.SECOND), by=("b",), bus_ids=bus_ids, b=ids
    ):
        _of(found, one).last_minute = one.count
    for one in journal.counts("attempt", last_hour(now), by=("b",), bus_ids=bus_ids, b=ids):
        figure = _of(found, one)
        figure.hour, figure.failed = one.count, one.failed
    return found


def add_latencies(found: dict[int, Figures], ids: Collection[int] | None, *, now: int) -> None:
    """Add how long attempts took, of some targets or (None) of all; those for whatever bus are in it."""
    journal = journal_here()
    if journal is None or (ids is not None and not ids):
        return
    for took in journal.latencies("target", last_hour(now), ids=ids):
        found.setdefault(took.id, Figures()).took = took


def add_minutes(
    found: dict[int, Figures], ids: Collection[int], bus_ids: Collection[int] | None, *, now: int
) -> None:
    """Add the attempts of some targets, minute by minute."""
    journal = journal_here()
    if journal is None or not ids:
        return
    past = last_hour(now, step=60)
    for one in journal.counts("attempt", past, by=("b",), bus_ids=bus_ids, b=ids):
        figure, minute = _of(found, one), (one.at - past.since) // 60
        figure.minutes[minute], figure.failed_minutes[minute] = one.count, one.failed


def last_hour(now: int, *, step: int | None = None) -> Past:
    """Return the last 60 minutes of the clock, the present one with them."""
    return Past(now - now % 60 - (MINUTES - 1) * 60, now + 1, Grain.MINUTE, step)


def states() -> Mapping[int, TargetState]:
    """Return how the targets fare that have anything to tell; nothing outside a role."""
    journal = journal_here()
    return {} if journal is None else journal.target_states()


def journal_here() -> Journal | None:
    """Return the journal of this process, or None outside a role: then a page shows what is configured."""
    try:
        return parts().journal
    except NotRunningError:
        return None


def moment_of(seconds: float) -> datetime:
    """Return a clock's reading as a datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def _of(found: dict[int, Figures], one: Tally) -> Figures:
    return found.setdefault(one.counted.b, Figures())
