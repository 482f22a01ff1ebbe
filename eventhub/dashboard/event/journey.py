"""One event's journey, read from the journal's rows: what happened and when.

What grows with the event's deliveries and attempts is read as far as it is shown: of an event with hundreds
the page gets rows in chunks, bodies of deliveries as they are opened, and exchanges one by one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from eventhub.access.caller import Caller
from eventhub.access.sensitive import masked_paths
from eventhub.dashboard import words
from eventhub.dashboard.event.deliveries import DeliveryShown, attributes_of, with_standing
from eventhub.dashboard.event.history import Told, chunks_of, history_of, lane_of
from eventhub.dashboard.event.redrivers import redrivers_of
from eventhub.dashboard.event.waterfall import Axis, Bar, Mark, Span
from eventhub.domain.mask import MARK, mask_fault, mask_reason
from eventhub.flow.payload import envelope_of
from eventhub.flow.replayed import replay_of
from eventhub.flow.stored import event_of
from eventhub.journal.port import NewEvent, OutcomeState
from eventhub.journal.queued import Queued, queued
from eventhub.journal.rows import (
    AttemptRow,
    DeadLetterRow,
    EventRow,
    OutcomeRow,
    RoutingRow,
    microseconds,
)
from eventhub.models import Target

MOST_DELIVERIES = 1000  # that are looked at; of more it is told how many there are
ROWS = 100  # deliveries that are shown at once
BODIES = 20  # of these come with what is in them
MOST_ATTEMPTS = 2000  # with more in all, lanes of others than the shown rows tell no attempts
MOST_LETTERS = 5000
_EXCHANGES = 12  # attempts whose exchanges come with the page
_EXCHANGED_BYTES = 256 * 1024
_TEXTS = ("request", "response")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a long journey is to be shown, by the address: rows from a number on, and what is opened."""

    first: int = 0
    deliveries: frozenset[int] = frozenset()  # by their seq
    attempts: frozenset[tuple[int, int]] = frozenset()  # (delivery, number)

    @property
    def opened(self) -> frozenset[int]:
        """Return the deliveries that are open."""
        return self.deliveries | {delivery for delivery, _number in self.attempts}


@dataclass(slots=True)
class Journey:
    """Everything that the page of one event shows of its way."""

    event: EventRow
    seen: NewEvent  # the event as the reader may see it
    routing: RoutingRow | None
    wanted: Wanted = Wanted()
    masked: tuple[str, ...] = ()  # the paths that are masked for the reader
    outcomes: list[OutcomeRow] = field(default_factory=list)
    count: int = 0  # of deliveries; outcomes are the first MOST_DELIVERIES of them
    first: int = 0
    deliveries: list[DeliveryShown] = field(default_factory=list)  # the shown ones
    attempts: int = 0  # of all deliveries
    match: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    folds: list[Bar] = field(default_factory=list)
    overview: list[list[Bar]] = field(default_factory=list)  # every outcome's lane

    @property
    def in_flight(self) -> bool:
        """Tell whether something is left to happen."""
        return self.routing is None or any(one.state == OutcomeState.PENDING for one in self.outcomes)

    @property
    def is_long(self) -> bool:
        """Tell whether its rows come in chunks, with an overview of them all."""
        return self.count > ROWS or self.attempts > 2 * ROWS

    @property
    def match_ms(self) -> float | None:
        """Return how long it took from acceptance to the end of matching."""
        if self.routing is None:
            return None
        return (microseconds(self.routing.routed_at) - microseconds(self.event.accepted_at)) / 1000

    @property
    def took_ms(self) -> float | None:
        """Return the ms from acceptance until nothing was left to do; None before."""
        if self.routing is None or self.in_flight:
            return None
        ends = [int((self.match_ms or 0) * 1000)]
        ends += [one.latency_us for one in self.outcomes if one.latency_us is not None]
        return max(0, *ends) / 1000

    @property
    def dead(self) -> list[int]:
        """Return the numbers of the dead letters that can be redriven."""
        return [one.letter.seq for one in self.deliveries if one.letter is not None]

    @property
    def chunks(self) -> list[tuple[int, int]]:
        """Return the runs of rows that are not shown yet, as (first, last) from 0, the last one not in it."""
        shown = range(self.first, self.first + len(self.deliveries))
        starts = range(0, len(self.outcomes), ROWS)
        return [(at, min(len(self.outcomes), at + ROWS)) for at in starts if at not in shown]


def journey_of(event: EventRow, reader: Caller, wanted: Wanted = Wanted()) -> Journey:
    """Read an event's journey, as far as the reader may see it; the event itself they may."""
    masked = masked_paths(reader, event.bus_id)
    found = OutcomeRow.objects.filter(event_id=event.id).order_by("seq")
    outcomes = list(found[:MOST_DELIVERIES])
    count = len(outcomes) if len(outcomes) < MOST_DELIVERIES else found.count()
    journey = Journey(
        event=event,
        seen=event_of(event, masked),
        routing=RoutingRow.objects.filter(event_id=event.id).first(),
        wanted=wanted,
        masked=masked,
        outcomes=outcomes,
        count=count,
        attempts=sum(one.attempts for one in outcomes),
    )
    journey.first = _first(outcomes, wanted)
    shown = outcomes[journey.first : journey.first + ROWS]
    letters = _by_delivery(DeadLetterRow.objects.filter(event_id=event.id).order_by("seq")[:MOST_LETTERS])
    attempts = _attempts(journey, shown, wanted)
    if masked:  # rows of this page alone, which are not saved
        if journey.routing is not None:
            journey.routing.error = mask_fault(journey.routing.error)
        _mask(outcomes, chain.from_iterable(letters.values()), chain.from_iterable(attempts.values()))
    _lay_out(journey, shown, attempts, letters, wanted)
    journey.deliveries = with_standing(journey.deliveries, reader)
    return journey


def _first(outcomes: Sequence[OutcomeRow], wanted: Wanted) -> int:
    """Return where the shown rows begin: at the first that is opened, else where it is asked for."""
    for place, outcome in enumerate(outcomes):
        if outcome.seq in wanted.opened:
            return place // ROWS * ROWS
    return min(wanted.first, max(0, len(outcomes) - 1)) // ROWS * ROWS


def _attempts(journey: Journey, shown: Sequence[OutcomeRow], wanted: Wanted) -> dict[int, list[AttemptRow]]:
    """Return the attempts by delivery, those whose exchange is shown with all that was kept."""
    rows = AttemptRow.objects.filter(event_id=journey.event.id)
    if journey.attempts > MOST_ATTEMPTS:
        rows = rows.filter(delivery_id__in=[one.seq for one in shown])
    light = rows.defer(*_TEXTS).order_by("delivery_id", "number")
    by_delivery = _by_delivery(light)
    picked = [
        row
        for those in by_delivery.values()
        for row in those
        if journey.attempts <= _EXCHANGES or (row.delivery_id, row.number) in wanted.attempts
    ]
    if picked:
        left = _EXCHANGED_BYTES
        whole: dict[int, AttemptRow] = {}
        order = sorted(
            picked, key=lambda row: ((row.delivery_id, row.number) not in wanted.attempts, row.seq)
        )
        for row in AttemptRow.objects.filter(pk__in=[row.pk for row in order[:_EXCHANGES]]).order_by("seq"):
            size = len(row.request) + len(row.response)
            if left >= size or (row.delivery_id, row.number) in wanted.attempts:
                left -= size
                whole[row.pk] = row
        for delivery_id, those in by_delivery.items():
            by_delivery[delivery_id] = [whole.get(row.pk, row) for row in those]
    return by_delivery


def _mask(
    outcomes: Iterable[OutcomeRow], letters: Iterable[DeadLetterRow], attempts: Iterable[AttemptRow]
) -> None:
    for outcome in outcomes:
        outcome.reason = mask_reason(outcome.reason) if outcome.attempts else outcome.reason  # else ours
    for letter in letters:
        letter.reason = mask_reason(letter.reason)
    for attempt in attempts:
        attempt.error = mask_reason(attempt.error)


def _lay_out(
    journey: Journey,
    shown: Sequence[OutcomeRow],
    attempts: Mapping[int, list[AttemptRow]],
    letters: Mapping[int, list[DeadLetterRow]],
    wanted: Wanted,
) -> None:
    zero = microseconds(journey.event.accepted_at)
    match = []
    if journey.routing is not None:
        routed = max(0, microseconds(journey.routing.routed_at) - zero)
        match = [Span("match", 0, routed, "accepted, stored, matched")]
    lanes = {
        one.seq: _lane(one, attempts.get(one.seq, []), letters.get(one.seq, []), zero)
        for one in journey.outcomes
    }
    axis = Axis([*match, *chain.from_iterable(lanes.values())])
    bars = {seq: [axis.bar(span) for span in lane] for seq, lane in lanes.items()}
    journey.match = [axis.bar(span) for span in match]
    journey.marks, journey.folds = (axis.marks(), axis.folds()) if match else ([], [])
    journey.overview = list(bars.values())
    told = Told(
        axis=axis,
        zero=zero,
        is_masked=bool(journey.masked),
        replay=replay_of(journey.seen),
        redrivers=redrivers_of([*chain.from_iterable(letters.values())]),
        with_exchange={
            row.seq for row in chain.from_iterable(attempts.values()) if not row.get_deferred_fields()
        },
    )
    places = _places(shown, is_masked=bool(journey.masked))
    budgets = dict(
        Target.objects.filter(pk__in={one.target_id for one in shown}).values_list("pk", "max_attempts")
    )
    opened = wanted.opened or _worth_opening(shown)
    for place, outcome in enumerate(shown):
        its, its_letters = attempts.get(outcome.seq, []), letters.get(outcome.seq, [])
        is_whole = place < BODIES or outcome.seq in opened
        steps = (
            history_of(its, its_letters, replace(told, max_attempts=budgets.get(outcome.target_id or 0)))
            if is_whole
            else []
        )
        journey.deliveries.append(
            DeliveryShown(
                row=outcome,
                said=words.outcome(outcome.state, outcome.attempts),
                lane=bars[outcome.seq],
                place=places.get(outcome.seq),
                attributes=attributes_of(outcome),
                letters=its_letters,
                steps=steps,
                chunks=chunks_of(steps, _numbers(wanted, outcome.seq)),
                is_open=outcome.seq in opened,
                is_whole=is_whole,
            )
        )


def _lane(
    outcome: OutcomeRow, attempts: Sequence[AttemptRow], letters: Sequence[DeadLetterRow], zero: int
) -> list[Span]:
    routed_at = max(0, microseconds(outcome.routed_at) - zero)
    spans = lane_of(routed_at, attempts, letters, zero)
    if not attempts and outcome.first_at is not None and outcome.last_at is not None:
        # Too many to tell one by one: from the first to the last.
        first, last = (max(0, microseconds(at) - zero) for at in (outcome.first_at, outcome.last_at))
        spans = [Span("attempt", first, last, f"{outcome.attempts} attempts")]
    if outcome.state == OutcomeState.PENDING:
        since = max((span.end for span in spans), default=routed_at)
        now = microseconds(datetime.now(UTC)) - zero
        if now > since:
            spans.append(Span("backoff" if attempts else "queue", since, now, "waiting since"))
    return spans


def _places(shown: Sequence[OutcomeRow], *, is_masked: bool) -> dict[int, Queued]:
    places = queued([one.seq for one in shown if one.state == OutcomeState.PENDING])
    if is_masked:  # a FIFO key is a value of the event
        return {seq: replace(place, fifo_key=place.fifo_key and MARK) for seq, place in places.items()}
    return places


def _worth_opening(shown: Sequence[OutcomeRow]) -> frozenset[int]:
    """Return what is open without being asked for: a single delivery, or the few that are in trouble."""
    if len(shown) == 1:
        return frozenset({shown[0].seq})
    troubled = [
        one.seq
        for one in shown
        if one.state == OutcomeState.DEAD or (one.state == OutcomeState.PENDING and one.attempts)
    ]
    return frozenset(troubled[:3])


def _numbers(wanted: Wanted, delivery_id: int) -> Collection[int]:
    return {number for delivery, number in wanted.attempts if delivery == delivery_id}


def _by_delivery(rows: "QuerySet[Any]") -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.delivery_id, []).append(row)
    return found


def envelope_text(journey: Journey) -> str:
    """Return the envelope as the reader may see it."""
    return envelope_of(journey.seen).as_bytes().decode()
