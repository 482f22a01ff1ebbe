"""The scrubber as the page renders it: bars, marks above them, and the ways through time as plain links."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.dashboard.scrubber.bars import Bars, read_bars
from eventhub.dashboard.scrubber.marks import Mark, read_marks
from eventhub.dashboard.scrubber.span import BARS, LENGTHS, Length, Span, written
from eventhub.flow.process import NotRunningError, parts
from eventhub.models import Bus


@dataclass(frozen=True, slots=True)
class Scrubber:
    """What ``templates/_scrubber.html`` shows."""

    span: Span
    bars: Bars
    marks: list[Mark]
    kept: Mapping[str, str]  # what else the address says, which every link keeps

    @property
    def lengths(self) -> list[tuple[Length, str]]:
        """Return the spans to choose from, each with its link."""
        return [(one, self._link(replace(self.span, length=one))) for one in LENGTHS]

    @property
    def back(self) -> str:
        """Return the link to the bar before."""
        return self._link(self.span.moved(-1))

    @property
    def on(self) -> str:
        """Return the link to the next bar, which may be now."""
        return self._link(self.span.moved(1))

    @property
    def live(self) -> str:
        """Return the link to now."""
        return self._link(replace(self.span, at=None))

    @property
    def at(self) -> str:
        """Return the instant shown as addresses have it; empty for now."""
        return "" if self.span.at is None else written(self.span.at)

    @property
    def needle(self) -> float:
        """Return where the instant stands, in bars from the first."""
        return self.span.bar + 1

    @property
    def said(self) -> str:
        """Return the bar that leads to the instant, in words."""
        return self.bars.said(self.span.bar)

    @property
    def told(self) -> str:
        """Return the whole drawing in a sentence."""
        accepted, failed = sum(self.bars.accepted), sum(self.bars.failed)
        return f"The last {self.span.length.name}: {accepted:,} events, {failed:,} failed attempts"

    @property
    def placed(self) -> list[tuple[str, Mark]]:
        """Return the marks, each with its place from the left as SVG has it."""
        whole = BARS * self.span.length.step
        return [(f"{100 * (mark.at - self.span.since) / whole:.2f}%", mark) for mark in self.marks]

    @property
    def sent(self) -> Mapping[str, object]:
        """Return what the page's script begins with, as ``/flow/bars`` sends it."""
        return {
            "since": self.span.since,
            "step": self.span.length.step,
            "first": 0,
            "bars": list(zip(self.bars.accepted, self.bars.failed, strict=True)),
            "marks": [[mark.at, mark.kind, mark.text] for mark in self.marks],
        }

    def _link(self, span: Span) -> str:
        asked = dict(self.kept)
        if span.at is not None:
            asked["at"] = written(span.at)
        if span.length is not LENGTHS[0]:
            asked["win"] = str(span.length.minutes)
        return f"/flow?{urlencode(asked)}" if asked else "/flow"


def scrubber_of(span: Span, caller: Caller, bus: Bus | None, given: Mapping[str, str]) -> Scrubber | None:
    """Return the scrubber of a bus, or of all that a caller sees; None where nothing runs that knows.

    ``given`` are the parameters of the page's address.
    """
    try:
        journal = parts().journal
    except NotRunningError:
        return None
    bus_ids = caller.buses(Scope.EVENTS_READ) if bus is None else {bus.pk}
    bars = read_bars(journal, span, bus_ids)
    marks = read_marks(journal, span, caller, bus.pk if bus else None)
    kept = {name: text for name, text in given.items() if name not in ("at", "win")}
    return Scrubber(span, bars, marks, kept)
