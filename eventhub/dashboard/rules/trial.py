"""What a draft would do: its faults, what saving it changes, and the backtest over stored events."""

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.dashboard.rules.form import Form
from eventhub.dashboard.rules.load import Load, loads_of
from eventhub.dashboard.rules.tried import Tab, tabs_of
from eventhub.domain.difference import Difference, differences
from eventhub.domain.mask import is_masked
from eventhub.domain.pattern import Fate, Pattern, PatternError, english, parse
from eventhub.flow import backtest
from eventhub.flow.editing import Draft, differing, faults_of
from eventhub.models import Bus, Rule

WINDOWS = {"newest": "the newest 10,000 events", "1h": "the last hour", "24h": "the last 24 hours"}
_SECONDS = {"1h": 3600, "24h": 86_400}
COLUMNS = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """A draft as it stands in ``form``: of a rule, or of a new one without; and who wants to try it."""

    draft: Draft
    form: Form
    rule: Rule | None
    bus: Bus
    caller: Caller


@dataclass(frozen=True, slots=True)
class ClauseShown:
    """A clause of the draft, and how many of the scanned events meet it alone."""

    path: str
    wanted: str
    events: int
    share: float
    is_narrowest: bool


@dataclass(slots=True)
class Trial:
    """What came out. Without a ``report`` nothing was held against events; ``refused`` may say why."""

    fault: PatternError | None = None
    sentence: str = ""
    refused: str = ""
    compared: bool = False
    differences: list[Difference] = field(default_factory=list)
    report: backtest.Report | None = None
    window: str = "newest"
    clauses: list[ClauseShown] = field(default_factory=list)
    tabs: list[Tab] = field(default_factory=list)
    chosen: str = ""  # the tab that was chosen
    loads: list[Load] = field(default_factory=list)
    would: list[int] = field(default_factory=list)
    now: list[int] = field(default_factory=list)
    seconds: float = 0.0  # from the oldest scanned event to now

    @property
    def share(self) -> float:
        """Return the share of the scanned events that the draft matches."""
        return self.report.found.matched / max(1, self.report.found.scanned) if self.report else 0.0

    @property
    def shown(self) -> str:
        """Return the tab to show: the chosen one, else the first that has events."""
        keys = [tab.key for tab in self.tabs]
        if self.chosen in keys:
            return self.chosen
        return next((tab.key for tab in self.tabs if tab.count), keys[0] if keys else "")

    @property
    def per_second(self) -> float:
        """Return how often the draft would have matched."""
        return self.report.found.matched / self.seconds if self.report and self.seconds else 0.0

    @property
    def per_minute(self) -> int:
        """Return the same by the minute, for what is rare."""
        return round(self.per_second * 60)


def try_draft(asked: Asked, *, window: str, most: int) -> Trial:
    """Judge a draft, and hold its pattern against the bus's stored events if the caller may read them.

    What the models refuse is noted in the form. ``window`` is one of ``WINDOWS``, ``most`` how many events
    of each fate are told.
    """
    draft, rule, bus = asked.draft, asked.rule, asked.bus
    trial = Trial(window=window if window in WINDOWS else "newest", compared=rule is not None)
    asked.form.add(faults_of(copy.copy(rule) if rule else Rule(bus=bus), draft))
    if rule is not None:
        trial.differences = differences(*differing(rule, draft))
    if not draft.pattern.strip():
        return trial
    try:
        pattern = parse(draft.pattern)
    except PatternError as error:
        trial.fault = error
        return trial
    trial.sentence = english(pattern)
    trial.refused = _refused(pattern, bus, asked.caller)
    if not trial.refused:
        _backtest(trial, pattern, asked, most)
    return trial


def _refused(pattern: Pattern, bus: Bus, caller: Caller) -> str:
    if not caller.may(Scope.EVENTS_READ, bus.pk):
        return f"You may not read the events of bus {bus.name}, so nothing is tried on them."
    masked = masked_paths(caller, bus.pk)
    hidden = next((one.path for one in pattern.fields if is_masked(one.path, masked)), None)
    return f"{hidden} is masked for you: what it matches would tell what is there." if hidden else ""


def _backtest(trial: Trial, pattern: Pattern, asked: Asked, most: int) -> None:
    now, rule = time.time(), asked.rule
    since = int((now - _SECONDS[trial.window]) * 1_000_000) if trial.window in _SECONDS else None
    window = backtest.Window(asked.bus.pk, asked.bus.name, since=since)
    report = trial.report = backtest.run(pattern, _in_force(rule), window)
    trial.clauses = _clauses(report)
    trial.tabs = tabs_of(report, pattern, compared=rule is not None, most=most)
    if report.oldest is None:
        return
    oldest, keys = report.oldest.accepted_at, report.found.keys
    trial.seconds = max(1.0, now - oldest / 1_000_000)
    trial.would = _columns(keys[Fate.GAINED] + keys[Fate.STILL], oldest, now)
    trial.now = _columns(keys[Fate.LOST] + keys[Fate.STILL], oldest, now)
    trial.loads = loads_of(
        asked.draft, rule, would=report.found.matched, now=report.found.now_matched, seconds=trial.seconds
    )


def _clauses(report: backtest.Report) -> list[ClauseShown]:
    clauses, scanned = report.found.clauses, max(1, report.found.scanned)
    fewest = min((one.events for one in clauses), default=0)
    return [
        ClauseShown(
            one.path,
            one.wanted,
            one.events,
            one.events / scanned,
            is_narrowest=len(clauses) > 1 and one.events == fewest,
        )
        for one in clauses
    ]


def _in_force(rule: Rule | None) -> Pattern | None:
    if rule is None or not rule.pattern.strip():
        return None
    try:
        return parse(rule.pattern)
    except PatternError:  # only by a hand in the database: then everything is gained
        return None


def _columns(keys: Sequence[backtest.Seen], since: int, now: float) -> list[int]:
    """Return how many events there were in each part of the time since ``since`` (microseconds)."""
    columns = [0] * COLUMNS
    width = max(1.0, (now * 1_000_000 - since) / COLUMNS)
    for key in keys:
        columns[min(COLUMNS - 1, int((key.accepted_at - since) / width))] += 1
    return columns
