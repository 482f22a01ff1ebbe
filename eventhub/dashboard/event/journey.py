"""One event's journey, read from the journal's rows: what happened, when, and why."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from django.conf import settings

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.dashboard import words
from eventhub.dashboard.event.delivered import PayloadShown, payloads_of
from eventhub.dashboard.event.history import AttemptShown, Step, history_of
from eventhub.dashboard.target_facts import TargetFacts, facts_by_id
from eventhub.dashboard.event.waiting import Wait, wait_of
from eventhub.dashboard.event.waterfall import Axis, Bar, Mark, Span, phases_of
from eventhub.domain.arn import target_arn
from eventhub.domain.mask import MARK, is_masked, mask_fault, mask_reason
from eventhub.domain.pattern import PatternError, near_misses, parse
from eventhub.flow.payload import envelope_of
from eventhub.flow.stored import event_of
from eventhub.journal.port import OutcomeState
from eventhub.journal.queued import Queued, queued
from eventhub.journal.rows import (
    AttemptRow,
    DeadLetterRow,
    EventRow,
    OutcomeRow,
    RoutingRow,
    RulesetRow,
    microseconds,
)
from eventhub.models import Rule, RuleVersion

_EXPLAINED = 10  # nearest misses
_MOST_RULES = 500  # of a ruleset that are looked at for near misses
_MOST_CHILDREN = 20
_HIDDEN = "its pattern reads fields that are masked for you"


@dataclass(frozen=True, slots=True)
class DeliveryShown:
    """One match for one target: where it stands, its history, and its lane of the waterfall."""

    row: OutcomeRow
    said: words.Said
    steps: list[Step]
    lane: list[Bar]
    place: Queued | None  # while it is pending
    attributes: Mapping[str, str]  # why a dead-letter target gets it
    facts: TargetFacts | None = None
    wait: Wait | None = None
    successors: list[OutcomeRow] = field(default_factory=list)  # its deliveries to a dead-letter target

    @property
    def attempts(self) -> list[AttemptShown]:
        """Return the attempts of its history."""
        return [step.attempt for step in self.steps if step.attempt is not None]

    @property
    def is_pending(self) -> bool:
        """Tell whether it waits or is under way."""
        return self.row.state == OutcomeState.PENDING

    @property
    def was_given_up(self) -> bool:
        """Tell whether it is, or was before a redrive, among the dead letters."""
        return any(step.letter is not None for step in self.steps)


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A rule that was in force when the event was routed."""

    id: int
    name: str
    version: int
    enabled: bool
    why_not: str = ""  # of one that did not match, or whose matching was given up


@dataclass(slots=True)
class Journey:
    """Everything that the page of one event shows."""

    event: EventRow
    routing: RoutingRow | None
    envelope: str
    detail: str
    masked: tuple[str, ...] = ()  # the paths that are masked for the reader
    deliveries: list[DeliveryShown] = field(default_factory=list)
    steps: list[tuple[str, str, list[Bar]]] = field(default_factory=list)  # name, note, lane
    marks: list[Mark] = field(default_factory=list)
    folds: list[Bar] = field(default_factory=list)
    matched: list[RuleShown] = field(default_factory=list)
    too_complex: list[RuleShown] = field(default_factory=list)  # neither matched nor missed, with the reason
    missed: list[RuleShown] = field(default_factory=list)  # nearest first, with the reason
    others: list[RuleShown] = field(default_factory=list)
    parent: EventRow | None = None
    children: list[EventRow] = field(default_factory=list)
    payloads: list[PayloadShown] = field(default_factory=list)

    @property
    def rules_in_force(self) -> int:
        """Return how many rules the event was matched against."""
        return sum(map(len, (self.matched, self.too_complex, self.missed, self.others)))

    @property
    def in_flight(self) -> bool:
        """Tell whether something is left to happen."""
        return self.routing is None or any(one.is_pending for one in self.deliveries)

    @property
    def took_ms(self) -> float | None:
        """Return the ms from acceptance until nothing was left to do; None before."""
        if self.routing is None or self.in_flight:
            return None
        ends = [microseconds(self.routing.routed_at)]
        accepted = microseconds(self.event.accepted_at)
        ends += [accepted + one.row.latency_us for one in self.deliveries if one.row.latency_us is not None]
        return (max(ends) - accepted) / 1000


def journey_of(event: EventRow, reader: Caller) -> Journey:
    """Read an event's journey, as far as the reader may see it; the event itself they may."""
    routing = RoutingRow.objects.filter(event_id=event.id).first()
    masked = masked_paths(reader, event.bus_id)
    seen_event = event_of(event, masked)
    journey = Journey(
        event=event,
        routing=routing,
        envelope=envelope_of(seen_event).as_bytes().decode(),
        detail=seen_event.detail.decode(),
        masked=masked,
    )
    outcomes = list(OutcomeRow.objects.filter(event_id=event.id).order_by("seq"))
    attempts: dict[int, list[AttemptRow]] = {}
    for attempt in AttemptRow.objects.filter(event_id=event.id).order_by("delivery_id", "number"):
        attempts.setdefault(attempt.delivery_id, []).append(attempt)
    letters: dict[int, list[DeadLetterRow]] = {}
    for letter in DeadLetterRow.objects.filter(event_id=event.id).order_by("seq"):
        letters.setdefault(letter.delivery_id, []).append(letter)
    if masked:  # rows of this page alone, which are not saved
        if routing is not None:
            routing.error = mask_fault(routing.error)
        for outcome in outcomes:
            outcome.reason = mask_reason(outcome.reason) if outcome.attempts else outcome.reason  # else ours
        for letter in chain.from_iterable(letters.values()):
            letter.reason = mask_reason(letter.reason)
        for attempt in chain.from_iterable(attempts.values()):
            attempt.error = mask_reason(attempt.error)
    _lay_out(journey, outcomes, attempts, letters)
    _read_standing(journey, reader)
    journey.payloads = payloads_of(seen_event, outcomes)
    if routing is not None:
        _read_rules(journey, routing, outcomes)
    every = seen.on_buses(EventRow.objects.all(), reader, Scope.EVENTS_READ)
    if event.cause_id is not None:
        journey.parent = every.filter(id=event.cause_id).first()
    journey.children = list(every.filter(cause_id=event.id).order_by("seq")[:_MOST_CHILDREN])
    return journey


def _lay_out(
    journey: Journey,
    outcomes: list[OutcomeRow],
    attempts: dict[int, list[AttemptRow]],
    letters: dict[int, list[DeadLetterRow]],
) -> None:
    zero = microseconds(journey.event.accepted_at)

    def since(moment: datetime) -> int:
        return max(0, microseconds(moment) - zero)

    spans: list[Span] = []
    match: list[Span] = []
    if journey.routing is not None:
        match = [Span("match", 0, since(journey.routing.routed_at), "accepted, stored, matched")]
        spans += match
    lanes = [
        _lane(outcome, attempts.get(outcome.seq, []), letters.get(outcome.seq, []), since)
        for outcome in outcomes
    ]
    for lane in lanes:
        spans += lane
    axis = Axis(spans)
    is_masked = bool(journey.masked)
    places = queued([outcome.seq for outcome in outcomes if outcome.state == OutcomeState.PENDING])
    if is_masked:  # a FIFO key is a value of the event
        places = {seq: replace(place, fifo_key=place.fifo_key and MARK) for seq, place in places.items()}
    journey.deliveries = [
        DeliveryShown(
            row=outcome,
            said=words.outcome(outcome.state, outcome.attempts),
            steps=history_of(
                attempts.get(outcome.seq, []), letters.get(outcome.seq, []), is_masked=is_masked
            ),
            lane=[axis.bar(span) for span in lane],
            place=places.get(outcome.seq),
            attributes=json.loads(outcome.attributes or "{}"),
        )
        for outcome, lane in zip(outcomes, lanes, strict=True)
    ]
    if journey.routing is not None:
        took = since(journey.routing.routed_at) / 1000
        journey.steps.append(("accept → match", f"{took:.1f} ms", [axis.bar(span) for span in match]))
    journey.marks, journey.folds = (axis.marks(), axis.folds()) if spans else ([], [])


def _read_standing(journey: Journey, reader: Caller) -> None:
    """Find out why pending deliveries wait, how their targets fare, and where dead letters went."""
    troubled = [
        one for one in journey.deliveries if one.row.state == OutcomeState.PENDING or one.was_given_up
    ]
    facts = facts_by_id({one.row.target_id for one in troubled if one.row.target_id}, reader)
    now = datetime.now(UTC)
    beyond: dict[tuple[int, str], list[OutcomeRow]] = {}
    for one in journey.deliveries:
        if one.attributes:
            key = one.row.rule_id, one.attributes.get("TARGET_ARN", "")
            beyond.setdefault(key, []).append(one.row)
    journey.deliveries = [
        replace(
            one,
            facts=(its := facts.get(one.row.target_id or 0)),
            wait=wait_of(one.row, its, one.place, now) if one.is_pending else None,
            successors=[] if one.attributes else beyond.get((one.row.rule_id, _arn(one.row, its)), []),
        )
        for one in journey.deliveries
    ]


def _arn(row: OutcomeRow, facts: TargetFacts | None) -> str:
    """Return a target's name as its dead letters' attributes have it."""
    given = facts.target.config.get("arn") if facts else None
    if isinstance(given, str) and given:
        return given
    return target_arn(row.target, region=settings.REGION, account=settings.ACCOUNT_ID)


def _lane(
    outcome: OutcomeRow, attempts: list[AttemptRow], letters: list[DeadLetterRow], since: Any
) -> list[Span]:
    spans: list[Span] = []
    waits_from = since(outcome.routed_at)
    redriven = {letter.attempts + 1: letter.redriven_at for letter in letters if letter.redriven_at}
    for attempt in attempts:
        start, end = since(attempt.started_at), since(attempt.ended_at)
        if attempt.number in redriven:  # nobody waited for it before
            waits_from = max(waits_from, since(redriven[attempt.number]))
        if start > waits_from:
            kind = "queue" if attempt.number == 1 or attempt.number in redriven else "backoff"
            spans.append(Span(kind, waits_from, start, f"{kind} {(start - waits_from) / 1000:.1f} ms"))
        spans += phases_of(start, end, json.loads(attempt.phases))
        if attempt.error:
            spans.append(Span("failed", end, end, f"#{attempt.number} failed: {attempt.error}"))
        waits_from = end
    return spans


def _read_rules(journey: Journey, routing: RoutingRow, outcomes: list[OutcomeRow]) -> None:
    ruleset = RulesetRow.objects.filter(pk=routing.ruleset_id).first()
    rules = [
        RuleShown(id=one["rule_id"], name=one["rule"], version=one["version"], enabled=one["enabled"])
        for one in json.loads(ruleset.rules if ruleset else "[]")
    ]
    given_up = {
        outcome.rule_id: outcome.reason for outcome in outcomes if outcome.state == OutcomeState.TOO_COMPLEX
    }
    matched = {outcome.rule_id for outcome in outcomes} - given_up.keys()
    journey.matched = [rule for rule in rules if rule.id in matched]
    journey.too_complex = [replace(rule, why_not=given_up[rule.id]) for rule in rules if rule.id in given_up]
    unmatched = {rule.id: rule for rule in rules if rule.id not in matched and rule.id not in given_up}
    reasons = _why_not(journey, list(unmatched.values())[:_MOST_RULES])
    journey.missed = [
        RuleShown(rule.id, rule.name, rule.version, rule.enabled, why)
        for rule_id, why in reasons.items()
        if (rule := unmatched.get(rule_id))
    ]
    journey.others = [rule for rule in unmatched.values() if rule.id not in reasons]


def _why_not(journey: Journey, rules: list[RuleShown]) -> dict[int, str]:
    """Return, nearest first, why rules did not match, by the versions that were in force."""
    wanted = {(rule.id, rule.version) for rule in rules}
    versions = RuleVersion.objects.filter(
        rule_id__in=[rule.id for rule in rules], number__in={rule.version for rule in rules}
    )
    patterns, hidden = [], {}
    for version in versions:
        if (version.rule_id, version.number) in wanted:
            try:
                pattern = parse(version.pattern)
            except PatternError:
                continue  # written by a hand in the database: routing left it out too
            if any(is_masked(one.path, journey.masked) for one in pattern.fields):
                hidden[version.rule_id] = _HIDDEN  # the reason would tell what is there
            else:
                patterns.append((version.rule_id, pattern))
    event = envelope_of(event_of(journey.event)).decoded()
    misses = near_misses(patterns, event, limit=_EXPLAINED)
    return {miss.rule_id: miss.explanation.words for miss in misses} | hidden


def existing_rules(journey: Journey) -> set[int]:
    """Return the ids of rules that still exist, to link them."""
    shown = [
        rule.id
        for rules in (journey.matched, journey.too_complex, journey.missed, journey.others)
        for rule in rules
    ]
    return set(Rule.objects.filter(pk__in=shown).values_list("pk", flat=True))
