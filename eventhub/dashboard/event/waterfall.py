"""When what happened to one event: spans on a common axis, in percent of its width. Pure.

Long waits would press everything else to hairlines, so a stretch in which nothing is done (waiting in the
queue, backing off) is *folded* to a fixed width when it is longer than a fifth of the whole, and marked with
its true length.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

PHASES = ("dns", "connect", "tls", "send", "first_byte", "body")
_FOLDED_BEYOND = 0.2  # of the whole
_FOLD_PERCENT = 8.0
_THINNEST_PERCENT = 0.35
_TICKS = 6
_LABEL_PERCENT = 13.0  # of the axis, in a narrow window
_UNTOLD = 1000  # microseconds of an attempt that need no bar of their own
_ROOM_PERCENT = 98.0  # the last span must not touch the border


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, in microseconds since the event was accepted."""

    kind: str  # accept, match, queue, attempt, backoff, or a phase of an attempt
    start: int
    end: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A span's place on the axis."""

    kind: str
    x: float
    width: float
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on the axis: a tick, or the true length of a fold."""

    x: float
    milliseconds: float
    is_fold: bool = False


class Axis:
    """Maps moments to percent of the width, with long idle stretches folded."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.whole = max([span.end for span in spans], default=0) or 1
        self._folds = list(_long_gaps(spans, self.whole))
        shown = self.whole - sum(end - start for start, end in self._folds)
        room = _ROOM_PERCENT - _FOLD_PERCENT * len(self._folds)
        self._per_microsecond = room / max(1, shown)

    def x(self, moment: int) -> float:
        """Return a moment's place in percent."""
        place = float(moment) * self._per_microsecond
        for start, end in self._folds:
            if moment <= start:
                break
            inside = min(moment, end) - start
            place += inside * (_FOLD_PERCENT / (end - start) - self._per_microsecond)
        return round(place, 3)

    def bar(self, span: Span) -> Bar:
        """Return a span's place; never too thin to be seen."""
        x = self.x(min(span.start, self.whole))
        width = self.x(min(span.end, self.whole)) - x
        return Bar(span.kind, x, max(_THINNEST_PERCENT, round(width, 3)), span.title)

    def marks(self) -> list[Mark]:
        """Return ticks at round moments outside the folds, and the folds with their lengths."""
        step = _round_step((self.whole - sum(end - start for start, end in self._folds)) / _TICKS)
        marks = [Mark(self.x((start + end) // 2), (end - start) / 1000, True) for start, end in self._folds]
        # A tick's text begins at it, a fold's has it in its middle.
        taken = [mark.x - _LABEL_PERCENT / 2 for mark in marks]
        for start, end in self._shown():
            for moment in range(-(-start // step) * step, end + 1, step):
                x = self.x(moment)
                if x < 94 and all(abs(x - other) > _LABEL_PERCENT for other in taken):
                    taken.append(x)
                    marks.append(Mark(x, moment / 1000))
        return sorted(marks, key=lambda mark: mark.x)

    def folds(self) -> list[Bar]:
        """Return where the folds lie."""
        return [self.bar(Span("fold", start, end)) for start, end in self._folds]

    def _shown(self) -> Iterable[tuple[int, int]]:
        begun = 0
        for start, end in self._folds:
            yield begun, start
            begun = end
        yield begun, self.whole


def phases_of(start: int, end: int, milliseconds: Mapping[str, float]) -> list[Span]:
    """Return an attempt's phases one after the other, and the time after them that no phase tells of.

    Of an attempt that timed out, that is what it waited for an answer.
    """
    spans = []
    at = start
    for phase in PHASES:
        length = round(milliseconds.get(phase, 0) * 1000)
        if length > 0:
            spans.append(
                Span(phase, at, min(end, at + length), f"{phase.replace('_', ' ')} {length / 1000:.1f} ms")
            )
            at = min(end, at + length)
    if not spans or end - at > _UNTOLD:
        spans.append(Span("attempt", at, end, f"waiting {(end - at) / 1000:.1f} ms" if spans else ""))
    return spans


def _long_gaps(spans: Sequence[Span], whole: int) -> Iterable[tuple[int, int]]:
    busy = sorted((span.start, span.end) for span in spans if span.kind not in {"queue", "backoff"})
    reached = 0
    for start, end in [*busy, (whole, whole)]:
        if start - reached > _FOLDED_BEYOND * whole:
            yield reached, start
        reached = max(reached, end)


def _round_step(microseconds: float) -> int:
    """Return the next 1, 2 or 5 times a power of ten.

    >>> [_round_step(60), _round_step(1300), _round_step(0.2)]
    [100, 2000, 1]
    """
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= microseconds:
                return step * factor
        step *= 10
