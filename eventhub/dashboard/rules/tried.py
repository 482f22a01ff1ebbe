"""The events of a backtest, by what a draft changes for them, each with its explanation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from eventhub.domain.pattern import Explanation, Fate, Pattern, explain
from eventhub.domain.pattern.explain import AllReport, AnyReport, FieldReport
from eventhub.flow.backtest import Report
from eventhub.flow.payload import envelope_of
from eventhub.flow.stored import event_of
from eventhub.journal.rows import EventRow

NEAREST = "nearest"
_WORDS = {
    Fate.GAINED: ("+", "Added", "events that the draft matches, and the saved pattern does not"),
    Fate.LOST: ("−", "Removed", "events that the saved pattern matches, and the draft does not"),
    Fate.STILL: ("=", "Still", "events that both match"),
}
MATCHED = ("✓", "Matches", "events that the pattern matches")
MISSED = ("≈", "Nearest misses", "events that came nearest to matching")


class Line(NamedTuple):
    """One clause of an explanation; ``depth`` is how many alternatives it lies in."""

    depth: int
    holds: bool
    words: str


@dataclass(frozen=True, slots=True)
class TriedRow:
    """An event, and why the draft matches it or not."""

    event: EventRow
    words: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Tab:
    """Events of one fate: how many in all, and the first of them."""

    key: str
    sign: str
    label: str
    said: str
    count: int
    rows: list[TriedRow]

    @property
    def more(self) -> int:
        """Return how many are not told."""
        return self.count - len(self.rows)


def tabs_of(report: Report, draft: Pattern, *, compared: bool, most: int) -> list[Tab]:
    """Return the tabs; without a saved pattern what matches is not told as added."""
    found = report.found
    fates = list(Fate) if compared else [Fate.GAINED]
    shown = {fate: [key.id for key in found.keys[fate][:most]] for fate in fates}
    missed = [miss.key.id for miss in found.nearest]
    ids = {event_id for event_ids in shown.values() for event_id in event_ids} | set(missed)
    rows = {row.id: row for row in EventRow.objects.filter(id__in=ids)}
    tabs = []
    for fate in fates:
        sign, label, said = _WORDS[fate] if compared else MATCHED
        tried = [_tried(rows[event_id], draft) for event_id in shown[fate] if event_id in rows]
        tabs.append(Tab(fate.value, sign, label, said, len(found.keys[fate]), tried))
    nearest = [_row(rows[miss.key.id], miss.explanation) for miss in found.nearest if miss.key.id in rows]
    return [*tabs, Tab(NEAREST, *MISSED, len(nearest), nearest)]


def _tried(row: EventRow, draft: Pattern) -> TriedRow:
    return _row(row, explain(draft, envelope_of(event_of(row)).decoded()))


def _row(row: EventRow, explanation: Explanation) -> TriedRow:
    return TriedRow(row, explanation.words, list(_lines(explanation.tree.members, 0)))


def _lines(members: Sequence[FieldReport | AnyReport], depth: int) -> Iterator[Line]:
    for one in members:
        if isinstance(one, FieldReport):
            yield Line(depth, one.holds, one.words)
            continue
        yield Line(depth, one.holds, "one of these:")
        for number, alternative in enumerate(one.alternatives):
            yield from _alternative(alternative, number, depth + 1)


def _alternative(alternative: AllReport, number: int, depth: int) -> Iterator[Line]:
    lines = list(_lines(alternative.members, depth))
    if number and lines:
        yield Line(depth, alternative.holds, "or")
    yield from lines
