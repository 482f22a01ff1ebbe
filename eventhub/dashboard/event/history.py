"""One delivery's history: its attempts, the times it was given up, and the times it was brought back."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from eventhub.dashboard.event.decision import Decision, Tried, decision
from eventhub.dashboard.event.exchange import Exchange, exchange_of
from eventhub.dashboard.event.waterfall import PHASES, Axis, Bar, Span, phases_of
from eventhub.journal.rows import AttemptRow, DeadLetterRow, microseconds

CHUNK = 50  # attempts that are shown at once of a delivery with more
_LEAST_MS = 0.05  # a phase that took less reads as nothing


@dataclass(frozen=True, slots=True)
class AttemptShown:
    """One try. ``exchange`` is None where the page asks for it later."""

    row: AttemptRow
    took_ms: float
    phases: list[tuple[str, float]]  # milliseconds, in their order
    lane: list[Bar]
    decision: Decision
    by: str  # who or what caused it
    exchange: Exchange | None

    @property
    def key(self) -> str:
        """Return how an address names it, ``?attempt=41.3``."""
        return f"{self.row.delivery_id}.{self.row.number}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a history: an attempt, a dead letter, or a redrive by somebody."""

    attempt: AttemptShown | None = None
    letter: DeadLetterRow | None = None
    redriven_at: datetime | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of steps by the numbers of their attempts; ``steps`` is None where the page asks later."""

    first: int
    last: int
    steps: list[Step] | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a history needs beside its rows."""

    axis: Axis
    zero: int  # the moment where the axis begins, in microseconds since 1970
    is_masked: bool = False
    max_attempts: int | None = None  # of the target now
    replay: str = ""  # the replay that put the event on its bus
    redrivers: Mapping[int, str] = field(
        default_factory=dict
    )  # who brought letters back, by the letter's seq
    with_exchange: Collection[int] = ()  # the seqs of the attempts that are loaded whole


def history_of(attempts: Sequence[AttemptRow], letters: Sequence[DeadLetterRow], told: Told) -> list[Step]:
    """Return the steps in their order; both sequences are of one delivery, oldest first."""
    steps: list[Step] = []
    waiting = list(letters)
    begun_after = 0  # attempts made before the delivery's budget began anew
    by = f"replay {told.replay}" if told.replay else "first attempt"
    for place, row in enumerate(attempts):
        # A letter without an attempt of its own (the target was deleted) comes after the ones before it.
        for letter in _given_up(steps, waiting, told, before=row.number):
            begun_after = letter.attempts
            by = f"redrive by {_name(told.redrivers.get(letter.seq, ''))}"
        letter_of_it = waiting[0] if waiting and waiting[0].attempts == row.number else None
        following = attempts[place + 1] if place + 1 < len(attempts) else None
        steps.append(Step(attempt=_shown(row, following, letter_of_it, told, begun_after=begun_after, by=by)))
        by = "retry, by itself"
    _given_up(steps, waiting, told, before=None)
    return steps


def chunks_of(steps: Sequence[Step], wanted: Collection[int] = ()) -> list[Chunk]:
    """Return a history in chunks: a short one whole, of a long one the last and those with wanted numbers."""
    numbers = [step.attempt.row.number for step in steps if step.attempt is not None]
    if len(numbers) <= CHUNK + CHUNK // 5:
        return [Chunk(1, len(numbers), list(steps))]
    chunks: list[list[Step]] = [[]]
    made = 0
    for step in steps:
        if step.attempt is not None:
            if made and made % CHUNK == 0:
                chunks.append([])
            made += 1
        chunks[-1].append(step)
    shown = []
    for place, those in enumerate(chunks):
        first, last = place * CHUNK + 1, min(made, (place + 1) * CHUNK)
        is_wanted = place == len(chunks) - 1 or any(first <= number <= last for number in wanted)
        shown.append(Chunk(first, last, those if is_wanted else None))
    return shown


def lane_of(
    routed_at: int, attempts: Sequence[AttemptRow], letters: Sequence[DeadLetterRow], zero: int
) -> list[Span]:
    """Return a delivery's spans: what it waited for, and its attempts with their phases.

    ``routed_at`` and the spans are in microseconds since ``zero``.
    """
    spans: list[Span] = []
    waits_from = routed_at
    redriven = {letter.attempts + 1: letter.redriven_at for letter in letters if letter.redriven_at}
    for attempt in attempts:
        start, end = _since(attempt.started_at, zero), _since(attempt.ended_at, zero)
        if (again := redriven.get(attempt.number)) is not None:  # nobody waited for it before
            waits_from = max(waits_from, _since(again, zero))
        if start > waits_from:
            kind = "queue" if attempt.number == 1 or again is not None else "backoff"
            spans.append(Span(kind, waits_from, start, f"{kind} {(start - waits_from) / 1000:.1f} ms"))
        spans += phases_of(start, end, json.loads(attempt.phases))
        if attempt.error:
            spans.append(Span("failed", end, end, f"#{attempt.number} failed: {attempt.error}"))
        waits_from = end
    return spans


def _given_up(
    steps: list[Step], waiting: list[DeadLetterRow], told: Told, *, before: int | None
) -> list[DeadLetterRow]:
    """Append the letters before an attempt, and their redrives; return the letters that were redriven."""
    redriven = []
    while waiting and (before is None or waiting[0].attempts < before):
        letter = waiting.pop(0)
        steps.append(Step(letter=letter))
        if letter.redriven_at is not None:
            redriven.append(letter)
            by = _name(told.redrivers.get(letter.seq, ""))
            steps.append(Step(redriven_at=letter.redriven_at, by=by))
    return redriven


def _shown(
    row: AttemptRow,
    following: AttemptRow | None,
    letter: DeadLetterRow | None,
    told: Told,
    *,
    begun_after: int,
    by: str,
) -> AttemptShown:
    exchange = exchange_of(row, is_masked=told.is_masked) if row.seq in told.with_exchange else None
    took = json.loads(row.phases)
    start, end = _since(row.started_at, told.zero), _since(row.ended_at, told.zero)
    spans = phases_of(start, end, took)
    if row.error:
        spans.append(Span("failed", end, end))
    next_at = row.next_at
    until = following.started_at if following is not None else next_at
    if until is not None and row.state == "pending":
        spans.append(Span("backoff", end, max(end, _since(until, told.zero)), "backoff"))
    tried = Tried(
        state=row.state,
        number=row.number - begun_after,
        error=row.error,
        fault=row.reason_class,
        status=row.status,
        next_at=None if following is not None else next_at,
        retry_after=exchange.retry_after if exchange else "",
        given_up=letter.reason if letter is not None else "",
    )
    return AttemptShown(
        row=row,
        took_ms=(row.ended_at - row.started_at).total_seconds() * 1000,
        phases=[(name.replace("_", " "), took[name]) for name in PHASES if took.get(name, 0) >= _LEAST_MS],
        lane=[told.axis.bar(span) for span in spans],
        decision=decision(tried, max_attempts=told.max_attempts),
        by=by,
        exchange=exchange,
    )


def _since(moment: datetime, zero: int) -> int:
    return max(0, microseconds(moment) - zero)


def _name(who: str) -> str:
    return who.partition(":")[2] or who or "somebody"
